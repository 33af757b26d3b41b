// The clock of a series: slots from instants without zone data, held against zone data.
#include "series.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "core/zones.hpp"

using google_calendar::clock_of;
using google_calendar::kDay;
using google_calendar::last_start;
using google_calendar::SeriesClock;
using google_calendar::slot_at;
using google_calendar::write_local;
using Json = nlohmann::json;

namespace {

std::int64_t instant_s(std::int64_t wall_s, const std::string& zone) {
  return mortise::core::to_instant(wall_s, zone).value() / 1000;
}

Json day_series(const std::string& line) {
  return {{"start", {{"date", "2026-01-31"}}},
          {"end", {{"date", "2026-02-01"}}},
          {"recurrence", {line}}};
}

}  // namespace

TEST_CASE("google: every daily slot of three years is known by its instant, in zones of all sorts",
          "[google][series]") {
  // Summer time of an hour, of half an hour, of two hours, none; far east, far west; from midnight
  // on, and up to it.
  for (const std::string zone : {"Europe/Madrid", "America/New_York", "Australia/Lord_Howe",
                                 "Antarctica/Troll", "Asia/Kolkata", "Pacific/Kiritimati",
                                 "Pacific/Pago_Pago", "America/Santiago", "America/Nuuk"}) {
    for (const std::int64_t hour : {0, 2, 3, 12, 23}) {
      const std::int64_t first = 20'454 * kDay + hour * 3600 + 1800;  // 2026-01-01
      SeriesClock clock;
      clock.zone = zone;
      clock.wall_s = first;
      clock.offset_s = first - instant_s(first, zone);
      for (std::int64_t day = 0; day < 3 * 365; ++day) {
        const std::int64_t wall = first + day * kDay;
        const std::string slot = write_local(wall);
        const std::int64_t instant = instant_s(wall, zone);
        INFO(zone << " " << slot);
        REQUIRE(slot_at(clock, instant) == slot);
      }
    }
  }
}

TEST_CASE("google: a slot before the series' start is known, too", "[google][series]") {
  SeriesClock clock;
  clock.wall_s = 20'454 * kDay + 64'800;
  clock.offset_s = 3600;
  CHECK(slot_at(clock, clock.wall_s - 3600) == "2026-01-01T18:00:00");
  CHECK(slot_at(clock, clock.wall_s - 3600 - 400 * kDay) == "2024-11-27T18:00:00");
  CHECK(slot_at(clock, clock.wall_s - 7200 - kDay) == "2025-12-31T18:00:00");
}

TEST_CASE("google: a series that lists dates or hours is not regular", "[google][series]") {
  const auto regular = [](const Json& lines) {
    const Json event = {
        {"start", {{"dateTime", "2026-11-23T18:00:00+01:00"}, {"timeZone", "Europe/Madrid"}}},
        {"recurrence", lines}};
    const auto clock = clock_of(event, "2026-11-23T18:00:00");
    REQUIRE(clock);
    CHECK(clock->offset_s == 3600);
    return clock->regular;
  };
  CHECK(regular({"RRULE:FREQ=WEEKLY;BYDAY=MO,WE"}));
  CHECK(regular({"EXDATE;TZID=Europe/Madrid:20261130T180000", "RRULE:FREQ=DAILY"}));
  CHECK_FALSE(regular({"RRULE:FREQ=DAILY", "RDATE;TZID=Europe/Madrid:20261130T090000"}));
  CHECK_FALSE(regular({"RRULE:FREQ=DAILY;BYHOUR=9,18"}));
  CHECK_FALSE(regular({"RRULE:FREQ=HOURLY"}));
  const Json once = {{"start", {{"date", "2026-11-23"}}}};
  CHECK_FALSE(clock_of(once, "2026-11-23"));
  CHECK_FALSE(clock_of({{"recurrence", {"RRULE:FREQ=DAILY"}}}, ""));
}

TEST_CASE("google: how long a series may go on is told without expanding it", "[google][series]") {
  const auto days = [](const std::string& line) -> std::int64_t {
    const auto last = last_start(day_series(line), 0);
    return last ? *last / kDay : -1;
  };
  CHECK(days("RRULE:FREQ=WEEKLY;UNTIL=19700110") == 11);
  CHECK(days("RRULE:FREQ=WEEKLY;UNTIL=19700110T225959Z") == 11);
  CHECK(days("RRULE:FREQ=DAILY;COUNT=10") == 10);
  CHECK(days("RRULE:FREQ=DAILY;INTERVAL=3;COUNT=10") == 30);
  CHECK(days("RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO,TU") == 14);
  CHECK(days("RRULE:FREQ=MONTHLY;COUNT=2") == 124);
  CHECK(days("RRULE:FREQ=YEARLY;COUNT=1") == 8 * 366);
  CHECK(days("EXDATE:20260131") == 0);
  for (const char* endless :
       {"RRULE:FREQ=DAILY", "RRULE:FREQ=MONTHLY;COUNT=5;BYMONTHDAY=31", "RDATE:20260131",
        "RRULE:FREQ=DAILY;COUNT=0", "RRULE:FREQ=DAILY;COUNT=99999999999999999999",
        "RRULE:FREQ=DAILY;UNTIL=nonsense", "RRULE:FREQ=SECONDLY;COUNT=3", "RRULE:", "RRULE:;;=;"}) {
    INFO(endless);
    CHECK(days(endless) == -1);
  }
}
