#include "script/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/script_text.hpp"
#include "script/utf8.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

using core::Json;

constexpr int kDeepest = 32;
constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kMostBytes = 1 << 20;
const char kSourceKey = 0;
const char kNone = 0;

Json number_to_json(lua_State* L, int index) {
  if (lua_isinteger(L, index) != 0) return lua_tointeger(L, index);
  const lua_Number number = lua_tonumber(L, index);
  lua_Integer whole = 0;
  if (lua_numbertointeger(std::floor(number), &whole) && static_cast<lua_Number>(whole) == number) {
    return whole;
  }
  luaL_error(L,
             "%f is no whole number; quantities have units that make them whole (seconds, minutes)",
             number);
  return {};
}

struct Count {
  InnerNone inner_none = InnerNone::refused;
  std::size_t values = 0;
  std::size_t bytes = 0;
};

// A value or a key: bounded together, since one text of Lua may be the key of many tables.
std::string text_to_json(lua_State* L, int index, Count& count) {
  const std::string_view text = check_text(L, index);
  count.bytes += text.size();
  if (count.bytes > kMostBytes) luaL_error(L, "more than 1 MiB of text");
  if (!is_utf8(text)) luaL_error(L, "a text that is not UTF-8 (cut inside a character?)");
  return std::string(text);
}

[[noreturn]] void fail_for_hole(lua_State* L, std::string_view what, lua_Integer at) {
  fail_at(L, "",
          fmt::format("{} has nothing at {}, and something behind it; each(...) leaves nils out",
                      what, at));
}

Json value_to_json(lua_State* L, int index, int depth, Count& count);

Json table_to_json(lua_State* L, int index, int depth, Count& count) {
  if (depth == kDeepest)
    luaL_error(L, "tables nested deeper than %d, or inside themselves", kDeepest);
  luaL_checkstack(L, 4, "nested tables");
  const auto length = static_cast<lua_Integer>(lua_rawlen(L, index));
  Json list = Json::array();
  for (lua_Integer i = 1; i <= length; ++i) {
    if (lua_rawgeti(L, index, i) == LUA_TNIL) fail_for_hole(L, "a list", i);
    list.push_back(value_to_json(L, lua_gettop(L), depth + 1, count));
    lua_pop(L, 1);
  }
  Json object = Json::object();
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const bool of_list =
        lua_isinteger(L, -2) != 0 && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length;
    if (!of_list) {
      if (lua_type(L, -2) != LUA_TSTRING) {
        luaL_error(L, "a %s as a key, where a text or a list is expected", luaL_typename(L, -2));
      }
      if (length > 0)
        luaL_error(L, "a table that is both a list and has '%s'", lua_tostring(L, -2));
      const std::string key = text_to_json(L, -2, count);
      object[key] = value_to_json(L, lua_gettop(L), depth + 1, count);
    }
    lua_pop(L, 1);
  }
  return object.empty() ? list : object;
}

Json value_to_json(lua_State* L, int index, int depth, Count& count) {
  Budget::of(L).charge(L, 4);
  if (++count.values > kMostValues)
    luaL_error(L, "more than %d values", static_cast<int>(kMostValues));
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      return nullptr;
    case LUA_TBOOLEAN:
      return lua_toboolean(L, index) != 0;
    case LUA_TNUMBER:
      return number_to_json(L, index);
    case LUA_TSTRING:
      return text_to_json(L, index, count);
    case LUA_TTABLE:
      return table_to_json(L, index, depth, count);
    default:
      break;
  }
  if (is_none(L, index)) {
    if (depth == 0 || count.inner_none == InnerNone::allowed) return nullptr;
    luaL_error(L, "none inside a table; a field without a value is left out");
  }
  luaL_error(L, "a %s, where a value is expected", luaL_typename(L, index));
  return {};
}

}  // namespace

void set_source(lua_State* L, const std::string* source) {
  lua_pushlightuserdata(L, const_cast<std::string*>(source));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kSourceKey);
}

const std::string* source_of(lua_State* L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kSourceKey);
  const auto* source = static_cast<const std::string*>(lua_touserdata(L, -1));
  lua_pop(L, 1);
  return source;
}

void fail_at(lua_State* L, std::string_view word, const std::string& message) {
  const std::string* source = source_of(L);
  lua_Debug record{};
  int line = 0;
  for (int level = 0; lua_getstack(L, level, &record) == 1 && line <= 0; ++level) {
    lua_getinfo(L, "Sl", &record);
    line = record.currentline;
  }
  if (line > 0) {
    const int better = source == nullptr || word.empty() ? 0 : line_with(*source, word, line);
    const std::string where =
        fmt::format("{}:{}: {}", record.short_src, better > 0 ? better : line, message);
    lua_pushlstring(L, where.data(), where.size());
    lua_error(L);
  }
  luaL_error(L, "%s", message.c_str());
  std::abort();  // neither returns
}

void check_keys(lua_State* L, int table, std::string_view what,
                std::span<const std::string_view> known, ListPart list) {
  const int index = lua_absindex(L, table);
  check_type(L, index, LUA_TTABLE, std::string(what));
  lua_Integer entries = 0;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    Budget::of(L).charge(L, 1);
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) != 0 && lua_tointeger(L, -1) > 0 && list == ListPart::allowed) {
      ++entries;
      continue;
    }
    const std::string key = text_of(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING &&
        std::find(known.begin(), known.end(), key) != known.end()) {
      continue;
    }
    fail_at(L, key, fmt::format("{} has no '{}'{}", what, key, suggestion(key, known)));
  }
  for (lua_Integer i = 1; i <= entries; ++i) {
    Budget::of(L).charge(L, 1);
    if (lua_rawgeti(L, index, i) == LUA_TNIL) fail_for_hole(L, what, i);
    lua_pop(L, 1);
  }
}

namespace {

// __index of a strict record. Upvalues: what it is, its known names and how many.
int on_absent_name(lua_State* L) {
  const auto* known = static_cast<const std::string_view*>(lua_touserdata(L, lua_upvalueindex(2)));
  const auto count = static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(3)));
  std::vector<std::string_view> names(known, known + count);
  const std::string name = text_of(L, 2);
  if (lua_type(L, 2) == LUA_TSTRING && std::find(names.begin(), names.end(), name) != names.end()) {
    return 0;
  }
  std::vector<std::string> own;
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    Budget::of(L).charge(L, 5);
    if (lua_type(L, -2) == LUA_TSTRING) own.emplace_back(check_text(L, -2));
    lua_pop(L, 1);
  }
  names.insert(names.end(), own.begin(), own.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return luaL_error(L, "%s has no '%s'%s", lua_tostring(L, lua_upvalueindex(1)), name.c_str(),
                    suggestion(name, names).c_str());
}

}  // namespace

void make_strict(lua_State* L, const char* what, std::span<const std::string_view> known) {
  luaL_checkstack(L, 6, "a record");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, what) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushstring(L, what);
    lua_pushlightuserdata(L, const_cast<std::string_view*>(known.data()));
    lua_pushinteger(L, static_cast<lua_Integer>(known.size()));
    lua_pushcclosure(L, &on_absent_name, 3);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, what);
  }
  lua_setmetatable(L, -2);
}

void check_type(lua_State* L, int index, int type, const std::string& what) {
  if (lua_type(L, index) == type) return;
  const std::string is =
      lua_isnil(L, index) ? std::string("missing") : std::string("a ") + luaL_typename(L, index);
  fail_at(L, "", fmt::format("{}: a {} is expected, it is {}", what, lua_typename(L, type), is));
}

std::string text_field(lua_State* L, int table, const char* name, std::string_view what) {
  lua_getfield(L, table, name);
  if (!lua_isnil(L, -1)) {
    check_type(L, -1, LUA_TSTRING, fmt::format("{} of {}", name, what));
    Budget::of(L).charge(L, 1 + lua_rawlen(L, -1) / 64);  // one long text may stand in many tables
  }
  std::string text = lua_isnil(L, -1) ? std::string() : std::string(check_text(L, -1));
  lua_pop(L, 1);
  return text;
}

void check_word(lua_State* L, std::string_view word, const std::string& what,
                std::span<const std::string_view> known) {
  Budget::of(L).charge(L, 1 + known.size() / 16);
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  fail_at(L, word, fmt::format("{}: '{}' is not known{}", what, word, suggestion(word, known)));
}

void push_json(lua_State* L, const Json& document) {
  luaL_checkstack(L, 4, "nested documents");
  switch (document.type()) {
    case Json::value_t::boolean:
      lua_pushboolean(L, document.get<bool>());
      return;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      lua_pushinteger(L, document.get<std::int64_t>());
      return;
    case Json::value_t::number_float:
      lua_pushnumber(L, document.get<double>());
      return;
    case Json::value_t::string: {
      // No string in a sandbox holds a NUL (sandbox.cpp says why).
      std::string text = document.get<std::string>();
      for (std::size_t at = 0; (at = text.find('\0', at)) != text.npos;) text.replace(at, 1, " ");
      push_text(L, text);
      return;
    }
    case Json::value_t::array: {
      lua_createtable(L, static_cast<int>(std::min<std::size_t>(document.size(), 1024)), 0);
      lua_Integer at = 0;
      for (const Json& element : document) {
        push_json(L, element);
        lua_rawseti(L, -2, ++at);
      }
      return;
    }
    case Json::value_t::object:
      lua_createtable(L, 0, static_cast<int>(std::min<std::size_t>(document.size(), 1024)));
      for (const auto& member : document.items()) {
        push_text(L, member.key());
        push_json(L, member.value());
        lua_rawset(L, -3);
      }
      return;
    default:
      lua_pushnil(L);
  }
}

Json to_json(lua_State* L, int index, InnerNone inner_none) {
  Count count;
  count.inner_none = inner_none;
  return value_to_json(L, lua_absindex(L, index), 0, count);
}

void push_none(lua_State* L) {
  lua_pushlightuserdata(L, const_cast<char*>(&kNone));
}

bool is_none(lua_State* L, int index) {
  return lua_touserdata(L, index) == &kNone;
}

}  // namespace mortise::script
