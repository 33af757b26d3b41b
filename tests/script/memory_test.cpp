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
