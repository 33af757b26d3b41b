#include "script/policy_script.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <lua.hpp>

#include "script/api.hpp"
#include "script/kept_state.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"

namespace mortise::script {
namespace {

using ports::Ask;
using ports::Decision;
using ports::Used;

void set_text(lua_State* L, const char* name, const std::string& text) {
  if (text.empty()) return;
  push_text(L, text);
  lua_setfield(L, -2, name);
}

constexpr std::array<std::string_view, 5> kAskNames = {"account", "action", "connector", "tier",
                                                       "trigger"};

void push_ask(lua_State* L, const Ask& ask, const std::string& tier) {
  lua_createtable(L, 0, 5);
  set_text(L, "action", ask.action);
  set_text(L, "account", ask.account_id);
  set_text(L, "tier", tier);
  set_text(L, "trigger", ask.trigger);
  set_text(L, "connector", ask.connector);
  make_strict(L, "ask", kAskNames);
}

void push_used(lua_State* L, const Used& used) {
  lua_createtable(L, 0, 1);
  lua_pushinteger(L, used.exports_this_month);
  lua_setfield(L, -2, "exports_this_month");
  make_strict(L, "used");
}

// A copy of the tier on top of the stack, for one call: what a function changes in it is gone with
// it.
void push_tier(lua_State* L) {
  const int tier = lua_gettop(L);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, tier) != 0) {
    Budget::of(L).charge(L, 1);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, tier + 1);
  }
  make_strict(L, "tier");
}

// What the function of the action answered, on top of the stack.
void read_answer(lua_State* L, const std::string& action, Decision& decision) {
  if (is_kind(L, -1, "allow")) {
    decision.allow = true;
    decision.cost = check_cost(L, -1);
  } else if (is_kind(L, -1, "deny")) {
    decision.reason = text_field(L, -1, "reason", "deny");
    check_reason(L, decision.reason);
    decision.message = text_field(L, -1, "message", "deny");
  } else {
    luaL_error(L, "'%s' answers with a %s, not with allow{...} or deny(...)", action.c_str(),
               luaL_typename(L, -1));
  }
}

// An action without a function: the tier's flag of that name says. The tier is on top of the stack.
void read_flag(lua_State* L, const Ask& ask, const std::string& tier, Decision& decision) {
  push_text(L, ask.action);
  lua_rawget(L, -2);
  if (!lua_isboolean(L, -1)) {
    luaL_error(L, "the policy says nothing about '%s'", ask.action.c_str());
  }
  decision.allow = lua_toboolean(L, -1) != 0;
  if (decision.allow) return;
  decision.reason = "not_in_tier";
  decision.message = fmt::format("The {} tier does not include this.", tier);
}

std::string outcome(const Decision& decision) {
  return decision.allow ? "allow" : decision.reason;
}

}  // namespace

Checked<PolicyScript> PolicyScript::load(ScriptText text, StatePool& pool) {
  StatePool checks(StatePool::kIdleBytes, pool.limits());  // no call of the examples is remembered
  const std::shared_ptr<PolicyScript> policy(new PolicyScript(std::move(text), checks));
  const std::string& name = policy->text_.name;
  if (const Status read = policy->read(); !read) return {nullptr, {finding_of(read.error(), name)}};
  const Result<std::vector<Example>> examples = policy->examples();
  if (!examples) return {nullptr, {finding_of(examples.error(), name)}};
  const Result<KeptState> before = kept_state(policy->text_, checks);
  Findings findings = policy->run_examples(*examples);
  const Result<KeptState> after = kept_state(policy->text_, checks);
  if (findings.empty()) findings = state_findings(before, after, policy->text_);
  if (!findings.empty()) return {nullptr, std::move(findings)};
  policy->pool_ = &pool;
  return {policy, {}};
}

Status PolicyScript::read() {
  Result<StatePool::Lease> lease = pool_->take(text_);
  if (!lease) return lease.error();
  return (*lease)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    if (!is_kind(L, -1, "policy")) luaL_error(L, "a policy script returns policy {...}");
    check_policy(L, -1);
    default_tier_ = text_field(L, -1, "default", "the policy");
    lua_getfield(L, -1, "tiers");
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
      Tier tier;
      lua_pushliteral(L, "exports_per_month");
      lua_rawget(L, -2);
      if (lua_isinteger(L, -1) != 0) tier.exports_per_month = lua_tointeger(L, -1);
      tiers_[std::string(check_text(L, -3))] = tier;
      lua_pop(L, 2);
    }
  });
}

const std::string& PolicyScript::tier_name(const std::string& tier) const {
  return tiers_.count(tier) != 0 ? tier : default_tier_;
}

Result<Decision> PolicyScript::try_decide(const Ask& ask, const Used& used) const {
  Result<StatePool::Lease> lease = pool_->take(text_);
  if (!lease) return lease.error();
  const std::string& tier = tier_name(ask.tier);
  Decision decision;
  const Status ran = (*lease)->run([&](lua_State* L) {
    Sandbox::push_returned(L);
    lua_getfield(L, 1, "tiers");
    lua_getfield(L, 2, tier.c_str());
    check_type(L, -1, LUA_TTABLE, "tier '" + tier + "'");  // a function may have changed it
    lua_getfield(L, 1, ask.action.c_str());
    if (!lua_isfunction(L, -1)) {
      lua_settop(L, 3);
      return read_flag(L, ask, tier, decision);
    }
    push_ask(L, ask, tier);
    lua_pushvalue(L, 3);
    push_tier(L);
    lua_replace(L, -2);
    push_used(L, used);
    lua_call(L, 3, 1);
    read_answer(L, ask.action, decision);
  });
  if (!ran) return at_word(ran.error(), text_, ask.action);
  return decision;
}

Decision PolicyScript::decide(const Ask& ask, const Used& used) const {
  Result<Decision> tried = try_decide(ask, used);
  Decision decision = tried ? std::move(*tried) : Decision{};
  if (!tried) {
    decision.reason = "policy_error";
    decision.message = "The policy could not decide: " + tried.error().message;
  }
  decision.limit = tiers_.at(tier_name(ask.tier)).exports_per_month;
  decision.revision = text_.checksum;
  return decision;
}

std::vector<std::string> PolicyScript::tiers() const {
  std::vector<std::string> names;
  for (const auto& [name, ignored] : tiers_) names.push_back(name);
  return names;
}

Decision PolicyScript::limits(const std::string& tier) const {
  Decision decision;
  decision.allow = true;
  decision.limit = tiers_.at(tier_name(tier)).exports_per_month;
  decision.revision = text_.checksum;
  return decision;
}

Result<std::vector<PolicyScript::Example>> PolicyScript::examples() const {
  Result<StatePool::Lease> lease = pool_->take(text_);
  if (!lease) return lease.error();
  std::vector<Example> examples;
  const Status read = (*lease)->run([&](lua_State* L) {
    constexpr std::array<std::string_view, 4> kKeys = {"ask", "cost", "used", "want"};
    constexpr std::array<std::string_view, 1> kUsedKeys = {"exports_this_month"};
    Sandbox::push_returned(L);
    lua_getfield(L, 1, "examples");
    check_type(L, 2, LUA_TTABLE, "examples of the policy");
    const auto count = static_cast<int>(lua_rawlen(L, 2));
    if (lua_rawlen(L, 2) > kMostExamples) {
      luaL_error(L, "more than %d examples", static_cast<int>(kMostExamples));
    }
    check_keys(L, 2, "the list of examples", {}, ListPart::allowed);
    for (int i = 1; i <= count; ++i) {
      lua_settop(L, 2);
      lua_rawgeti(L, 2, i);
      const std::string what = fmt::format("example {}", i);
      check_keys(L, 3, what, kKeys);
      Example example;
      example.number = i;
      example.want = text_field(L, 3, "want", what);
      lua_getfield(L, 3, "ask");
      check_keys(L, 4, "ask of " + what, kAskNames);
      example.ask = {text_field(L, 4, "action", what), text_field(L, 4, "account", what),
                     text_field(L, 4, "tier", what), text_field(L, 4, "trigger", what),
                     text_field(L, 4, "connector", what)};
      lua_getfield(L, 3, "used");
      if (!lua_isnil(L, 5)) {
        check_keys(L, 5, "used of " + what, kUsedKeys);
        lua_getfield(L, 5, "exports_this_month");
        example.used.exports_this_month = luaL_optinteger(L, -1, 0);
      }
      lua_getfield(L, 3, "cost");
      if (!lua_isnil(L, -1)) example.cost = luaL_checkinteger(L, -1);
      examples.push_back(std::move(example));
    }
  });
  if (!read) return read.error();
  return examples;
}

Findings PolicyScript::run_examples(const std::vector<Example>& examples) const {
  Findings findings;
  int walls = 0;
  for (const Example& example : examples) {
    if (walls == kMostWalls) break;
    const int line = example_line(text_.source, example.number);
    const Result<Decision> decided = try_decide(example.ask, example.used);
    if (!decided) {
      walls += decided.error().reason == kScriptBudget ? 1 : 0;
      ports::ScriptFinding finding = finding_of(decided.error(), text_.name);
      if (!names_line(decided.error(), text_.name)) finding.line = line;
      finding.message = fmt::format("example {}: {}", example.number, finding.message);
      findings.push_back(std::move(finding));
      continue;
    }
    if (outcome(*decided) != example.want) {
      findings.push_back({text_.name, line,
                          fmt::format("example {}: wants '{}', the policy says '{}'",
                                      example.number, example.want, outcome(*decided))});
    } else if (example.cost && decided->cost != *example.cost) {
      findings.push_back({text_.name, line,
                          fmt::format("example {}: wants a cost of {}, the policy says {}",
                                      example.number, *example.cost, decided->cost)});
    }
  }
  return findings;
}

}  // namespace mortise::script
