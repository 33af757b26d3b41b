#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

constexpr std::array<std::string_view, 6> kPolicyKeys = {
    "default", "examples", "export.start", "outside_progress", "says", "tiers"};
constexpr std::array<std::string_view, 2> kActions = {"export.start", "outside_progress"};

using TierKeys = std::map<std::string, std::set<std::string>>;

bool is_count(lua_State* L, int index) {
  if (lua_isinteger(L, index) != 0) return lua_tointeger(L, index) >= 0;
  return lua_tonumber(L, index) == HUGE_VAL;
}

TierKeys read_tiers(lua_State* L, int tiers) {
  TierKeys keys;
  lua_pushnil(L);
  while (lua_next(L, tiers) != 0) {
    check_type(L, -2, LUA_TSTRING, "the name of a tier");
    const std::string tier(check_text(L, -2));
    check_type(L, -1, LUA_TTABLE, "tier '" + tier + "'");
    std::set<std::string>& names = keys[tier];
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
      Budget::of(L).charge(L, 5 + lua_rawlen(L, -2) / 64);  // many tiers may share one table
      names.insert(text_of(L, -2));
      const int type = lua_type(L, -1);
      if (type != LUA_TNUMBER && type != LUA_TBOOLEAN && type != LUA_TSTRING) {
        fail_at(L, text_of(L, -2),
                fmt::format("tier '{}': '{}' is a {}, not a number, flag or text", tier,
                            text_of(L, -2), luaL_typename(L, -1)));
      }
      if (type == LUA_TNUMBER && !is_count(L, -1)) {
        fail_at(L, text_of(L, -2),
                fmt::format("tier '{}': '{}' is a whole number from 0, or unlimited", tier,
                            text_of(L, -2)));
      }
      lua_pop(L, 1);
    }
    make_strict(L, "tier");
    lua_pop(L, 1);
  }
  return keys;
}

// What one tier says, all say: that is how a misspelt limit shows.
void check_same_keys(lua_State* L, const TierKeys& tiers) {
  for (const auto& [tier, keys] : tiers) {
    for (const auto& [other, other_keys] : tiers) {
      Budget::of(L).charge(L, 1 + keys.size());
      for (const std::string& key : keys) {
        if (other_keys.count(key) != 0) continue;
        const std::vector<std::string_view> known(other_keys.begin(), other_keys.end());
        fail_at(L, key,
                fmt::format("tier '{}' has '{}', tier '{}' has not{}", tier, key, other,
                            suggestion(key, known)));
      }
    }
  }
}

// policy { tiers = {...}, default = "free", ["export.start"] = function ..., examples = {...} }
int make_policy(lua_State* L) {
  check_keys(L, 1, "a policy", kPolicyKeys);
  lua_settop(L, 1);
  check_policy(L, 1);
  set_kind(L, 1, "policy");
  return 1;
}

// allow { cost = 1 }
int make_allow(lua_State* L) {
  constexpr std::array<std::string_view, 1> kKeys = {"cost"};
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  check_keys(L, 1, "allow", kKeys);
  lua_settop(L, 1);
  check_cost(L, 1);
  set_kind(L, 1, "allow");
  return 1;
}

// deny(reason, format, ...)
int make_deny(lua_State* L) {
  check_reason(L, std::string(check_text(L, 1)));
  luaL_checktype(L, 2, LUA_TSTRING);
  lua_pushcfunction(L, &format_text);
  lua_insert(L, 2);
  lua_call(L, lua_gettop(L) - 2, 1);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "reason");
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "message");
  set_kind(L, -1, "deny");
  return 1;
}

}  // namespace

void check_policy(lua_State* L, int index) {
  const int policy = lua_absindex(L, index);
  lua_getfield(L, policy, "tiers");
  check_type(L, -1, LUA_TTABLE, "tiers of the policy");
  const TierKeys tiers = read_tiers(L, lua_gettop(L));
  if (tiers.empty()) fail_at(L, "tiers", "the policy has no tier");
  check_same_keys(L, tiers);
  std::vector<std::string_view> names;
  for (const auto& [tier, keys] : tiers) names.push_back(tier);
  check_word(L, text_field(L, policy, "default", "the policy"), "default tier of the policy",
             names);
  for (const std::string_view action : kActions) {
    lua_getfield(L, policy, std::string(action).c_str());
    if (!lua_isnil(L, -1)) check_type(L, -1, LUA_TFUNCTION, std::string(action));
    lua_pop(L, 1);
  }
  lua_getfield(L, policy, "examples");
  check_type(L, -1, LUA_TTABLE, "examples of the policy");
  if (lua_rawlen(L, -1) == 0) fail_at(L, "examples", "a policy carries at least one example");
  lua_pop(L, 2);
}

lua_Integer check_cost(lua_State* L, int index) {
  lua_getfield(L, index, "cost");
  const lua_Integer cost = lua_tointeger(L, -1);
  const bool known = lua_isnil(L, -1) || (lua_isinteger(L, -1) != 0 && (cost == 0 || cost == 1));
  if (!known) fail_at(L, "cost", "cost is 1 (it counts as an export of the month) or 0");
  lua_pop(L, 1);
  return cost;
}

void check_reason(lua_State* L, const std::string& reason) {
  const bool plain =
      !reason.empty() && reason.size() <= 64 &&
      reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == reason.npos;
  if (!plain)
    fail_at(L, reason, "the reason is one word of a-z, 0-9 and _, such as quota_exceeded");
}

void install_policy_api(lua_State* L) {
  const luaL_Reg functions[] = {
      {"policy", &make_policy}, {"allow", &make_allow}, {"deny", &make_deny}, {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  lua_pushnumber(L, HUGE_VAL);  // greater than every count
  lua_setfield(L, -2, "unlimited");
}

}  // namespace mortise::script
