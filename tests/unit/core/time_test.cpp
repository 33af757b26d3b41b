#include "core/time.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace mortise;
using namespace mortise::core;

TEST_CASE("time: the examples of RFC 3339 section 5.8", "[core][time]") {
  CHECK(parse_instant("1985-04-12T23:20:50.52Z").value() == 482'196'050'520);
  CHECK(parse_instant("1996-12-19T16:39:57-08:00").value() ==
        parse_instant("1996-12-20T00:39:57Z").value());
  CHECK(parse_instant("1990-12-31T23:59:60Z").value() ==
        parse_instant("1991-01-01T00:00:00Z").value());
  CHECK(parse_instant("1990-12-31T15:59:60-08:00").value() ==
        parse_instant("1991-01-01T00:00:00Z").value());
  CHECK(parse_instant("1937-01-01T12:00:27.87+00:20").value() ==
        parse_instant("1937-01-01T11:40:27.870Z").value());
}

TEST_CASE("time: instants are written in UTC, milliseconds where there are some", "[core][time]") {
  CHECK(format_instant(0) == "1970-01-01T00:00:00Z");
  CHECK(format_instant(1'795'170'561'007) == "2026-11-20T10:29:21.007Z");
  CHECK(format_instant(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(format_instant(parse_instant("0001-01-01T00:00:00Z").value()) == "0001-01-01T00:00:00Z");
  CHECK(format_instant(parse_instant("9999-12-31T23:59:59.9999Z").value()) ==
        "9999-12-31T23:59:59.999Z");
}

TEST_CASE("time: what is not a time is refused", "[core][time]") {
  for (const char* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T10:00:00",
                           "2026-11-20 10:00:00Z",
                           "2026-11-20T10:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-11-31T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T10:60:00Z",
                           "2026-11-20T10:00:61Z",
                           "2026-11-20T10:00:00.Z",
                           "2026-11-20T10:00:00+1:00",
                           "2026-11-20T10:00:00+24:00",
                           "2026-11-20T10:00:00Zx",
                           "+026-11-20T10:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "-0001-01-01T00:00:00Z"}) {
    INFO(text);
    CHECK_FALSE(parse_instant(text).ok());
  }
  CHECK(parse_instant("soon").error().message ==
        "\"soon\" is not an RFC 3339 time like 2026-11-23T17:00:00Z");
  CHECK_FALSE(parse_day("2026-11-23T").ok());
  CHECK_FALSE(parse_day("2100-02-29").ok());
  CHECK(parse_day("2000-02-29").ok());
  CHECK_FALSE(parse_local("2026-11-23T18:00").ok());
  CHECK_FALSE(parse_local("2026-11-23T18:00:00Z").ok());
  CHECK_FALSE(parse_local("2026-11-23T18:00:00.5").ok());
  CHECK_FALSE(parse_local("2026-11-23T23:59:60").ok());
  CHECK_FALSE(parse_local(std::string(1'000'000, '2')).ok());
}

TEST_CASE("time: instants, days and local times survive their text", "[core][time][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<Instant> instants(-62'135'596'800'000, 253'402'300'799'999);
  for (int round = 0; round < 5000; ++round) {
    const Instant instant = instants(random);
    REQUIRE(parse_instant(format_instant(instant)).value() == instant);
    const LocalSeconds local = instant / 1000;
    REQUIRE(parse_local(format_local(local)).value() == local);
    const Day day = day_of_local(local);
    REQUIRE(parse_day(format_day(day)).value() == day);
    REQUIRE(midnight(day) + time_of_day_s(local) == local);
    REQUIRE(time_of_day_s(local) >= 0);
    REQUIRE(time_of_day_s(local) < kSecondsPerDay);
    REQUIRE(monday_of(day) <= day);
    REQUIRE(day < monday_of(day) + 7);
    REQUIRE(iso_weekday(monday_of(day)) == 1);
  }
}

TEST_CASE("time: weeks begin on Mondays", "[core][time]") {
  CHECK(iso_weekday(parse_day("2026-11-20").value()) == 5);
  CHECK(iso_weekday(parse_day("1969-12-31").value()) == 3);
  CHECK(monday_of(parse_day("2026-11-22").value()) == parse_day("2026-11-16").value());
}

TEST_CASE("time: durations", "[core][time]") {
  CHECK(parse_duration("PT1H36M").value() == 5'760);
  CHECK(parse_duration("PT45M").value() == 2'700);
  CHECK(parse_duration("PT30S").value() == 30);
  CHECK(parse_duration("P1D").value() == 86'400);
  CHECK(parse_duration("P1DT1H").value() == 90'000);
  CHECK(parse_duration("P2W").value() == 1'209'600);
  CHECK(parse_duration("PT0S").value() == 0);
  CHECK(parse_duration("PT90M").value() == 5'400);
  for (const char* text : {"",
                           "P",
                           "PT",
                           "P1",
                           "1H",
                           "PT1",
                           "P1H",
                           "PT1D",
                           "PT1M1H",
                           "PT1H1H",
                           "P1W1D",
                           "P1DT",
                           "PT1.5H",
                           "-PT1H",
                           "PT-1H",
                           "P1Y",
                           "PTT1H",
                           "PT1HT1M",
                           "PT9999999999S",
                           "P1D "}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text).ok());
  }
  CHECK(format_duration(5'760) == "PT1H36M");
  CHECK(format_duration(86'400) == "PT24H");
  CHECK(format_duration(3'601) == "PT1H1S");
  CHECK(format_duration(0) == "PT0S");
  CHECK(format_days(3) == "P3D");
  for (std::int64_t seconds = 0; seconds < 200'000; seconds += 37) {
    REQUIRE(parse_duration(format_duration(seconds)).value() == seconds);
  }
}
