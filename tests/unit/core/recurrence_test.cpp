#include "core/recurrence.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <random>
#include <set>

#include "core/occurrence.hpp"
#include "core/recurrence_lines.hpp"
#include "core/time.hpp"
#include "core/zones.hpp"
#include "fakes/test_seed.hpp"

using namespace mortise;
using namespace mortise::core;

namespace {

constexpr const char* kMadrid = "Europe/Madrid";
constexpr Instant kFar = 2'200'000'000'000;  // in 2039
using Texts = std::vector<std::string>;

Task timed(std::string start, Texts lines, std::string zone = kMadrid) {
  Task task;
  task.title = "Swim";
  task.duration_s = 3'600;
  task.schedule = {ScheduleKind::timed, ScheduleOrigin::person, std::move(start), "",
                   std::move(zone)};
  task.due = task.schedule.start.substr(0, 10);
  task.recurrence = std::move(lines);
  return task;
}

Task all_day(std::string start, Texts lines, std::string end = "") {
  Task task;
  task.title = "Fair";
  task.schedule = {ScheduleKind::all_day, ScheduleOrigin::person, std::move(start), std::move(end),
                   ""};
  task.due = task.schedule.start;
  task.recurrence = std::move(lines);
  return task;
}

Texts slots(const Task& task, std::size_t limit = 1'000, Instant from = -kFar, Instant to = kFar) {
  const auto found = occurrences(task, kMadrid, from, to, limit);
  if (!found) UNSCOPED_INFO(found.error().message);
  REQUIRE(found.ok());
  Texts names;
  for (const Occurrence& each : *found) names.push_back(each.slot);
  return names;
}

// What this program has cost so far: says the same on a busy machine.
double cpu_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Instant at(std::string_view text) {
  return parse_instant(text).value();
}

}  // namespace

TEST_CASE("recurrence: rules count days on the wall clock", "[core][recurrence]") {
  CHECK(slots(timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;COUNT=3"})) ==
        Texts{"2026-11-23T18:00:00", "2026-11-30T18:00:00", "2026-12-07T18:00:00"});
  CHECK(slots(timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"}), 4) ==
        Texts{"2026-11-23T18:00:00", "2026-11-25T18:00:00", "2026-12-07T18:00:00",
              "2026-12-09T18:00:00"});
  CHECK(slots(all_day("2026-01-31", {"RRULE:FREQ=MONTHLY;COUNT=3"})) ==
        Texts{"2026-01-31", "2026-03-31", "2026-05-31"});
  CHECK(slots(all_day("2026-11-27", {"RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2"})) ==
        Texts{"2026-11-27", "2026-12-25"});
  CHECK(slots(all_day("2024-02-29", {"RRULE:FREQ=YEARLY"}), 3) ==
        Texts{"2024-02-29", "2028-02-29", "2032-02-29"});
  CHECK(slots(all_day("2026-11-30", {"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}), 3) ==
        Texts{"2026-11-30", "2026-12-31", "2027-01-29"});
}

TEST_CASE("recurrence: the start always happens, other dates come and go", "[core][recurrence]") {
  CHECK(slots(timed("2026-11-23T18:00:00",
                    {"RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2", "RDATE:20261126T170000Z",
                     "RDATE;TZID=America/New_York:20261127T120000",
                     "EXDATE;TZID=Europe/Madrid:20261201T180000"})) ==
        Texts{"2026-11-23T18:00:00", "2026-11-24T18:00:00", "2026-11-26T18:00:00",
              "2026-11-27T18:00:00"});
  CHECK(slots(timed("2026-11-23T18:00:00",
                    {"RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20261123,20261125"})) ==
        Texts{"2026-11-24T18:00:00", "2026-11-26T18:00:00"});
  CHECK(slots(all_day("2026-11-23", {"RDATE;VALUE=DATE:20261201,20261123", "EXDATE:20261202"})) ==
        Texts{"2026-11-23", "2026-12-01"});
  CHECK(slots(timed("2026-11-23T18:00:00", {"EXDATE:20261123T170000Z"})).empty());
}

TEST_CASE("recurrence: UNTIL is the last moment, of whatever type it is", "[core][recurrence]") {
  const auto last = [](const Task& task) { return slots(task).back(); };
  const auto until = [&](const char* text) {
    return last(timed("2026-11-23T18:00:00", {std::string("RRULE:FREQ=DAILY;UNTIL=") + text}));
  };
  CHECK(until("20261125T170000Z") == "2026-11-25T18:00:00");
  CHECK(until("20261125T165959Z") == "2026-11-24T18:00:00");
  CHECK(until("20261125T180000") == "2026-11-25T18:00:00");
  CHECK(until("20261125") == "2026-11-25T18:00:00");
  CHECK(last(all_day("2026-11-23", {"RRULE:FREQ=DAILY;UNTIL=20261125"})) == "2026-11-25");
  CHECK(last(all_day("2026-11-23", {"RRULE:FREQ=DAILY;UNTIL=20261125T230000Z"})) == "2026-11-26");
  CHECK(slots(all_day("2026-11-23", {"RRULE:FREQ=DAILY;UNTIL=20200101"})) == Texts{"2026-11-23"});
}

TEST_CASE("recurrence: the wall time stays when clocks change, and slots are what the clock shows",
          "[core][recurrence]") {
  const Task spring = timed("2027-03-27T02:30:00", {"RRULE:FREQ=DAILY;COUNT=3"});
  CHECK(slots(spring) ==
        Texts{"2027-03-27T02:30:00", "2027-03-28T03:30:00", "2027-03-29T02:30:00"});
  const auto found = occurrences(spring, kMadrid, 0, kFar, 9).value();
  CHECK(format_instant(found[1].start_ms) == "2027-03-28T01:30:00Z");
  CHECK(is_occurrence(spring, "2027-03-28T03:30:00", kMadrid).value());
  CHECK_FALSE(is_occurrence(spring, "2027-03-28T02:30:00", kMadrid).value());

  const Task autumn = timed("2026-10-24T02:30:00", {"RRULE:FREQ=DAILY;COUNT=3"});
  const auto twice = occurrences(autumn, kMadrid, 0, kFar, 9).value();
  CHECK(format_instant(twice[1].start_ms) == "2026-10-25T00:30:00Z");  // the first of the two
  CHECK(format_instant(twice[2].start_ms) == "2026-10-26T01:30:00Z");
}

TEST_CASE("recurrence: a slot that is told by the rule is the one that the clock shows",
          "[core][recurrence]") {
  const auto daily = [](const char* start, const char* zone) {
    return timed(start, {"RRULE:FREQ=DAILY"}, zone);
  };
  const auto check = [](const Task& task, const char* by_rule, const char* shown) {
    INFO(task.schedule.zone << " " << by_rule);
    CHECK(shown_slot(task, by_rule, kMadrid) == shown);
    CHECK(shown_slot(task, shown, kMadrid) == shown);
    CHECK(is_occurrence(task, shown, kMadrid).value());
  };
  const Task madrid = daily("2026-10-01T02:30:00", kMadrid);
  check(madrid, "2027-03-28T02:30:00", "2027-03-28T03:30:00");
  check(madrid, "2027-03-29T02:30:00", "2027-03-29T02:30:00");
  check(madrid, "2026-10-25T02:30:00", "2026-10-25T02:30:00");  // exists twice
  check(daily("2026-10-01T02:30:00", ""), "2027-03-28T02:30:00", "2027-03-28T03:30:00");
  // Clocks that skip midnight, and an evening that is the next day.
  check(daily("2026-10-01T00:00:00", "Asia/Beirut"), "2027-03-28T00:00:00", "2027-03-28T01:00:00");
  check(daily("2026-11-01T23:30:00", "America/Nuuk"), "2027-03-27T23:30:00", "2027-03-28T00:30:00");
  // Of days, and of no series at all, nothing is known better.
  CHECK(shown_slot(all_day("2027-03-01", {"RRULE:FREQ=DAILY"}), "2027-03-28", "Asia/Beirut") ==
        "2027-03-28");
  for (const char* other : {"2027-03-28", "nonsense", ""}) {
    CHECK(shown_slot(madrid, other, kMadrid) == other);
  }
  CHECK(shown_slot(timed("2026-10-01T02:30:00", {}), "2027-03-28T02:30:00", kMadrid) ==
        "2027-03-28T02:30:00");
}

TEST_CASE("recurrence: a slot that is a time is an instant", "[core][recurrence]") {
  const auto daily = [](const char* start, const char* zone) {
    return timed(start, {"RRULE:FREQ=DAILY"}, zone);
  };
  const Task madrid = daily("2026-10-01T02:30:00", kMadrid);
  const auto instant = [&](const char* slot) { return instant_of_slot(madrid, slot, "UTC"); };
  CHECK(instant("2026-11-23T02:30:00") == at("2026-11-23T01:30:00Z"));
  CHECK(instant("2027-03-28T03:30:00") == at("2027-03-28T01:30:00Z"));  // 02:30 does not exist
  CHECK(instant("2027-03-28T02:30:00") == at("2027-03-28T01:30:00Z"));
  CHECK(instant("2026-10-25T02:30:00") == at("2026-10-25T00:30:00Z"));  // the first of two
  CHECK(instant("1999-01-01T12:00:00") == at("1999-01-01T11:00:00Z"));  // it need not happen
  for (const char* other : {"2026-11-23", "nonsense", ""}) CHECK(instant(other) == std::nullopt);
  CHECK(instant_of_slot(daily("2026-10-01T02:30:00", ""), "2026-11-23T02:30:00", kMadrid) ==
        at("2026-11-23T01:30:00Z"));
  CHECK(instant_of_slot(all_day("2027-03-01", {"RRULE:FREQ=DAILY"}), "2027-03-28", kMadrid) ==
        std::nullopt);
  CHECK(instant_of_slot(timed("2026-10-01T02:30:00", {}), "2026-11-23T02:30:00", kMadrid) ==
        std::nullopt);
}

TEST_CASE("recurrence: an UNTIL in the hour that exists twice counts instants",
          "[core][recurrence]") {
  // 02:30 is 00:30Z; an UNTIL of 01:15Z is 02:15 on the clock, and yet later.
  CHECK(slots(timed("2026-10-24T02:30:00", {"RRULE:FREQ=DAILY;UNTIL=20261025T011500Z"})) ==
        Texts{"2026-10-24T02:30:00", "2026-10-25T02:30:00"});
}

TEST_CASE("recurrence: zones far from Greenwich lose no day", "[core][recurrence]") {
  for (const char* zone : {"Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Apia"}) {
    INFO(zone);
    for (const char* start : {"2026-11-23T00:00:00", "2026-11-23T23:59:59"}) {
      const Task task = timed(start, {"RRULE:FREQ=DAILY;UNTIL=20261202T120000Z"}, zone);
      const auto found = occurrences(task, kMadrid, 0, kFar, 99).value();
      CHECK(found.back().start_ms <= at("2026-12-02T12:00:00Z"));
      CHECK(found.back().start_ms > at("2026-12-01T12:00:00Z"));
      const auto last = occurrences(task, kMadrid, found.back().start_ms, kFar, 99).value();
      CHECK(last.size() == 1);
    }
  }
}

TEST_CASE("recurrence: a window holds what overlaps it", "[core][recurrence]") {
  const Task task = timed("2026-11-23T18:00:00", {"RRULE:FREQ=DAILY"});
  CHECK(slots(task, 9, at("2026-11-24T17:30:00Z"), at("2026-11-25T17:00:00Z")) ==
        Texts{"2026-11-24T18:00:00"});
  CHECK(slots(task, 9, at("2026-11-24T18:00:00Z"), at("2026-11-25T17:00:01Z")) ==
        Texts{"2026-11-25T18:00:00"});
  CHECK(slots(task, 2, at("2030-01-01T00:00:00Z"), at("2031-01-01T00:00:00Z")) ==
        Texts{"2030-01-01T18:00:00", "2030-01-02T18:00:00"});
  const Task fair = all_day("2026-11-23", {"RRULE:FREQ=WEEKLY"}, "2026-11-26");
  CHECK(slots(fair, 9, at("2026-11-25T22:00:00Z"), at("2026-11-29T23:00:01Z")) ==
        Texts{"2026-11-23", "2026-11-30"});
  CHECK(slots(fair, 9, at("2026-11-25T23:00:00Z"), at("2026-11-29T23:00:00Z")).empty());
}

TEST_CASE("recurrence: a moved occurrence is found where it is, under the name it had",
          "[core][recurrence]") {
  Task task = timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;COUNT=4"});
  put_override(
      task, {"2026-12-14T18:00:00", false,
             R"({"schedule":{"kind":"timed","origin":"person","start":"2026-11-24T09:00:00"}})"});
  put_override(task, {"2026-11-30T18:00:00", true, "{}"});
  CHECK(slots(task) == Texts{"2026-11-23T18:00:00", "2026-12-14T18:00:00", "2026-11-30T18:00:00",
                             "2026-12-07T18:00:00"});
  CHECK(slots(task, 9, at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z")) ==
        Texts{"2026-12-14T18:00:00"});
  CHECK(slots(task, 9, at("2026-12-14T00:00:00Z"), at("2026-12-15T00:00:00Z")).empty());
  CHECK(occurrences(task, kMadrid, 0, kFar, 9).value()[2].task.status == TaskStatus::cancelled);
}

TEST_CASE("recurrence: lines that are not good are refused with a sentence", "[core][recurrence]") {
  const auto refused = [](const char* line) {
    return recurrence_complaint(line).value_or("accepted");
  };
  const std::string no_line = "must be a line of RFC 5545 that begins with RRULE, RDATE or EXDATE";
  for (const char* line :
       {"", "RRULE", "RRULE:", "FREQ=DAILY", "EXRULE:FREQ=DAILY", "DTSTART:20261123",
        "rrule:FREQ=DAILY", "RRULE;X=1:FREQ=DAILY", "RRULE:FREQ=DAILY\n", "RDATEX:20261123"}) {
    INFO(line);
    CHECK(refused(line) == no_line);
  }
  CHECK(refused("RRULE:FREQ=SECONDLY") == "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY");
  CHECK(refused("RRULE:FREQ=HOURLY;COUNT=3") == "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY");
  CHECK(refused("RRULE:INTERVAL=2") == "FREQ is missing");
  CHECK(refused("RRULE:FREQ=DAILY;FREQ=DAILY") == "FREQ is there twice");
  CHECK(refused("RRULE:FREQ=DAILY;") == "\"\" is no NAME=value");
  CHECK(refused("RRULE:FREQ=DAILY;COUNT=0") == "COUNT must be from 1 to 100000");
  CHECK(refused("RRULE:FREQ=DAILY;COUNT=-1") == "COUNT must be from 1 to 100000");
  CHECK(refused("RRULE:FREQ=DAILY;COUNT=99999999999999999999") == "COUNT must be from 1 to 100000");
  CHECK(refused("RRULE:FREQ=DAILY;INTERVAL=0") == "INTERVAL must be from 1 to 1000");
  CHECK(refused("RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261231") == "COUNT and UNTIL exclude each other");
  CHECK(refused("RRULE:FREQ=DAILY;UNTIL=20261341") ==
        "UNTIL must be like 20261231 or 20261231T225959Z");
  CHECK(refused("RRULE:FREQ=DAILY;BYHOUR=9,17") ==
        "BYHOUR is not taken: a task has one time of day");
  CHECK(refused("RRULE:FREQ=WEEKLY;BYDAY=2MO") == "counted days go with MONTHLY and YEARLY");
  CHECK(refused("RRULE:FREQ=WEEKLY;BYDAY=") == "BYDAY must be days like MO, 2TU or -1FR");
  CHECK(refused("RRULE:FREQ=WEEKLY;BYDAY=54MO") ==
        "BYDAY must count from 1 to 53, or from the end");
  CHECK(refused("RRULE:FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1") ==
        "BYSETPOS goes with MONTHLY and YEARLY");
  CHECK(refused("RRULE:FREQ=MONTHLY;BYMONTHDAY=32") ==
        "BYMONTHDAY must be numbers from 1 to 31, or negative ones from the end");
  CHECK(refused("RRULE:FREQ=YEARLY;BYMONTH=-1") == "BYMONTH must be numbers from 1 to 12");
  CHECK(refused("RRULE:FREQ=DAILY;RSCALE=HEBREW") == "RSCALE is no part of a rule");
  CHECK(refused("RDATE;VALUE=PERIOD:20261123T180000/PT1H") == "VALUE=PERIOD is not taken");
  CHECK(refused("EXDATE:2026-11-23") ==
        "\"2026-11-23\" is no date like 20261123 or 20261123T180000");
  CHECK(refused("EXDATE;TZID=Europe/Madird:20261123T180000") ==
        "\"Europe/Madird\" is not a time zone; did you mean Europe/Madrid?");
}

TEST_CASE("recurrence: rules by which nothing ever happens are refused in good time",
          "[core][recurrence]") {
  const double begin_s = cpu_s();
  for (const char* line :
       {"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31", "RRULE:FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=3",
        "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6", "RRULE:FREQ=WEEKLY;BYMONTHDAY=3",
        "RRULE:FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1,2;BYSETPOS=2",
        "RRULE:FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=30"}) {
    INFO(line);
    CHECK(recurrence_complaint(line) == "is a rule by which nothing ever happens");
  }
  for (const char* line :
       {"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "RRULE:INTERVAL=7;FREQ=DAILY",
        "RRULE:FREQ=MONTHLY;BYMONTH=2;BYDAY=5MO", "RRULE:FREQ=YEARLY;BYWEEKNO=53",
        "RRULE:FREQ=YEARLY;BYYEARDAY=366", "RRULE:FREQ=DAILY;INTERVAL=1000",
        "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;WKST=SU"}) {
    INFO(line);
    CHECK_FALSE(recurrence_complaint(line).has_value());
  }
  CHECK(cpu_s() - begin_s < 20);  // with sanitizers
}

TEST_CASE("recurrence: no series is counted without end", "[core][recurrence]") {
  Texts many;
  for (int i = 0; i < 20; ++i)
    many.push_back("RRULE:FREQ=DAILY;INTERVAL=1000;BYMONTHDAY=31;BYMONTH=12");
  const double begin_s = cpu_s();
  CHECK(occurrences(timed("1900-01-01T18:00:00", many), kMadrid, 0, kFar, 10).ok());
  CHECK(slots(timed("1900-01-01T18:00:00", {"RRULE:FREQ=DAILY"}), 1, at("2199-01-01T00:00:00Z"),
              at("2199-02-01T00:00:00Z")) == Texts{"2199-01-01T18:00:00"});
  CHECK(cpu_s() - begin_s < 60);  // with sanitizers
}

TEST_CASE("recurrence: hostile lines are refused or bounded, never worse",
          "[core][recurrence][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const char* const pieces[] = {";BYDAY=MO",
                                ";BYDAY=-1FR,TU",
                                ";BYMONTHDAY=-31,5",
                                ";BYYEARDAY=366",
                                ";BYWEEKNO=53",
                                ";BYMONTH=2",
                                ";BYSETPOS=-1",
                                ";WKST=SU",
                                ";INTERVAL=999",
                                ";COUNT=99999",
                                ";UNTIL=20261231T235959Z",
                                ";UNTIL=",
                                ";COUNT=-1",
                                ";BYDAY=",
                                ";FREQ=SECONDLY",
                                ";RSCALE=X",
                                ",20261123",
                                "T180000",
                                "Z",
                                ";TZID=Europe/Madrid",
                                ";VALUE=DATE",
                                "99999999999",
                                "\xff",
                                "=",
                                ":",
                                ";",
                                "-"};
  const char* const heads[] = {"RRULE:FREQ=YEARLY",
                               "RRULE:FREQ=MONTHLY",
                               "RRULE:FREQ=DAILY",
                               "RDATE:20261123",
                               "EXDATE",
                               ""};
  int accepted = 0;
  for (int round = 0; round < 400; ++round) {
    std::string line = heads[random() % std::size(heads)];
    for (std::size_t n = random() % 6; n > 0; --n) line += pieces[random() % std::size(pieces)];
    const bool good = !recurrence_complaint(line).has_value();
    accepted += good ? 1 : 0;
    INFO(line);
    const Task task = timed("2026-11-23T18:00:00", {line});
    const auto found = occurrences(task, kMadrid, 0, at("2030-01-01T00:00:00Z"), 5);
    if (good) REQUIRE(found.ok());
  }
  INFO(accepted << " lines were accepted");
  CHECK(accepted > 10);
}

namespace {

// A series as people make them, sometimes an odd one.
Task random_series(std::mt19937_64& random) {
  const auto pick = [&](std::initializer_list<const char*> texts) {
    return std::string(*(texts.begin() + random() % texts.size()));
  };
  std::string rule =
      pick({"DAILY", "DAILY;INTERVAL=3", "WEEKLY", "WEEKLY;BYDAY=MO,WE,FR",
            "WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "WEEKLY;INTERVAL=2;BYDAY=TU,SU", "MONTHLY",
            "MONTHLY;INTERVAL=2", "MONTHLY;BYDAY=2TU", "MONTHLY;BYDAY=-1FR;INTERVAL=3",
            "MONTHLY;BYMONTHDAY=1,15,-1", "MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "YEARLY",
            "YEARLY;BYMONTH=1,7;BYDAY=SU", "YEARLY;INTERVAL=2;BYMONTH=3",
            "YEARLY;BYWEEKNO=10;BYDAY=MO"});
  const std::string day =
      "20" + std::to_string(24 + random() % 5) + "-" +
      pick({"01-31", "02-28", "03-28", "03-31", "06-15", "10-25", "11-23", "12-31"});
  switch (random() % 3) {
    case 0:
      rule += ";COUNT=" + std::to_string(2 + random() % 40);
      break;
    case 1:
      rule += random() % 2 == 0 ? ";UNTIL=20310401" : ";UNTIL=20310328T003000Z";
      break;
    default:
      break;
  }
  Texts lines{"RRULE:FREQ=" + rule};
  if (random() % 4 == 0) lines.push_back("RDATE:20290101T170000Z");
  if (random() % 3 == 0) lines.push_back("EXDATE;VALUE=DATE:20261130,20270331");
  if (random() % 2 == 0) return all_day(day, lines);
  return timed(
      day + pick({"T00:00:00", "T02:30:00", "T18:00:00", "T23:59:59"}), lines,
      pick({"Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", ""}));
}

}  // namespace

TEST_CASE("recurrence: a split series happens when the whole one did",
          "[core][recurrence][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  int split_count = 0;
  for (int round = 0; round < 50; ++round) {
    Task series = random_series(random);
    INFO(series.schedule.start << " " << series.schedule.zone << " " << series.recurrence[0]);
    const Instant horizon = at("2034-01-01T00:00:00Z");
    const Texts all = slots(series, 5'000, -kFar, horizon);
    if (all.size() < 2) continue;
    for (const std::string& slot : all) {
      if (random() % 5 == 0) put_override(series, {slot, random() % 2 == 0, R"({"notes":"x"})"});
    }
    const std::string slot = all[1 + random() % (all.size() - 1)];
    INFO("split at " << slot);
    const auto split = split_series(series, slot, kMadrid);
    if (!split) {
      REQUIRE(split.error().reason == "off_rule");
      continue;
    }
    ++split_count;
    Texts joined = slots(split->before, 5'000, -kFar, horizon);
    for (const std::string& each : joined) REQUIRE(each < slot);
    const Texts rest = recurs(split->following) ? slots(split->following, 5'000, -kFar, horizon)
                                                : Texts{std::string(start_of(split->following))};
    REQUIRE(rest.front() == slot);
    joined.insert(joined.end(), rest.begin(), rest.end());
    REQUIRE(joined == all);
    std::vector<Override> overrides = split->before.overrides;
    overrides.insert(overrides.end(), split->following.overrides.begin(),
                     split->following.overrides.end());
    if (recurs(split->following)) REQUIRE(overrides == series.overrides);
    REQUIRE(lost_overrides(split->before, split->before, kMadrid).value().empty());
    REQUIRE(lost_overrides(split->following, split->following, kMadrid).value().empty());
  }
  CHECK(split_count > 15);
}

TEST_CASE(
    "recurrence: a split ends the first part by its own type and leaves the rest of the count",
    "[core][recurrence]") {
  const Task series = timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;COUNT=5"});
  const auto split = split_series(series, "2026-12-07T18:00:00", kMadrid).value();
  CHECK(split.before.recurrence == Texts{"RRULE:FREQ=WEEKLY;UNTIL=20261207T165959Z"});
  CHECK(split.following.recurrence == Texts{"RRULE:FREQ=WEEKLY;COUNT=3"});
  CHECK(split.following.schedule.start == "2026-12-07T18:00:00");
  CHECK(split.following.due == "2026-12-07");
  const auto days =
      split_series(all_day("2026-11-23", {"RRULE:FREQ=DAILY;UNTIL=20261231"}, "2026-11-25"),
                   "2026-12-01", kMadrid)
          .value();
  CHECK(days.before.recurrence == Texts{"RRULE:FREQ=DAILY;UNTIL=20261130"});
  CHECK(days.following.recurrence == Texts{"RRULE:FREQ=DAILY;UNTIL=20261231"});
  CHECK(days.following.schedule.end == "2026-12-03");
}

TEST_CASE("recurrence: what cannot be split is said", "[core][recurrence]") {
  const Task series =
      timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;INTERVAL=2", "RDATE:20261201T170000Z"});
  const auto refusal = [&](const char* slot) {
    return split_series(series, slot, kMadrid).error();
  };
  CHECK(refusal("2026-11-23T18:00:00").reason == "first_occurrence");
  CHECK(refusal("2026-11-30T18:00:00").code == Code::not_found);
  CHECK(refusal("2026-12-01T18:00:00").reason == "off_rule");
  CHECK(refusal("2026-12-07").code == Code::not_found);
  CHECK(
      split_series(timed("2026-11-23T18:00:00", {}), "2026-11-23T18:00:00", kMadrid).error().code ==
      Code::invalid);
}

TEST_CASE("recurrence: overrides stay with what still happens at the same time",
          "[core][recurrence]") {
  Task before = timed("2026-11-23T18:00:00", {"RRULE:FREQ=WEEKLY;COUNT=5"});
  put_override(before, {"2026-11-30T18:00:00", false, R"({"title":"x"})"});
  put_override(before, {"2026-12-14T18:00:00", true, "{}"});
  const auto kept = [&](auto change) {
    Task after = before;
    change(after);
    REQUIRE(settle_series(before, after, kMadrid));
    Texts left;
    for (const Override& each : after.overrides) left.push_back(each.slot);
    return left;
  };
  const Texts both{"2026-11-30T18:00:00", "2026-12-14T18:00:00"};
  CHECK(kept([](Task& task) { task.title = "y"; }) == both);
  CHECK(kept([](Task& task) { task.duration_s = 60; }) == both);
  CHECK(kept([](Task& task) { task.recurrence[0] = "RRULE:FREQ=DAILY"; }) == both);
  CHECK(kept([](Task& task) { task.recurrence[0] = "RRULE:FREQ=WEEKLY;COUNT=3"; }) ==
        Texts{"2026-11-30T18:00:00"});
  CHECK(kept([](Task& task) { task.recurrence.push_back("EXDATE;VALUE=DATE:20261130"); }) ==
        Texts{"2026-12-14T18:00:00"});
  CHECK(kept([](Task& task) { task.schedule.start = "2026-11-23T19:00:00"; }).empty());
  CHECK(kept([](Task& task) { task.schedule.start = "2026-11-30T18:00:00"; }) == both);
  CHECK(kept([](Task& task) { task.schedule.zone = "Europe/Paris"; }) ==
        both);  // the same instants
  CHECK(kept([](Task& task) { task.schedule.zone = ""; }) == both);
  CHECK(kept([](Task& task) { task.schedule.zone = "Europe/London"; }).empty());
  CHECK(kept([](Task& task) { task.recurrence.clear(); }).empty());
  CHECK(kept([](Task& task) {
          task.schedule = {ScheduleKind::all_day, ScheduleOrigin::person, "2026-11-23", "", ""};
        }).empty());
}

TEST_CASE("recurrence: lines go out in the type of their series, and stay as they are else",
          "[core][recurrence]") {
  const Texts timed_lines{"RRULE:FREQ=DAILY;UNTIL=20261231T225959Z;BYDAY=MO",
                          "EXDATE;TZID=Europe/Madrid:20261130T180000", "RDATE:20261201T080000Z"};
  CHECK(recurrence_lines(timed("2026-11-23T18:00:00", timed_lines), kMadrid) == timed_lines);
  CHECK(recurrence_lines(all_day("2026-11-23", timed_lines), kMadrid) ==
        Texts{"RRULE:FREQ=DAILY;BYDAY=MO;UNTIL=20261231", "EXDATE;VALUE=DATE:20261130",
              "RDATE;VALUE=DATE:20261201"});
  const Texts day_lines{"RRULE:FREQ=DAILY;UNTIL=20261231", "EXDATE;VALUE=DATE:20261130",
                        "RDATE:20261201,20261202T090000"};
  CHECK(recurrence_lines(all_day("2026-11-23", {day_lines[0], day_lines[1]}), kMadrid) ==
        Texts{day_lines[0], day_lines[1]});
  CHECK(recurrence_lines(timed("2026-11-23T18:00:00", day_lines, ""), kMadrid) ==
        Texts{"RRULE:FREQ=DAILY;UNTIL=20261231T225959Z",
              "EXDATE;TZID=Europe/Madrid:20261130T180000",
              "RDATE;TZID=Europe/Madrid:20261201T180000,20261202T090000"});
  CHECK(recurrence_lines(timed("", {"RRULE:FREQ=DAILY;UNTIL=20261231"}), kMadrid) ==
        Texts{"RRULE:FREQ=DAILY;UNTIL=20261231"});
}

TEST_CASE("recurrence: a task that was moved behind the end of its rule happens once",
          "[core][recurrence]") {
  const Texts rule{"RRULE:FREQ=DAILY;UNTIL=20261123T165959Z", "EXDATE:20261122T170000Z"};
  const Task before = timed("2026-11-21T18:00:00", rule);
  Task after = before;
  after.schedule.start = "2026-11-23T17:00:00";
  REQUIRE(settle_series(before, after, kMadrid).ok());
  CHECK(after.recurrence == rule);
  after.schedule.start = "2026-11-23T18:00:00";
  REQUIRE(settle_series(before, after, kMadrid).ok());
  CHECK(after.recurrence.empty());
  after.recurrence = {rule[0], "RDATE:20261125T170000Z"};
  REQUIRE(settle_series(before, after, kMadrid).ok());
  CHECK(after.recurrence == Texts{"RDATE:20261125T170000Z"});
}

TEST_CASE("recurrence: lines in their own type are answered as they were, and rewriting settles",
          "[core][recurrence][property]") {
  const std::uint64_t seed = fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    Task series = random_series(random);
    const Instant horizon = at("2034-01-01T00:00:00Z");
    const Texts before = slots(series, 5'000, -kFar, horizon);
    series.recurrence = recurrence_lines(series, kMadrid);
    INFO(series.schedule.start << " " << series.recurrence[0]);
    REQUIRE(recurrence_lines(series, kMadrid) == series.recurrence);
    REQUIRE(slots(series, 5'000, -kFar, horizon) == before);
  }
}
