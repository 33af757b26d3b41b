#include "core/zones.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>
#include <vector>

#include "fakes/test_seed.hpp"
using namespace mortise;
using namespace mortise::core;

namespace {

std::string instant_of(std::string_view local, std::string_view zone) {
  return format_instant(to_instant(parse_local(local).value(), zone).value());
}

std::string local_of(std::string_view instant, std::string_view zone) {
  return format_local(to_local(parse_instant(instant).value(), zone).value());
}

}  // namespace

TEST_CASE("zones: 18:00 stays 18:00 in summer and winter", "[core][zones]") {
  CHECK(instant_of("2026-11-23T18:00:00", "Europe/Madrid") == "2026-11-23T17:00:00Z");
  CHECK(instant_of("2026-07-01T18:00:00", "Europe/Madrid") == "2026-07-01T16:00:00Z");
  CHECK(local_of("2026-07-01T16:00:00Z", "Europe/Madrid") == "2026-07-01T18:00:00");
  CHECK(instant_of("2026-07-01T18:00:00", "Asia/Kolkata") == "2026-07-01T12:30:00Z");
  CHECK(instant_of("2026-07-01T18:00:00", "UTC") == "2026-07-01T18:00:00Z");
  CHECK(instant_of("2037-07-01T18:00:00", "Europe/Madrid") == "2037-07-01T16:00:00Z");
  CHECK(instant_of("2038-07-01T18:00:00", "Europe/Madrid") == "2038-07-01T16:00:00Z");
  CHECK(local_of("2044-03-27T01:00:00Z", "Europe/Madrid") == "2044-03-27T03:00:00");
  CHECK(local_of("2044-03-27T00:59:59Z", "Europe/Madrid") == "2044-03-27T01:59:59");
  CHECK(instant_of("2180-01-01T18:00:00", "Australia/Sydney") == "2180-01-01T07:00:00Z");
}

TEST_CASE("zones: a time in the gap is shifted forward by the gap", "[core][zones]") {
  CHECK(instant_of("2027-03-28T02:30:00", "Europe/Madrid") ==
        "2027-03-28T01:30:00Z");  // 03:30 summer time
  CHECK(local_of("2027-03-28T01:30:00Z", "Europe/Madrid") == "2027-03-28T03:30:00");
  CHECK(instant_of("2026-10-04T02:15:00", "Australia/Lord_Howe") ==
        "2026-10-03T15:45:00Z");  // a gap of 30 minutes
  CHECK(instant_of("2011-12-30T12:00:00", "Pacific/Apia") ==
        "2011-12-30T22:00:00Z");  // a day that never was
}

TEST_CASE("zones: a time that exists twice is the first", "[core][zones]") {
  CHECK(instant_of("2026-10-25T02:30:00", "Europe/Madrid") == "2026-10-25T00:30:00Z");
  CHECK(local_of("2026-10-25T00:30:00Z", "Europe/Madrid") == "2026-10-25T02:30:00");
  CHECK(local_of("2026-10-25T01:30:00Z", "Europe/Madrid") == "2026-10-25T02:30:00");
}

TEST_CASE("zones: names are exact and the nearest one is offered", "[core][zones]") {
  CHECK(zone_exists("Europe/Madrid"));
  CHECK(zone_exists("UTC"));
  CHECK(zone_exists("America/Argentina/Buenos_Aires"));
  for (const char* name :
       {"", "Europe", "europe/madrid", "Europe/Madird", "../../../etc/passwd", "/etc/localtime",
        "posix/Europe/Madrid", "right/Europe/Madrid", "zone.tab", "CET-1CEST"}) {
    INFO(name);
    CHECK_FALSE(zone_exists(name));
    CHECK_FALSE(to_instant(0, name).ok());
    CHECK_FALSE(to_local(0, name).ok());
  }
  CHECK(nearest_zone("Europe/Madird") == "Europe/Madrid");
  CHECK(nearest_zone("europe/madrid") == "Europe/Madrid");
  CHECK(nearest_zone("Madrid") == "Europe/Madrid");
  CHECK(nearest_zone("new york") == "America/New_York");
  CHECK_FALSE(nearest_zone("").has_value());
  CHECK(to_instant(0, "Europe/Madird").error().message ==
        "\"Europe/Madird\" is not a time zone; did you mean Europe/Madrid?");
}

TEST_CASE("zones: a month is the calendar month of the zone", "[core][zones]") {
  const auto month = [](std::string_view instant, std::string_view zone) {
    return month_of(parse_instant(instant).value(), zone).value();
  };
  const auto end = [](std::string_view instant, std::string_view zone) {
    return format_instant(month_end(parse_instant(instant).value(), zone).value());
  };
  CHECK(month("2026-11-30T22:59:59Z", "Europe/Madrid") == "2026-11");
  CHECK(month("2026-11-30T23:00:00Z", "Europe/Madrid") == "2026-12");
  CHECK(end("2026-11-20T10:00:00Z", "Europe/Madrid") == "2026-11-30T23:00:00Z");
  CHECK(end("2026-12-31T22:00:00Z", "Europe/Madrid") == "2026-12-31T23:00:00Z");
  CHECK(end("2027-03-10T00:00:00Z", "Europe/Madrid") == "2027-03-31T22:00:00Z");
  CHECK(end("2026-11-01T03:00:00Z", "America/New_York") == "2026-11-01T04:00:00Z");
}

TEST_CASE("zones: a month ends where the next begins", "[core][zones][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string zones[] = {"Europe/Madrid", "America/Sao_Paulo", "Asia/Kathmandu",
                               "Pacific/Apia", "UTC"};
  std::uniform_int_distribution<Instant> instants(0, 4'000'000'000'000);
  for (int round = 0; round < 2000; ++round) {
    const Instant now = instants(random);
    const std::string& zone = zones[random() % std::size(zones)];
    const Instant end = month_end(now, zone).value();
    REQUIRE(end > now);
    REQUIRE(month_of(end - 1, zone).value() == month_of(now, zone).value());
    REQUIRE(month_of(end, zone).value() != month_of(now, zone).value());
    const LocalSeconds local = to_local(now, zone).value();
    REQUIRE(to_local(to_instant(local, zone).value(), zone).value() == local);
  }
}

TEST_CASE("zones: a plan's own counts before its account's, that before the host's",
          "[core][zones]") {
  const std::string host = "UTC";
  Account account;
  Plan plan;
  CHECK(zone_of(account, host) == "UTC");
  CHECK(zone_of(plan, account, host) == "UTC");
  account.zone = "Asia/Tokyo";
  CHECK(zone_of(account, host) == "Asia/Tokyo");
  CHECK(zone_of(plan, account, host) == "Asia/Tokyo");
  plan.zone = "Europe/Madrid";
  CHECK(zone_of(plan, account, host) == "Europe/Madrid");
}

TEST_CASE("zones: many threads may ask at once", "[core][zones]") {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const LocalSeconds local = 1'795'000'000 + round * 86'400;
        if (to_local(to_instant(local, "America/Bogota").value(), "America/Bogota").value() !=
            local)
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
