#include <algorithm>
#include <vector>

#include "script/budget.hpp"
#include "script/libraries.hpp"

namespace mortise::script {
namespace {

constexpr lua_Integer kMostUnpacked = 250;
constexpr lua_Integer kMostSorted = 50'000;

lua_Integer length_of_list(lua_State* L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  return static_cast<lua_Integer>(lua_rawlen(L, index));
}

int table_concat(lua_State* L) {
  const lua_Integer length = length_of_list(L, 1);
  const std::string_view separator = lua_isnoneornil(L, 2) ? "" : check_text(L, 2);
  const lua_Integer first = luaL_optinteger(L, 3, 1);
  const lua_Integer last = luaL_optinteger(L, 4, length);
  TextBuilder text(L);
  for (lua_Integer i = first; i <= last; ++i) {
    lua_geti(L, 1, i);
    if (lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER) {
      return luaL_error(L, "the value at index %I is a %s, not a text", static_cast<LUAI_UACINT>(i),
                        luaL_typename(L, -1));
    }
    text.add(check_text(L, -1));
    lua_pop(L, 1);
    if (i == last) break;  // before ++i could overflow
    text.add(separator);
  }
  push_text(L, text.text());
  return 1;
}

int table_insert(lua_State* L) {
  const lua_Integer end = length_of_list(L, 1) + 1;
  lua_Integer position = end;
  if (lua_gettop(L) == 3) {
    position = luaL_checkinteger(L, 2);
    luaL_argcheck(L, position >= 1 && position <= end, 2, "position out of the list");
  } else if (lua_gettop(L) != 2) {
    return luaL_error(L, "insert takes a list, a position if wanted, and a value");
  }
  Budget::of(L).charge(L, static_cast<std::uint64_t>(end - position) + 1);
  for (lua_Integer i = end; i > position; --i) {
    lua_geti(L, 1, i - 1);
    lua_seti(L, 1, i);
  }
  lua_seti(L, 1, position);
  return 0;
}

int table_remove(lua_State* L) {
  const lua_Integer length = length_of_list(L, 1);
  const lua_Integer position = luaL_optinteger(L, 2, length);
  if (length == 0 && (position == 0 || position == 1)) {
    lua_pushnil(L);
    return 1;
  }
  luaL_argcheck(L, position >= 1 && position <= length + 1, 2, "position out of the list");
  Budget::of(L).charge(L, static_cast<std::uint64_t>(length + 1 - position) + 1);
  lua_geti(L, 1, position);
  for (lua_Integer i = position; i < length; ++i) {
    lua_geti(L, 1, i + 1);
    lua_seti(L, 1, i);
  }
  if (position <= length) {
    lua_pushnil(L);
    lua_seti(L, 1, length);
  }
  return 1;
}

int table_unpack(lua_State* L) {
  const lua_Integer length = length_of_list(L, 1);
  const lua_Integer first = luaL_optinteger(L, 2, 1);
  const lua_Integer last = luaL_optinteger(L, 3, length);
  if (first > last) return 0;
  // Unsigned: the distance of two integers may not fit in one.
  const auto distance = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
  if (distance >= static_cast<lua_Unsigned>(kMostUnpacked)) {
    return luaL_error(L, "unpack gives at most %d values", static_cast<int>(kMostUnpacked));
  }
  const int count = static_cast<int>(distance) + 1;
  Budget::of(L).charge(L, static_cast<std::uint64_t>(count));
  luaL_checkstack(L, count, "unpack");
  for (int i = 0; i < count; ++i) lua_geti(L, 1, first + i);
  return count;
}

// a[left] < a[right], by the function at index 2 or by Lua's own order. The list is at index 1.
bool comes_before(lua_State* L, lua_Integer left, lua_Integer right) {
  Budget::of(L).charge(L, 4);
  const bool own_order = lua_isnil(L, 2);
  if (!own_order) lua_pushvalue(L, 2);
  lua_geti(L, 1, left);
  lua_geti(L, 1, right);
  bool before = false;
  if (own_order) {
    before = lua_compare(L, -2, -1, LUA_OPLT) != 0;
    lua_pop(L, 2);
  } else {
    lua_call(L, 2, 1);
    before = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
  }
  return before;
}

// Merges two sorted halves of `order` by way of `scratch`. Written out because an order that
// contradicts itself must do no harm, which std::sort and std::stable_sort do not promise.
void merge_halves(lua_State* L, std::vector<int>& order, std::vector<int>& scratch,
                  std::size_t begin, std::size_t middle, std::size_t end) {
  std::size_t left = begin, right = middle;
  for (std::size_t out = begin; out < end; ++out) {
    const bool take_right =
        left == middle || (right < end && comes_before(L, order[right], order[left]));
    scratch[out] = order[take_right ? right++ : left++];
  }
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(begin),
            scratch.begin() + static_cast<std::ptrdiff_t>(end),
            order.begin() + static_cast<std::ptrdiff_t>(begin));
}

// Stable, so that equal elements keep their order on every machine.
int table_sort(lua_State* L) {
  const lua_Integer length = length_of_list(L, 1);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  luaL_argcheck(L, length <= kMostSorted, 1, "too long to sort");
  const auto size = static_cast<std::size_t>(length);
  Budget::of(L).charge(L, size);
  std::vector<int> order(size), scratch(size);
  for (std::size_t i = 0; i < size; ++i) order[i] = static_cast<int>(i) + 1;
  for (std::size_t width = 1; width < size; width *= 2) {
    for (std::size_t begin = 0; begin + width < size; begin += 2 * width) {
      merge_halves(L, order, scratch, begin, begin + width, std::min(begin + 2 * width, size));
    }
  }
  lua_createtable(L, static_cast<int>(std::min<std::size_t>(size, 1024)), 0);
  for (std::size_t i = 0; i < size; ++i) {
    lua_geti(L, 1, order[i]);
    lua_rawseti(L, 3, static_cast<lua_Integer>(i) + 1);
  }
  for (lua_Integer i = 1; i <= length; ++i) {
    lua_rawgeti(L, 3, i);
    lua_seti(L, 1, i);
  }
  return 0;
}

}  // namespace

void install_table(lua_State* L) {
  const luaL_Reg functions[] = {{"concat", &table_concat}, {"insert", &table_insert},
                                {"remove", &table_remove}, {"sort", &table_sort},
                                {"unpack", &table_unpack}, {nullptr, nullptr}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  set_library(L, "table");
}

}  // namespace mortise::script
