// Arithmetic with days and local times, on core's calendar and zones: scripts have no clock, but
// they have to say when an event ends.
#include "core/time.hpp"
#include "core/zones.hpp"
#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"

namespace mortise::script {
namespace {

template <class T>
T value_or_raise(lua_State* L, Result<T> result) {
  if (!result) luaL_error(L, "%s", result.error().message.c_str());
  return std::move(result).value();
}

core::LocalSeconds check_local(lua_State* L, int index) {
  return value_or_raise(L, core::parse_local(check_text(L, index)));
}

core::LocalSeconds shown(lua_State* L, core::Instant instant, std::string_view zone) {
  return value_or_raise(L, core::to_local(instant, zone));
}

// times.add(start, seconds, zone): the local time that many seconds later. In a zone, so that the
// night when clocks change counts its real hours; days without one.
int times_add(lua_State* L) {
  const std::string_view start = check_text(L, 1);
  const lua_Integer seconds = luaL_checkinteger(L, 2);
  luaL_argcheck(L, seconds >= -40'000'000'000 && seconds <= 40'000'000'000, 2, "too far away");
  Budget::of(L).charge(L, 50);
  if (lua_isnoneornil(L, 3)) {
    push_text(L, core::format_local(check_local(L, 1) + seconds));
    return 1;
  }
  const std::string_view zone = check_text(L, 3);
  const auto instant =
      value_or_raise(L, core::to_instant(value_or_raise(L, core::parse_local(start)), zone));
  push_text(L, core::format_local(shown(L, instant + seconds * core::kMillisPerSecond, zone)));
  return 1;
}

// times.between(start, end, zone): seconds.
int times_between(lua_State* L) {
  Budget::of(L).charge(L, 50);
  const core::LocalSeconds start = check_local(L, 1), end = check_local(L, 2);
  if (lua_isnoneornil(L, 3)) {
    lua_pushinteger(L, end - start);
    return 1;
  }
  const std::string_view zone = check_text(L, 3);
  const auto from = value_or_raise(L, core::to_instant(start, zone));
  const auto to = value_or_raise(L, core::to_instant(end, zone));
  lua_pushinteger(L, (to - from) / core::kMillisPerSecond);
  return 1;
}

// times.add_days("2026-11-23", 1)
int times_add_days(lua_State* L) {
  const auto day = value_or_raise(L, core::parse_day(check_text(L, 1)));
  const lua_Integer days = luaL_checkinteger(L, 2);
  luaL_argcheck(L, days >= -400'000 && days <= 400'000, 2, "too far away");
  push_text(L, core::format_day(day + static_cast<core::Day>(days)));
  return 1;
}

// times.days("2026-11-23", "2026-11-25"): 2
int times_days(lua_State* L) {
  const auto from = value_or_raise(L, core::parse_day(check_text(L, 1)));
  const auto to = value_or_raise(L, core::parse_day(check_text(L, 2)));
  lua_pushinteger(L, to - from);
  return 1;
}

// times.duration(5760): "PT1H36M"
int times_duration(lua_State* L) {
  const lua_Integer seconds = luaL_checkinteger(L, 1);
  luaL_argcheck(L, seconds >= 0, 1, "a duration is not negative");
  push_text(L, core::format_duration(seconds));
  return 1;
}

// times.day_duration(2): "P2D"
int times_day_duration(lua_State* L) {
  const lua_Integer days = luaL_checkinteger(L, 1);
  luaL_argcheck(L, days >= 0 && days <= 400'000, 1, "a number of days is expected");
  push_text(L, core::format_days(days));
  return 1;
}

// times.seconds("PT1H36M"): 5760
int times_seconds(lua_State* L) {
  lua_pushinteger(L, value_or_raise(L, core::parse_duration(check_text(L, 1))));
  return 1;
}

// times.in_zone("2026-11-23T18:00:00+01:00", "Europe/Madrid"): "2026-11-23T18:00:00". What is local
// already stays.
int times_in_zone(lua_State* L) {
  const std::string_view text = check_text(L, 1), zone = check_text(L, 2);
  Budget::of(L).charge(L, 50);
  if (core::parse_local(text)) {
    push_text(L, text);
    return 1;
  }
  push_text(L, core::format_local(shown(L, value_or_raise(L, core::parse_instant(text)), zone)));
  return 1;
}

}  // namespace

void install_times(lua_State* L) {
  const luaL_Reg functions[] = {{"add", &times_add},         {"add_days", &times_add_days},
                                {"between", &times_between}, {"day_duration", &times_day_duration},
                                {"days", &times_days},       {"duration", &times_duration},
                                {"in_zone", &times_in_zone}, {"seconds", &times_seconds},
                                {nullptr, nullptr}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  set_library(L, "times");
}

}  // namespace mortise::script
