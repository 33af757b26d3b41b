// Scripts that remember: nothing of one call reaches another, and what tries to is refused.
#include <catch2/catch.hpp>

#include "script/library.hpp"

using namespace mortise;
using namespace mortise::script;

namespace {

// A policy with lines before it, and lines in the function that its one example calls.
std::string policy(const std::string& before, const std::string& inside) {
  return before + "\nreturn policy { tiers = { a = { exports_per_month = 2 } }, default = 'a',\n" +
         "['export.start'] = function(ask, tier, used) " + inside + " return allow {} end,\n" +
         "examples = { { ask = { action = 'export.start' }, want = 'allow' } } }";
}

std::string finding(const std::string& source, StatePool& pool) {
  const Findings findings = check_script("policies/a.lua", source, pool);
  return findings.empty() ? std::string() : findings.front().message;
}

}  // namespace

TEST_CASE("memory: a script that was refused is refused again, however often it is looked at",
          "[script][memory]") {
  StatePool pool;
  const std::string source = policy("local seen = {}", "seen[ask.tier] = true");
  for (int look = 0; look < 3; ++look) {
    CHECK(finding(source, pool).rfind("'seen.a' is kept", 0) == 0);
  }
  CHECK(pool.idle_states() == 0);
  const std::string mapping =
      "local seen = {} return mapping { connector = 'x', plan = function(plan) return {} end,\n"
      "fields = { todo = { { item = 'text', to_item = function(task) seen[task.id] = true return "
      "task.title end } } },\n"
      "examples = { { task = { title = 'a' }, kind = 'todo', want = { text = 'a' } } } }";
  for (int look = 0; look < 3; ++look) {
    const Findings findings = check_script("mappings/a.lua", mapping, pool);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].message.rfind("'seen.t1' is kept", 0) == 0);
  }
  // An example that wants to run into a wall, so that the state is thrown away.
  const std::string walled =
      "local n = 0 return mapping { connector = 'x', plan = function(plan) return {} end,\n"
      "fields = { todo = { { task = 'title', item = 'text', to_task = function(value)\n"
      "n = n + 1 while value == 'b' do end return value end } } },\n"
      "examples = { { task = { title = 'a' }, kind = 'todo', edited = { text = 'b' }, want = "
      "'script_budget' } } }";
  CHECK_FALSE(check_script("mappings/a.lua", walled, pool).empty());
}

TEST_CASE("memory: what a policy changes in a tier is changed for one answer", "[script][memory]") {
  StatePool pool;
  const std::string inside =
      "if ask.account == 'vip' then tier.exports_per_month = tier.exports_per_month + 100 end\n"
      "if used.exports_this_month >= tier.exports_per_month then return deny('over', '') end";
  const Checked<PolicyScript> checked =
      PolicyScript::load(script_text("policies/a.lua", policy("", inside)), pool);
  REQUIRE(checked.script);
  const auto allowed = [&](const std::string& account, std::int64_t used) {
    return checked.script->decide({"export.start", account, "a", "user", ""}, {used}).allow;
  };
  CHECK(allowed("vip", 101));
  CHECK_FALSE(allowed("vip", 102));
  CHECK_FALSE(allowed("somebody", 2));
  CHECK(pool.idle_states() == 1);
  const Findings misspelt =
      check_script("policies/a.lua", policy("", "local x = tier.exprots_per_month"), pool);
  REQUIRE(misspelt.size() == 1);
  CHECK(misspelt[0].message.find("did you mean 'exports_per_month'?") != std::string::npos);
}

TEST_CASE("check: an example says what resolve answers", "[script][check]") {
  StatePool pool;
  const auto message = [&](const std::string& example) {
    const Findings findings =
        check_script("mappings/a.lua",
                     "return mapping { connector = 'x', plan = function() return {} end,\n"
                     "fields = { todo = { { task = 'title', item = 'text' } } },\n"
                     "resolve = function(field, base, here, there)\n"
                     "if field == 'text' then return there == none and none or here end end,\n"
                     "examples = { { resolve = " +
                         example + " } } }",
                     pool);
    return findings.empty() ? std::string() : findings.front().message;
  };
  CHECK(message("'text', base = 'a', here = 'b', there = 'c', want = 'b'").empty());
  CHECK(message("'text', here = 'b', want = none").empty());
  CHECK(message("'link', here = 'b', there = 'c', want = 'nothing'").empty());
  CHECK(message("'text', here = 'b', there = 'c', want = 'c'") ==
        "example 1: wants \"c\", resolve says \"b\"");
  CHECK(message("7, want = 'c'") ==
        "example 1: resolve names an item field that both sides changed");
}

TEST_CASE("memory: nothing of one conflict reaches another", "[script][memory]") {
  StatePool pool;
  const auto checked = MappingScript::load(
      script_text("mappings/a.lua",
                  "local last return mapping { connector = 'x', plan = function() return {} end,\n"
                  "fields = { todo = { { task = 'title', item = 'text' } } },\n"
                  "resolve = function(field, base, here, there) local was = last last = here "
                  "return was end,\n"
                  "examples = { { resolve = 'text', here = 'a', there = 'b', want = 'nothing' },\n"
                  "{ resolve = 'text', here = 'c', there = 'd', want = 'nothing' } } }"),
      pool);
  INFO((checked.script ? "" : checked.findings.front().message));
  REQUIRE(checked.script);
  for (const char* here : {"\"mine\"", "\"yours\"", "null"}) {
    const auto answer = checked.script->resolve("text", "null", here, "\"there\"");
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->has_value());
  }
}

TEST_CASE("memory: what cannot be looked through is refused", "[script][memory]") {
  Limits limits;
  limits.cpu_us = 10'000'000;
  StatePool pool(StatePool::kIdleBytes, limits);
  const auto refused = [&](const std::string& before, const std::string& inside) {
    const std::string message = finding(policy(before, inside), pool);
    INFO(message);
    return message.rfind("what the script holds cannot be looked through: ", 0) == 0;
  };
  CHECK(refused("local list = {} for i = 1, 160000 do list[i] = i end", "list[160000] = nil"));
  CHECK(refused("local list = {} for i = 1, 21000 do list[i] = i end", "list[1] = list[1] + 1"));
  CHECK(refused("local s, list = ('x'):rep(60000), {} for i = 1, 19000 do list[i] = s end",
                "list[1] = s .. 'y'"));
  CHECK(refused("local deep = {} for i = 1, 300 do deep = { deep } end", "local x = deep"));
  CHECK(
      refused("local s, t = ('x'):rep(100), {} for i = 1, 15000 do t[i] = i end\n"
              "for i = 1, 50 do t = { [s .. i] = t } end",
              "local x = t"));
  CHECK(
      finding(policy("local list = {} for i = 1, 15000 do list[i] = i end", "local x = list"), pool)
          .empty());
  std::string chain = "local function f0() return 1 end\n";
  for (int i = 1; i < 190; ++i) {
    chain +=
        "local function f" + std::to_string(i) + "() return f" + std::to_string(i - 1) + "() end\n";
  }
  CHECK(finding(policy(chain, "local x = f189()"), pool).empty());
}

TEST_CASE("memory: it is found wherever a script keeps it", "[script][memory]") {
  StatePool pool;
  const auto kept = [&](const std::string& before, const std::string& inside) {
    const std::string message = finding(policy(before, inside), pool);
    INFO(before << " / " << inside << ": " << message);
    return message.find("kept from one call to the next") != std::string::npos;
  };
  CHECK(kept("local _ENV = { policy = policy, allow = allow, n = 0 }", "n = n + 1"));
  const std::string counters =
      "local function counter() local n = 0 return function(by) n = n + by end end\n"
      "local one, two = counter(), counter()";
  CHECK(kept(counters, "one(1) two(0)"));
  CHECK(kept(counters, "one(0) two(1)"));
  CHECK(kept("local t = { [1] = 0, ['1'] = 0 }", "t[1] = t[1] + 1"));
  CHECK(kept("local t = { [1] = 0, ['1'] = 0 }", "t['1'] = t['1'] + 1"));
  CHECK(kept("local x = 1.0", "x = x + 1e-15"));
  CHECK(kept("local t = {}", "t = {}"));
  CHECK(kept("local next_word = ('a b c'):gmatch('%a')", "next_word()"));
  CHECK(kept("local s = ('x'):rep(1000)", "s = s:sub(2) .. 'y'"));
  CHECK(kept("local t = { a = {} } t.a.b = t", "t.a.b.c = 1"));
}
