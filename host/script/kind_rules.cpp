#include "script/kind_rules.hpp"

#include <fmt/format.h>

#include <vector>

#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"

namespace mortise::script {
namespace {

/// The item fields of the kind's lines; of those that `wanted(line)` is true of.
template <class Wanted>
std::vector<std::string> fields_of(lua_State* L, int kind_table, Wanted wanted) {
  std::vector<std::string> fields;
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, kind_table));
  for (lua_Integer i = 1; i <= count; ++i) {
    Budget::of(L).charge(L, 1);
    lua_rawgeti(L, kind_table, i);
    const int line = lua_gettop(L);
    if (lua_istable(L, line) && wanted(line)) {
      fields.push_back(text_field(L, line, "item", "a line"));
    }
    lua_settop(L, line - 1);
  }
  return fields;
}

/// Whether the line is filled with the task's position.
bool places(lua_State* L, int line) {
  lua_getfield(L, line, "to_item");
  return lua_type(L, -1) == LUA_TSTRING && check_text(L, -1) == "position";
}

/// The list of item fields on top of the stack; takes it off.
std::vector<std::string> take_fields(lua_State* L, const std::string& what,
                                     const std::vector<std::string>& known) {
  check_keys(L, -1, what, {}, ListPart::allowed);
  const int list = lua_gettop(L);
  const std::vector<std::string_view> words(known.begin(), known.end());
  std::vector<std::string> fields;
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, list));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, list, i);
    check_type(L, -1, LUA_TSTRING, "an entry of " + what);
    Budget::of(L).charge(L, 1 + words.size() + lua_rawlen(L, -1) / 64);
    fields.emplace_back(check_text(L, -1));
    check_word(L, fields.back(), "field in " + what, words);
    lua_pop(L, 1);
  }
  lua_settop(L, list - 1);
  return fields;
}

}  // namespace

ports::KindRules read_kind_rules(lua_State* L, int kind_table, const std::string& kind) {
  ports::KindRules rules;
  const std::vector<std::string> known = fields_of(L, kind_table, [](int) { return true; });
  rules.placing = fields_of(L, kind_table, [L](int line) { return places(L, line); });
  lua_getfield(L, kind_table, "adopts");
  if (!lua_isnil(L, -1)) check_type(L, -1, LUA_TBOOLEAN, "adopts of fields." + kind);
  rules.adopts = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  lua_getfield(L, kind_table, "alike");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
  } else {
    rules.alike = take_fields(L, "alike of fields." + kind, known);
  }
  lua_getfield(L, kind_table, "together");
  if (!lua_isnil(L, -1)) {
    check_keys(L, -1, "together of fields." + kind, {}, ListPart::allowed);
    const int groups = lua_gettop(L);
    const auto count = static_cast<lua_Integer>(lua_rawlen(L, groups));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(L, groups, i);
      rules.together.push_back(
          take_fields(L, fmt::format("group {} of together of fields.{}", i, kind), known));
    }
  }
  lua_settop(L, kind_table);
  return rules;
}

std::map<std::string, ports::KindRules> read_all_kind_rules(lua_State* L) {
  std::map<std::string, ports::KindRules> all;
  const int mapping = lua_gettop(L);
  lua_getfield(L, mapping, "fields");
  const int fields = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, fields) != 0) {
    const std::string kind(check_text(L, -2));
    all.emplace(kind, read_kind_rules(L, lua_gettop(L), kind));
    lua_pop(L, 1);
  }
  lua_settop(L, mapping);
  return all;
}

}  // namespace mortise::script
