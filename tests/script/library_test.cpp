#include <catch2/catch.hpp>
#include <lua.hpp>
#include <string>

#include "script/libraries.hpp"
#include "script/sandbox.hpp"

using namespace mortise;
using script::Sandbox;

namespace {

// What an expression gives, as text: "1|nil|x".
std::string value_of(const std::string& expression) {
  auto box = Sandbox::open({});
  REQUIRE(box.ok());
  const Status loaded = (*box)->load(
      "local r = {} local function keep(...) for i = 1, select('#', ...) do "
      "r[i] = tostring((select(i, ...))) end end keep(" +
          expression + ") return table.concat(r, '|')",
      "a.lua");
  if (!loaded) return loaded.error().message;
  std::string text;
  REQUIRE((*box)
              ->run([&](lua_State* L) {
                Sandbox::push_returned(L);
                text = script::text_of(L, -1);
              })
              .ok());
  return text;
}

}  // namespace

TEST_CASE("library: patterns behave as Lua's own", "[script][library]") {
  CHECK(value_of("('hello world'):find('wor')") == "7|9");
  CHECK(value_of("('hello world'):find('o', 6)") == "8|8");
  CHECK(value_of("('hello world'):find('l+')") == "3|4");
  CHECK(value_of("('a.b'):find('.', 1, true)") == "2|2");
  CHECK(value_of("('abc'):find('')") == "1|0");
  CHECK(value_of("('abc'):find('', 10)") == "nil");
  CHECK(value_of("('abc'):find('', 4)") == "4|3");
  CHECK(value_of("('key = value'):match('^(%w+)%s*=%s*(%w+)$')") == "key|value");
  CHECK(value_of("('2026-11-23'):match('(%d+)-(%d+)-(%d+)')") == "2026|11|23");
  CHECK(value_of("('  x  '):match('^%s*(.-)%s*$')") == "x");
  CHECK(value_of("('f(a(b)c)d'):match('%b()')") == "(a(b)c)");
  CHECK(value_of("('THE (quick) fox'):find('%f[%a]%a+%f[%A]')") == "1|3");
  CHECK(value_of("('THE (quick) fox'):gsub('%f[%a]%a+', 'x')") == "x (x) x|3");
  CHECK(value_of("('\"it\\'s\"'):match('([\"\\'])(.-)%1')") == "\"|it's");
  CHECK(value_of("('abc'):match('()b()')") == "2|3");
  CHECK(value_of("('a]b'):match('[]]')") == "]");
  CHECK(value_of("('a-b'):match('[a%-]+')") == "a-");
  CHECK(value_of("('a-z'):match('[a-]+')") == "a-");
  CHECK(value_of("('x^y'):match('[x^]+')") == "x^");
  CHECK(value_of("('abc123'):match('[^%d]+')") == "abc");
  CHECK(value_of("('aXb'):match('%u')") == "X");
  CHECK(value_of("('colour color'):gsub('colou?r', 'C')") == "C C|2");
  CHECK(value_of("('abc'):match('a$')") == "nil");
  CHECK(value_of("('a$'):match('a%$')") == "a$");
}

TEST_CASE("library: gsub and gmatch behave as Lua's own", "[script][library]") {
  CHECK(value_of("('hello'):gsub('', '-')") == "-h-e-l-l-o-|6");
  CHECK(value_of("('abc'):gsub('%w', '%0%0', 2)") == "aabbc|2");
  CHECK(value_of("('a b'):gsub('(%w) (%w)', '%2 %1')") == "b a|1");
  CHECK(value_of("('$name is $age'):gsub('%$(%w+)', {name = 'Ann', age = 3})") == "Ann is 3|2");
  CHECK(value_of("('abc'):gsub('.', function(c) if c == 'b' then return 'B' end end)") == "aBc|3");
  CHECK(value_of("('aaa'):gsub('^a', 'b')") == "baa|1");
  CHECK(value_of("('a*'):gsub('a*', 'x')") == "x*x|2");
  CHECK(value_of("('x'):gsub('x', '%9')") == "a.lua:1: invalid capture index");
  CHECK(value_of("(function() local r = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do "
                 "r[#r + 1] = k .. v end return table.concat(r, ' ') end)()") == "a1 b2");
  CHECK(
      value_of(
          "(function() local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n end)()") ==
      "4");
}

TEST_CASE("library: texts are cut, built and formatted as in Lua", "[script][library]") {
  CHECK(value_of("('hello'):sub(2, -2), ('hello'):sub(-3), ('x'):sub(5), ('abc'):sub(0)") ==
        "ell|llo||abc");
  CHECK(value_of("('hello'):sub(math.mininteger, math.maxinteger)") == "hello");
  CHECK(value_of("('AbC'):lower(), ('AbC'):upper(), ('abc'):reverse(), ('abc'):len()") ==
        "abc|ABC|cba|3");
  CHECK(value_of("('abc'):byte(), ('abc'):byte(2, 3)") == "97|98|99");
  CHECK(value_of("('abc'):byte(-1)") == "99");
  CHECK(value_of("select('#', ('abc'):byte(0)), select('#', ('abc'):byte(-5))") == "0|0");
  CHECK(value_of("select('#', ('abc'):byte(4)), select('#', ('abc'):byte(-5, -3))") == "0|1");
  CHECK(value_of("string.char(72, 105), ('ab'):rep(3, '-'), ('ab'):rep(0), (''):rep(3, '-')") ==
        "Hi|ab-ab-ab||--");
  CHECK(value_of("('%d h %02d min'):format(1, 6)") == "1 h 06 min");
  CHECK(value_of("('%s %s %s'):format('a', 1.5, {})") == "a 1.5 table");
  CHECK(value_of("('%5.2f|%-5s|%5s|%x|%g|%%'):format(3.14159, 'ab', 'cd', 255, 1e20)") ==
        " 3.14|ab   |   cd|ff|1e+20|%");
  CHECK(value_of("('%.3s'):format('abcdef')") == "abc");
  CHECK(value_of("utf8.char(8364, 127919), utf8.len('a\xE2\x82\xAC')") ==
        "\xE2\x82\xAC\xF0\x9F\x8E\xAF|2");
}

TEST_CASE("library: tables are joined, sorted and taken apart as in Lua", "[script][library]") {
  CHECK(value_of("table.concat({1, 'b', 2.5}, ', ')") == "1, b, 2.5");
  CHECK(value_of("table.concat({'a', 'b', 'c'}, '', 2, 3)") == "bc");
  CHECK(value_of("table.unpack({1, 2, nil, 4}, 1, 4)") == "1|2|nil|4");
  CHECK(
      value_of("(function() local t = {1, 2, 3} table.insert(t, 2, 9) table.insert(t, 4) local x = "
               "table.remove(t, 1) return x, table.concat(t, ' ') end)()") == "1|9 2 3 4");
  CHECK(value_of("table.remove({}), table.remove({'a'})") == "nil|a");
  CHECK(value_of("(function() local t = {3, 1, 2, 10, 9} table.sort(t) return table.concat(t, ' ') "
                 "end)()") == "1 2 3 9 10");
  CHECK(value_of("(function() local t = {'b1', 'a1', 'b2', 'a2'} table.sort(t, function(x, y) "
                 "return x:sub(1, 1) < y:sub(1, 1) end) return table.concat(t, ' ') end)()") ==
        "a1 a2 b1 b2");
}

TEST_CASE("library: lists are long, but for the written ones that look like keyed entries",
          "[script][library]") {
  const auto length_of_written = [](int entries) {
    std::string list = "#{";
    for (int i = 0; i < entries; ++i) list += "1,";
    return value_of(list + "}");
  };
  CHECK(length_of_written(6'143) == "6143");
  CHECK(length_of_written(12'289) == "12289");
  for (const int entries : {6'144, 12'288, 24'576}) {
    CHECK(length_of_written(entries).find("more than 2048 keyed entries") != std::string::npos);
  }
}

TEST_CASE("library: walking a table goes in the order of its keys", "[script][library]") {
  const std::string walk =
      "(function() local r = {} for k, v in pairs(T) do r[#r + 1] = tostring(k) .. '=' .. "
      "tostring(v) end "
      "return table.concat(r, ' ') end)()";
  const auto walked = [&](const std::string& table) {
    std::string text = walk;
    return value_of(text.replace(text.find('T'), 1, table));
  };
  CHECK(walked("{b = 1, a = 2, [true] = 3, 7, 8, [-1] = 9, [0.5] = 4, c = 5}") ==
        "-1=9 0.5=4 1=7 2=8 a=2 b=1 c=5 true=3");
  CHECK(walked("{}").empty());
  CHECK(walked("{nil, nil, 3}") == "3=3");
  CHECK(value_of("next({b = 1, a = 2})") == "a|2");
  CHECK(value_of("next({b = 1, a = 2}, 'a')") == "b|1");
  CHECK(value_of("next({b = 1, a = 2}, 'b')") == "nil");
  CHECK(value_of("next({})") == "nil");
  CHECK(value_of("(function() local t, n = {}, 0 for i = 1, 50 do t['k' .. i] = i end for k in "
                 "pairs(t) do "
                 "t[k] = nil n = n + 1 end return n, next(t) end)()") == "50|nil");
}

TEST_CASE("library: what has no fixed text has a fixed one here", "[script][library]") {
  CHECK(value_of("tostring({}), tostring(print == nil)")
            .rfind("a.lua:1: no global is called 'print'", 0) == 0);
  CHECK(value_of("tostring({}), tostring(pairs), tostring(0/0), tostring(-(0/0)), tostring(nil)") ==
        "table|function|nan|nan|nil");
  CHECK(value_of("('%g %s'):format(-(0/0), 0/0)") == "nan nan");
  CHECK(
      value_of(
          "math.type(1), math.floor(2.7), math.maxinteger, tonumber('0x10'), tonumber('z', 36)") ==
      "integer|2|9223372036854775807|16|35");
  CHECK(value_of("select('#', nil, nil), select(-1, 1, 2), type(nil)") == "2|2|nil");
}
