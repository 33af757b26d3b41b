#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/kind_rules.hpp"
#include "script/libraries.hpp"
#include "script/settings.hpp"
#include "script/tables.hpp"

namespace mortise::script {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 7> kMappingKeys = {
    "connector", "examples", "fields", "plan", "resolve", "says", "settings"};
constexpr std::array<std::string_view, 6> kPageKeys = {"children", "help",  "icon",
                                                       "key",      "title", "todos"};
constexpr std::array<std::string_view, 4> kSectionKeys = {"children", "key", "title", "todos"};
constexpr std::array<std::string_view, 6> kDatabaseKeys = {"columns", "help", "icon",
                                                           "key",     "rows", "title"};
constexpr std::array<std::string_view, 3> kColumnKeys = {"name", "options", "type"};
constexpr std::array<std::string_view, 8> kColumnTypes = {"checkbox", "date", "number", "select",
                                                          "status",   "text", "title",  "url"};
constexpr std::array<std::string_view, 6> kLineKeys = {"item",    "lossy",   "task",
                                                       "to_item", "to_task", "via"};
constexpr std::array<std::string_view, 5> kKindKeys = {"adopts", "alike", "recurs", "together",
                                                       "when"};

// ---- what a plan becomes -----------------------------------------------------------------------

// page { key = ..., title = ..., ... } and its like: strict keys, a key and a title.
int make_node(lua_State* L, const char* kind, Words keys) {
  check_keys(L, 1, kind, keys);
  lua_settop(L, 1);
  if (text_field(L, 1, "key", kind).empty())
    luaL_error(L, "a %s needs a key, such as plan.key", kind);
  text_field(L, 1, "title", kind);
  set_kind(L, 1, kind);
  return 1;
}

int make_page(lua_State* L) {
  return make_node(L, "page", kPageKeys);
}
int make_section(lua_State* L) {
  return make_node(L, "section", kSectionKeys);
}

// columns = { { name = "Task", type = "title" }, ... }, the list on top of the stack.
void check_columns(lua_State* L) {
  check_keys(L, -1, "columns of a database", {}, ListPart::allowed);
  const int columns = lua_gettop(L);
  int titles = 0;
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, columns));
  for (lua_Integer i = 1; i <= count; ++i) {
    Budget::of(L).charge(L, 10);
    lua_rawgeti(L, columns, i);
    check_keys(L, -1, "a column", kColumnKeys);
    const int column = lua_gettop(L);
    const std::string name = text_field(L, column, "name", "a column");
    if (name.empty()) luaL_error(L, "a column needs a name");
    const std::string type = text_field(L, column, "type", "a column");
    check_word(L, type, "type of column '" + name + "'", kColumnTypes);
    titles += type == "title" ? 1 : 0;
    lua_settop(L, columns);
  }
  if (titles != 1) fail_at(L, "columns", "a database has exactly one column of type title");
}

int make_database(lua_State* L) {
  make_node(L, "database", kDatabaseKeys);
  lua_getfield(L, 1, "columns");
  check_columns(L);
  lua_settop(L, 1);
  return 1;
}

// todos(tasks), rows(tasks), events(tasks): one item per task. Upvalue 1: what the item is.
int make_group(lua_State* L) {
  if (!is_kind(L, 1, "tasks")) {
    return luaL_error(L, "%ss(...) takes tasks, such as plan.tasks or week.tasks",
                      lua_tostring(L, lua_upvalueindex(1)));
  }
  lua_settop(L, 1);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "tasks");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setfield(L, -2, "item");
  set_kind(L, -1, "group");
  return 1;
}

// each(list, function(element, number) ... end): what the function answers, without the nils.
int each(lua_State* L) {
  if (is_kind(L, 1, "tasks")) {
    return luaL_error(
        L, "tasks are mapped one at a time by 'fields'; give them to todos, rows or events");
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_newtable(L);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, 1));
  lua_Integer kept = 0;
  for (lua_Integer i = 1; i <= count; ++i) {
    Budget::of(L).charge(L, 2);
    lua_pushvalue(L, 2);
    lua_geti(L, 1, i);
    lua_pushinteger(L, i);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
    } else {
      lua_rawseti(L, 3, ++kept);
    }
  }
  return 1;
}

// with(table, { name = value }): a copy that differs in these; `none` takes one out.
int with(lua_State* L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_newtable(L);
  for (int source = lua_istable(L, 1) ? 1 : 2; source <= 2; ++source) {
    lua_pushnil(L);
    while (lua_next(L, source) != 0) {
      Budget::of(L).charge(L, 1);
      lua_pushvalue(L, -2);
      lua_rotate(L, -2, 1);
      if (is_none(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
      }
      lua_rawset(L, 3);
    }
  }
  return 1;
}

// ---- how fields travel -------------------------------------------------------------------------

void check_function(lua_State* L, int line, const char* name, const std::string& what) {
  lua_getfield(L, line, name);
  const int type = lua_type(L, -1);
  if (type != LUA_TNIL && type != LUA_TFUNCTION) {
    fail_at(L, name,
            fmt::format("{} of {} is a {}, not a function", name, what, lua_typename(L, type)));
  }
  lua_pop(L, 1);
}

// One line of `fields`, on top of the stack: { task = ..., item = ..., via = ... } and its
// variants.
void check_line(lua_State* L, const std::string& kind, lua_Integer number) {
  const std::string what = fmt::format("line {} of fields.{}", number, kind);
  check_keys(L, -1, what, kLineKeys);
  const int line = lua_gettop(L);
  const std::string item = text_field(L, line, "item", what);
  if (item.empty()) fail_at(L, kind, what + " names no item field");
  if (const Words known = item_fields(kind); !known.empty()) {
    check_word(L, item, fmt::format("item field of {}", what), known);
  }
  const std::string task = text_field(L, line, "task", what);
  if (!task.empty()) check_word(L, task, "task field of " + what, task_fields());
  lua_getfield(L, line, "to_item");
  if (lua_type(L, -1) == LUA_TSTRING) {
    check_word(L, check_text(L, -1), "to_item of " + what, task_fields());
  } else {
    check_function(L, line, "to_item", what);
  }
  check_function(L, line, "to_task", what);
  lua_getfield(L, line, "to_task");
  lua_getfield(L, line, "via");
  const bool one_way = lua_isnil(L, -2) && !lua_isnil(L, -3);
  if (!lua_isnil(L, -1) && !is_kind(L, -1, "transform")) {
    fail_at(
        L, "via",
        fmt::format("via of {} is no transform such as lookup{{...}}, checked or minutes", what));
  }
  if (task.empty() && lua_isnil(L, -3) && lua_isnil(L, -2)) {
    fail_at(L, item, what + " says neither task, to_item nor to_task");
  }
  if (task.empty() && !lua_isnil(L, -1)) fail_at(L, item, what + " has via, but no task field");
  if (!task.empty() && !one_way)
    check_word(L, task, "way back of " + what, changeable_task_fields());
  lua_getfield(L, line, "lossy");
  if (!lua_isnil(L, -1)) {
    check_type(L, -1, LUA_TBOOLEAN, "lossy of " + what);
    if (one_way) fail_at(L, "lossy", what + " is lossy, but has no way back");
  }
  lua_settop(L, line);
}

// The kind's lines on top of the stack.
void check_lines(lua_State* L, const std::string& kind) {
  const int lines = lua_gettop(L);
  check_keys(L, lines, "fields." + kind, kKindKeys, ListPart::allowed);
  lua_getfield(L, lines, "when");
  if (!lua_isnil(L, -1)) check_type(L, -1, LUA_TFUNCTION, "when of fields." + kind);
  lua_getfield(L, lines, "recurs");
  if (!lua_isnil(L, -1)) {
    check_type(L, -1, LUA_TBOOLEAN, "recurs of fields." + kind);
    if (kind != "event") fail_at(L, "recurs", "only events can recur, not " + kind + "s");
  }
  lua_settop(L, lines);
  read_kind_rules(L, lines, kind);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, lines));
  if (count == 0) fail_at(L, kind, "fields." + kind + " has no line");
  for (lua_Integer i = 1; i <= count; ++i) {
    Budget::of(L).charge(L, 10);
    lua_rawgeti(L, lines, i);
    check_line(L, kind, i);
    lua_pop(L, 1);
  }
}

void check_fields(lua_State* L, int mapping) {
  lua_getfield(L, mapping, "fields");
  const int fields = lua_gettop(L);
  check_keys(L, fields, "fields of the mapping", task_kinds());
  lua_pushnil(L);
  while (lua_next(L, fields) != 0) {
    check_lines(L, std::string(check_text(L, -2)));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

// mapping { connector = ..., settings = ..., plan = ..., fields = ..., examples = ... }
int make_mapping(lua_State* L) {
  check_keys(L, 1, "a mapping", kMappingKeys);
  lua_settop(L, 1);
  check_mapping(L, 1);
  set_kind(L, 1, "mapping");
  return 1;
}

void set_group(lua_State* L, const char* name, const char* item) {
  lua_pushstring(L, item);
  lua_pushcclosure(L, &make_group, 1);
  lua_setfield(L, -2, name);
}

}  // namespace

void check_mapping(lua_State* L, int index) {
  const int mapping = lua_absindex(L, index);
  if (text_field(L, mapping, "connector", "the mapping").empty()) {
    fail_at(L, "mapping", "the mapping does not say its connector");
  }
  text_field(L, mapping, "says", "the mapping");
  lua_getfield(L, mapping, "plan");
  check_type(L, -1, LUA_TFUNCTION, "plan of the mapping");
  lua_getfield(L, mapping, "resolve");
  if (!lua_isnil(L, -1)) check_type(L, -1, LUA_TFUNCTION, "resolve of the mapping");
  lua_getfield(L, mapping, "settings");
  if (!lua_isnil(L, -1)) {
    check_type(L, -1, LUA_TTABLE, "settings of the mapping");
    read_settings(L);
  }
  check_fields(L, mapping);
  lua_getfield(L, mapping, "examples");
  check_type(L, -1, LUA_TTABLE, "examples of the mapping");
  if (lua_rawlen(L, -1) == 0) fail_at(L, "examples", "a mapping carries at least one example");
  lua_settop(L, mapping);
}

void install_mapping_api(lua_State* L) {
  const luaL_Reg functions[] = {{"mapping", &make_mapping},
                                {"page", &make_page},
                                {"section", &make_section},
                                {"database", &make_database},
                                {"each", &each},
                                {"with", &with},
                                {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  set_group(L, "todos", "todo");
  set_group(L, "rows", "row");
  set_group(L, "events", "event");
  push_none(L);
  lua_setfield(L, -2, "none");
}

}  // namespace mortise::script
