#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/script_text.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

// ---- names and locks ---------------------------------------------------------------------------

std::vector<std::string> names_in(lua_State* L, int table) {
  std::vector<std::string> names;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    Budget::of(L).charge(L, 5);
    if (lua_type(L, -2) == LUA_TSTRING) names.emplace_back(check_text(L, -2));
    lua_pop(L, 1);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The variables that the function at work can see, and others of the script.
void add_locals(lua_State* L, std::vector<std::string>& names) {
  lua_Debug record{};
  if (lua_getstack(L, 1, &record) != 1) return;
  const auto add = [&](const char* name) {
    const std::string_view text(name);
    if (!text.empty() && text.front() != '(' && text != "_ENV") names.emplace_back(text);
    lua_pop(L, 1);
  };
  for (int i = 1; const char* name = lua_getlocal(L, &record, i); ++i) add(name);
  if (lua_getinfo(L, "f", &record) == 0) return;
  for (int i = 1; const char* name = lua_getupvalue(L, -1, i); ++i) add(name);
  lua_pop(L, 1);
  // One that nothing names rightly is no upvalue.
  if (const std::string* source = source_of(L)) {
    for (std::string& name : declared_names(*source)) names.push_back(std::move(name));
  }
}

// __index of a locked table that has no such name: upvalue 1 says what kind of name.
int on_unknown_name(lua_State* L) {
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : text_of(L, 2);
  std::vector<std::string> names = names_in(L, 1);
  const bool global = std::string_view(lua_tostring(L, lua_upvalueindex(1))) == "global";
  if (global) add_locals(L, names);
  const std::string hint =
      suggestion(name, std::vector<std::string_view>(names.begin(), names.end()));
  return luaL_error(L, "no %s is called '%s'%s", lua_tostring(L, lua_upvalueindex(1)), name.c_str(),
                    hint.c_str());
}

int on_locked_write(lua_State* L) {
  const std::string name = text_of(L, 2);
  return luaL_error(L, "no new %s may be set ('%s'); did you mean 'local %s = ...'?",
                    lua_tostring(L, lua_upvalueindex(1)), name.c_str(), name.c_str());
}

constexpr int kMostValues = 250;
constexpr std::size_t kMostKeysBesideList = 16'384;

// ---- order of keys -----------------------------------------------------------------------------

// A key as a value that can be compared: numbers before texts before booleans.
struct Key {
  int rank = 0;
  bool is_integer = false;
  lua_Integer integer = 0;
  lua_Number number = 0;
  std::string_view text;

  friend bool operator<(const Key& a, const Key& b) {
    if (a.rank != b.rank) return a.rank < b.rank;
    if (a.rank == 1) return a.text < b.text;
    if (a.is_integer && b.is_integer) return a.integer < b.integer;
    return static_cast<long double>(a.is_integer ? static_cast<long double>(a.integer) : a.number) <
           static_cast<long double>(b.is_integer ? static_cast<long double>(b.integer) : b.number);
  }
};

Key key_at(lua_State* L, int index) {
  Key key;
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
      key.is_integer = lua_isinteger(L, index) != 0;
      key.integer = key.is_integer ? lua_tointeger(L, index) : 0;
      key.number = lua_tonumber(L, index);
      break;
    case LUA_TSTRING:
      key.rank = 1;
      key.text = check_text(L, index);
      break;
    case LUA_TBOOLEAN:
      key.rank = 2;
      key.is_integer = true;
      key.integer = lua_toboolean(L, index);
      break;
    default:
      luaL_error(L, "a %s as a key has no order, so the table cannot be walked through",
                 luaL_typename(L, index));
  }
  return key;
}

void push_key(lua_State* L, const Key& key) {
  if (key.rank == 1) {
    lua_pushlstring(L, key.text.data(), key.text.size());
  } else if (key.rank == 2) {
    lua_pushboolean(L, static_cast<int>(key.integer));
  } else if (key.is_integer) {
    lua_pushinteger(L, key.integer);
  } else {
    lua_pushnumber(L, key.number);
  }
}

// The next key in order, found by looking at all of them: next(t) is cheap to ask once, a walk with
// it is not. pairs() is the way to walk.
int base_next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  const bool from_start = lua_isnil(L, 2);
  const Key after = from_start ? Key{} : key_at(L, 2);
  bool found = false;
  Key best;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    Budget::of(L).charge(L, 1);
    lua_pop(L, 1);
    const Key key = key_at(L, -1);
    if ((from_start || after < key) && (!found || key < best)) {
      best = key;
      found = true;
    }
  }
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  push_key(L, best);
  lua_pushvalue(L, -1);
  lua_rawget(L, 1);
  return 2;
}

// The iterator of pairs() walks three parts: keys that sort before 1, the list 1..n, the others.
// Upvalues: 1 the keys that are not of the list, in order; 2 how many of them sort before 1; 3 n;
// 4 how many steps were taken.
int pairs_step(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const lua_Integer before = lua_tointeger(L, lua_upvalueindex(2));
  const lua_Integer length = lua_tointeger(L, lua_upvalueindex(3));
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(4));
  for (;;) {
    Budget::of(L).charge(L, 1);
    ++at;
    if (at > before && at <= before + length) {
      lua_pushinteger(L, at - before);
    } else if (lua_rawgeti(L, lua_upvalueindex(1), at <= before ? at : at - length) == LUA_TNIL) {
      return 1;
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 1) != LUA_TNIL) break;
    lua_pop(L, 2);  // a hole, or removed since the walk began
  }
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(4));
  return 2;
}

int base_pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, 1));
  std::vector<Key> keys;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    Budget::of(L).charge(L, 2);
    lua_pop(L, 1);
    const Key key = key_at(L, -1);
    if (key.rank == 0 && key.is_integer && key.integer >= 1 && key.integer <= length) continue;
    if (keys.size() == kMostKeysBesideList) return luaL_error(L, "too many keys beside the list");
    keys.push_back(key);
  }
  Budget::of(L).charge(L, keys.size() * 4);
  std::sort(keys.begin(), keys.end());
  Key one;
  one.is_integer = true;
  one.integer = 1;
  const auto before = std::lower_bound(keys.begin(), keys.end(), one) - keys.begin();
  lua_createtable(L, static_cast<int>(std::min<std::size_t>(keys.size(), 1024)), 0);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    push_key(L, keys[i]);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
  lua_pushinteger(L, static_cast<lua_Integer>(before));
  lua_pushinteger(L, length);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, &pairs_step, 4);
  lua_pushvalue(L, 1);
  return 2;
}

// ---- the rest ----------------------------------------------------------------------------------

int base_assert(lua_State* L) {
  luaL_checkany(L, 1);
  if (lua_toboolean(L, 1) != 0) return lua_gettop(L);
  if (lua_type(L, 2) == LUA_TSTRING) return luaL_error(L, "%s", lua_tostring(L, 2));
  if (lua_isnoneornil(L, 2)) return luaL_error(L, "assertion failed!");
  lua_settop(L, 2);
  return lua_error(L);
}

int base_tostring(lua_State* L) {
  luaL_checkany(L, 1);
  push_text(L, text_of(L, 1));
  return 1;
}

// Calls the original of a function (upvalue 1) after paying for the size of its text argument.
int charged(lua_State* L) {
  const std::size_t size = lua_type(L, 1) == LUA_TSTRING ? lua_rawlen(L, 1) : 0;
  Budget::of(L).charge(L, 1 + size / 4);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  if (lua_gettop(L) > kMostValues) return luaL_error(L, "at most %d values at once", kMostValues);
  return lua_gettop(L);
}

int utf8_char(lua_State* L) {
  TextBuilder text(L);
  for (int i = 1; i <= lua_gettop(L); ++i) {
    const lua_Integer code = luaL_checkinteger(L, i);
    luaL_argcheck(L, code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff), i,
                  "not a character");
    lua_pushfstring(L, "%U", static_cast<unsigned long>(code));
    text.add(check_text(L, -1));
    lua_pop(L, 1);
  }
  push_text(L, text.text());
  return 1;
}

// Copies the named fields of the table on top of the stack to the one below it.
template <std::size_t N>
void allow(lua_State* L, const char* const (&names)[N]) {
  for (const char* name : names) {
    lua_getfield(L, -1, name);
    lua_setfield(L, -3, name);
  }
}

void allow_charged(lua_State* L, const char* name) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, &charged, 1);
  lua_setfield(L, -3, name);
}

void install_math(lua_State* L) {
  lua_newtable(L);
  lua_pushcfunction(L, &luaopen_math);
  lua_call(L, 0, 1);
  allow(L, {"abs",  "acos", "asin", "atan", "ceil",       "cos",  "deg",        "exp",  "floor",
            "fmod", "huge", "log",  "max",  "maxinteger", "min",  "mininteger", "modf", "pi",
            "rad",  "sin",  "sqrt", "tan",  "tointeger",  "type", "ult"});
  lua_pop(L, 1);
  set_library(L, "math");
}

void install_utf8(lua_State* L) {
  lua_newtable(L);
  lua_pushcfunction(L, &luaopen_utf8);
  lua_call(L, 0, 1);
  allow_charged(L, "codepoint");
  allow_charged(L, "codes");
  allow_charged(L, "len");
  allow_charged(L, "offset");
  lua_pop(L, 1);
  lua_pushcfunction(L, &utf8_char);
  lua_setfield(L, -2, "char");
  // One character, as Lua's own pattern but without the NUL in it.
  lua_pushliteral(L, "[^\x80-\xBF][\x80-\xBF]*");
  lua_setfield(L, -2, "charpattern");
  set_library(L, "utf8");
}

}  // namespace

std::string text_of(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TSTRING:
      return std::string(check_text(L, index));
    case LUA_TBOOLEAN:
      return lua_toboolean(L, index) != 0 ? "true" : "false";
    case LUA_TNUMBER: {
      if (lua_isinteger(L, index) == 0 && std::isnan(lua_tonumber(L, index))) return "nan";
      lua_pushvalue(L, index);
      std::string text = lua_tostring(L, -1);
      lua_pop(L, 1);
      return text;
    }
    default:
      return luaL_typename(L, index);
  }
}

std::string_view check_text(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

int too_long(lua_State* L) {
  const auto bound = static_cast<int>(Budget::of(L).limits().string_bytes >> 10);
  return luaL_error(L, "a string longer than %d KiB", bound);
}

void push_text(lua_State* L, std::string_view text) {
  if (text.size() > Budget::of(L).limits().string_bytes) too_long(L);
  lua_pushlstring(L, text.data(), text.size());
}

TextBuilder::TextBuilder(lua_State* L) : L_(L), bound_(Budget::of(L).limits().string_bytes) {}

void TextBuilder::add(std::string_view part) {
  Budget::of(L_).charge(L_, 1 + part.size() / 64);
  if (part.size() > bound_ - text_.size()) too_long(L_);
  text_ += part;
}

void lock_table(lua_State* L, const char* what) {
  lua_newtable(L);  // the metatable of the table itself: what happens for unknown names
  lua_pushstring(L, what);
  lua_pushcclosure(L, &on_unknown_name, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_newtable(L);  // what the script holds
  lua_newtable(L);
  lua_rotate(L, -3, -1);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, what);
  lua_pushcclosure(L, &on_locked_write, 1);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
}

void set_library(lua_State* L, const char* name) {
  lock_table(L, (std::string("function in ") + name).c_str());
  lua_setfield(L, -2, name);
}

void install_base(lua_State* L) {
  lua_pushcfunction(L, &luaopen_base);  // sets the state's globals, which no script sees
  lua_call(L, 0, 1);
  allow(L, {"error", "ipairs", "select", "type"});
  allow_charged(L, "tonumber");
  lua_pop(L, 1);
  const luaL_Reg own[] = {{"assert", &base_assert},
                          {"next", &base_next},
                          {"pairs", &base_pairs},
                          {"tostring", &base_tostring},
                          {nullptr, nullptr}};
  luaL_setfuncs(L, own, 0);
  install_math(L);
  install_utf8(L);
}

}  // namespace mortise::script
