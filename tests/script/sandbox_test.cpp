#include <catch2/catch.hpp>

#include "script/sandbox.hpp"
#include "script/utf8.hpp"
#include "script/words.hpp"

using namespace mortise;
using script::Sandbox;

namespace {

std::unique_ptr<Sandbox> sandbox(script::Limits limits = {}) {
  auto opened = Sandbox::open(limits);
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

/// How a source ends. CPU time is bounded elsewhere: under a sanitizer it is reached before any
/// other wall.
Error error_of(std::string_view source) {
  script::Limits limits;
  limits.cpu_us = 60'000'000;
  const Status ended = sandbox(limits)->load(source, "a.lua");
  REQUIRE_FALSE(ended.ok());
  return ended.error();
}

}  // namespace

TEST_CASE("sandbox: errors carry file and line", "[script][sandbox]") {
  const Error raised = error_of("local a = 1\nerror('too bad')\n");
  CHECK(raised.message == "a.lua:2: too bad");
  CHECK(raised.code == Code::invalid);
  CHECK(raised.reason == "script_error");
  CHECK(error_of("local a =\n\n= 2").message.rfind("a.lua:3: ", 0) == 0);
  CHECK(error_of("\nwhile true do end").message.rfind("a.lua:2: more than", 0) == 0);
  CHECK(error_of("\n\nlocal s = ('x'):rep(1 << 30)").message ==
        "a.lua:3: a string longer than 64 KiB");
  CHECK(error_of("local t = {}\nfor i = 1, 1 << 30 do t[i] = {} end").message ==
        "a.lua:2: more than 8 MiB of memory");
}

TEST_CASE("sandbox: a file of any name is told with its line", "[script][sandbox]") {
  const std::string file = "mappings/" + std::string(90, 'x') + "/%s.lua";
  const auto message = [&](std::string_view source) {
    const Status ended = sandbox()->load(source, file);
    REQUIRE_FALSE(ended.ok());
    return ended.error().message;
  };
  CHECK(message("\n\nerror('no')") == file + ":3: no");
  CHECK(message("local a =\n= 2").rfind(file + ":2: unexpected symbol", 0) == 0);
  CHECK(message("\nlocal t = {} while true do end").rfind(file + ":2: more than", 0) == 0);
  CHECK(message("\nreturn tabel").rfind(file + ":2: no global is called 'tabel'", 0) == 0);
}

TEST_CASE("sandbox: a misspelt name is answered with the nearest one", "[script][sandbox]") {
  CHECK(error_of("return tabel.concat({})").message ==
        "a.lua:1: no global is called 'tabel'; did you mean 'table'?");
  CHECK(error_of("return string.fromat('x')").message ==
        "a.lua:1: no function in string is called 'fromat'; did you mean 'format'?");
  CHECK(error_of("total = 1").message ==
        "a.lua:1: no new global may be set ('total'); did you mean 'local total = ...'?");
}

TEST_CASE("sandbox: the budget counts per call, not per state", "[script][sandbox]") {
  auto box = sandbox();
  REQUIRE(box->load("for i = 1, 400000 do end return 1", "a.lua").ok());
  REQUIRE(box->load("for i = 1, 400000 do end return 1", "a.lua").ok());
  REQUIRE(box->load("for i = 1, 400000 do end return 1", "a.lua").ok());
  REQUIRE(box->load("for i = 1, 400000 do end return 1", "a.lua").ok());
  CHECK(box->reusable());
  CHECK_FALSE(box->load("for i = 1, 4000000 do end return 1", "a.lua").ok());
  CHECK_FALSE(box->reusable());
}

TEST_CASE("sandbox: the step budget alone ends a loop", "[script][sandbox]") {
  script::Limits limits;
  limits.cpu_us = 60'000'000;
  const Status ended = sandbox(limits)->load("while true do end", "a.lua");
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().message == "a.lua:1: more than 1500000 steps in one call");
  CHECK(ended.error().reason == "script_budget");
}

TEST_CASE("sandbox: CPU time alone ends a loop", "[script][sandbox]") {
  script::Limits limits;
  limits.steps = 1'000'000'000'000;
  const Status ended = sandbox(limits)->load("while true do end", "a.lua");
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.error().message == "a.lua:1: more than 80 ms of CPU time in one call");
}

TEST_CASE("sandbox: collecting garbage at the brim of the memory is paid for",
          "[script][sandbox]") {
  // Short texts that stay. Lua's table of them grows at 65,536; where no memory is left for that,
  // it collects garbage and tries again with each text that is made.
  const auto texts = [](int count) {
    return "local kept = {} for i = 1, " + std::to_string(count) +
           " do kept[i] = string.char(33 + i % 40, 33 + i // 40 % 40, 33 + i // 1600) end "
           "return kept";
  };
  script::Limits limits;
  limits.cpu_us = 60'000'000;
  limits.steps = 4'000'000;
  auto roomy = sandbox(limits);
  REQUIRE(roomy->load(texts(60'000), "a.lua").ok());
  limits.memory_bytes = roomy->budget().bytes() + 400 * 1024;
  const Status brim = sandbox(limits)->load(texts(65'500), "a.lua");
  REQUIRE_FALSE(brim.ok());
  CHECK(brim.error().message == "a.lua:1: more than 4000000 steps in one call");
}

TEST_CASE("sandbox: closing a state gives back every byte", "[script][sandbox]") {
  auto box = sandbox();
  const std::size_t empty = box->budget().bytes();
  REQUIRE(box->load("local t = {} for i = 1, 1000 do t[i] = {i} end return t", "a.lua").ok());
  CHECK(box->budget().bytes() > empty);
}

TEST_CASE("words: the nearest known word, or the list of known ones", "[script][words]") {
  const std::vector<std::string_view> known = {"settings", "fields", "plan", "examples"};
  CHECK(script::suggestion("exmaples", known) == "; did you mean 'examples'?");
  CHECK(script::suggestion("zebra", known) == "; known: settings, fields, plan, examples");
  CHECK(script::suggestion("zebra", {}).empty());
}

TEST_CASE("utf8: whole characters pass, everything else is marked", "[script][utf8]") {
  CHECK(script::is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xAF"));
  for (const char* broken :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF", "\x80"}) {
    CHECK_FALSE(script::is_utf8(broken));
  }
  CHECK(script::to_utf8("a\xFF\xC3\xA9\xE2\x82") == "a?\xC3\xA9??");
}
