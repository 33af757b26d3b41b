#include <fmt/format.h>

#include <string>
#include <vector>

#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

// A transform is a table of two functions: to_item(value, task, here) and to_task(value, task,
// here). Expects them on top of the stack, to_item below to_task; leaves the transform in their
// place.
void make_transform(lua_State* L) {
  lua_createtable(L, 0, 3);
  lua_insert(L, -3);
  lua_setfield(L, -3, "to_task");
  lua_setfield(L, -2, "to_item");
  set_kind(L, -1, "transform");
}

// ---- lookup { todo = "Not started", ... } ------------------------------------------------------

// Upvalues: 1 the table to look in, 2 what its keys are called.
int look_up(lua_State* L) {
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  if (lua_isnil(L, 1) || lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
    std::vector<std::string> keys;
    lua_pushnil(L);
    while (lua_next(L, lua_upvalueindex(1)) != 0) {
      Budget::of(L).charge(L, 5);
      keys.push_back(text_of(L, -2));
      lua_pop(L, 1);
    }
    const std::string word = text_of(L, 1);
    return luaL_error(
        L, "lookup has no %s '%s'%s", lua_tostring(L, lua_upvalueindex(2)), word.c_str(),
        suggestion(word, std::vector<std::string_view>(keys.begin(), keys.end())).c_str());
  }
  return 1;
}

bool is_plain(lua_State* L, int index) {
  return lua_type(L, index) == LUA_TSTRING || lua_isboolean(L, index) ||
         lua_isinteger(L, index) != 0;
}

int make_lookup(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L);  // the way back
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {  // key at 3, value at 4
    if (!is_plain(L, 3) || !is_plain(L, 4)) {
      fail_at(L, "lookup", "lookup maps texts, whole numbers and flags");
    }
    lua_pushvalue(L, 4);
    if (lua_rawget(L, 2) != LUA_TNIL) {
      const std::string twice = text_of(L, 4);
      fail_at(L, twice, fmt::format("lookup has '{}' twice, so there is no way back", twice));
    }
    lua_settop(L, 4);
    lua_pushvalue(L, 3);
    lua_rawset(L, 2);  // back[value] = key, and the value is gone from the stack
  }
  lua_pushvalue(L, 1);
  lua_pushliteral(L, "value of the app");
  lua_pushcclosure(L, &look_up, 2);
  lua_pushvalue(L, 2);
  lua_pushliteral(L, "value of the service");
  lua_pushcclosure(L, &look_up, 2);
  make_transform(L);
  return 1;
}

// ---- checked: a status as a check box ----------------------------------------------------------

int checked_to_item(lua_State* L) {
  lua_pushboolean(L, lua_type(L, 1) == LUA_TSTRING && check_text(L, 1) == "done");
  return 1;
}

// Loses three of four states, so an unticked task keeps the one it had.
int checked_to_task(lua_State* L) {
  if (lua_toboolean(L, 1) != 0) {
    lua_pushliteral(L, "done");
    return 1;
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "status");
  if (lua_type(L, -1) != LUA_TSTRING || check_text(L, -1) == "done") lua_pushliteral(L, "todo");
  return 1;
}

// ---- minutes: seconds as whole minutes, rounded up ---------------------------------------------

int minutes_to_item(lua_State* L) {
  const lua_Integer seconds = luaL_checkinteger(L, 1);
  lua_pushinteger(L, seconds / 60 + (seconds % 60 > 0 ? 1 : 0));
  return 1;
}

int minutes_to_task(lua_State* L) {
  const lua_Integer minutes = luaL_checkinteger(L, 1);
  if (minutes < 0 || minutes > 60 * 24 * 366)
    return luaL_error(L, "%I is no number of minutes", minutes);
  lua_pushinteger(L, minutes * 60);
  return 1;
}

// ---- day: a date as { start = "2026-11-23" } ---------------------------------------------------

int day_to_item(lua_State* L) {
  luaL_checktype(L, 1, LUA_TSTRING);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "start");
  return 1;
}

int day_to_task(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "start");
  const std::string_view start = check_text(L, -1);
  push_text(L, start.substr(0, 10));  // the time and the end of a range are lost: see `lossy`
  return 1;
}

// ---- join(separator): a list as one text -------------------------------------------------------

int join_to_item(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const std::string_view separator = check_text(L, lua_upvalueindex(1));
  TextBuilder text(L);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, 1));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, 1, i);
    if (i > 1) text.add(separator);
    text.add(check_text(L, -1));
    lua_pop(L, 1);
  }
  push_text(L, text.text());
  return 1;
}

int join_to_task(lua_State* L) {
  const std::string_view text = check_text(L, 1);
  const std::string_view separator = check_text(L, lua_upvalueindex(1));
  lua_newtable(L);
  lua_Integer count = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    push_text(L, text.substr(begin, end - begin));
    lua_rawseti(L, -2, ++count);
    begin = end + separator.size();
  }
  return 1;
}

int make_join(lua_State* L) {
  const std::string_view separator = check_text(L, 1);
  luaL_argcheck(L, !separator.empty(), 1, "a separator is needed for the way back");
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, &join_to_item, 1);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, &join_to_task, 1);
  make_transform(L);
  return 1;
}

void set_transform(lua_State* L, const char* name, lua_CFunction to_item, lua_CFunction to_task) {
  lua_pushcfunction(L, to_item);
  lua_pushcfunction(L, to_task);
  make_transform(L);
  lock_table(L, "part of a transform");
  lua_setfield(L, -2, name);
}

}  // namespace

void install_transform_api(lua_State* L) {
  const luaL_Reg functions[] = {{"lookup", &make_lookup}, {"join", &make_join}, {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  set_transform(L, "checked", &checked_to_item, &checked_to_task);
  set_transform(L, "minutes", &minutes_to_item, &minutes_to_task);
  set_transform(L, "day", &day_to_item, &day_to_task);
}

}  // namespace mortise::script
