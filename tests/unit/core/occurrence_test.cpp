#include "core/occurrence.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/record_json.hpp"

using namespace mortise;
using namespace mortise::core;

namespace {

Json json(std::string_view text) {
  return parse_json(text).value();
}

Task task_of(std::string_view text) {
  Read<Task> read = read_task(json(text));
  for (const Problem& problem : read.problems)
    UNSCOPED_INFO(problem.pointer << ": " << problem.detail);
  REQUIRE(read.ok());
  return std::move(*read.value);
}

Task weekly() {
  return task_of(
      R"({"title": "Swim", "duration_s": 3600, "location": "Pool", "link": "https://example.org",
    "schedule": {"start": "2026-11-23T18:00:00", "zone": "Europe/Madrid"},
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})");
}

Task edited(const Task& series, std::string_view slot, std::string_view patch) {
  Read<Task> read = edit_occurrence(series, slot, json(patch));
  for (const Problem& problem : read.problems)
    UNSCOPED_INFO(problem.pointer << ": " << problem.detail);
  REQUIRE(read.ok());
  return std::move(*read.value);
}

}  // namespace

TEST_CASE("occurrence: one without an override is the series at its time", "[core][occurrence]") {
  const Task task = occurrence_task(weekly(), "2026-11-30T18:00:00").value();
  CHECK(task.title == "Swim");
  CHECK(task.schedule.start == "2026-11-30T18:00:00");
  CHECK(task.schedule.zone == "Europe/Madrid");
  CHECK(task.due == "2026-11-30");
  CHECK(task.recurrence.empty());
  CHECK_FALSE(occurrence_task(weekly(), "2026-11-30").ok());
  CHECK_FALSE(occurrence_task(weekly(), "2026-11-30T18:00:00Z").ok());
  CHECK_FALSE(occurrence_task(weekly(), "").ok());
}

TEST_CASE("occurrence: an all-day one keeps its number of days", "[core][occurrence]") {
  const Task series =
      task_of(R"({"title": "Fair", "schedule": {"start": "2026-02-27", "end": "2026-03-02"},
    "recurrence": ["RRULE:FREQ=YEARLY"]})");
  const Task task = occurrence_task(series, "2028-02-27").value();
  CHECK(task.schedule.end == "2028-03-01");  // a leap year: three days end a day earlier
  CHECK(task.due == "2028-02-29");
}

TEST_CASE("occurrence: a series without a schedule counts by its due day", "[core][occurrence]") {
  const Task series =
      task_of(R"({"title": "Pay", "due": "2026-11-30", "recurrence": ["RRULE:FREQ=MONTHLY"]})");
  const Task task = occurrence_task(series, "2026-12-30").value();
  CHECK(task.schedule == Schedule{});
  CHECK(task.due == "2026-12-30");
  const Task later = edited(series, "2026-12-30", R"({"due": "2026-12-31"})");
  CHECK(later.overrides.front().changes == R"({"due":"2026-12-31"})");
  CHECK(occurrence_task(later, "2026-12-30").value().due == "2026-12-31");
}

TEST_CASE("occurrence: an edit keeps what differs, and nothing else", "[core][occurrence]") {
  const Task series = edited(weekly(), "2026-12-07T18:00:00",
                             R"({"title": "Dive", "location": null, "duration_s": 3600})");
  REQUIRE(series.overrides.size() == 1);
  CHECK(series.overrides[0].slot == "2026-12-07T18:00:00");
  CHECK(series.overrides[0].changes == R"({"location":null,"title":"Dive"})");
  const Task task = occurrence_task(series, "2026-12-07T18:00:00").value();
  CHECK(task.title == "Dive");
  CHECK(task.location.empty());
  CHECK(task.link == "https://example.org");
  CHECK(occurrence_task(series, "2026-11-30T18:00:00").value().title == "Swim");

  SECTION("a second edit adds to the first") {
    const Task again = edited(series, "2026-12-07T18:00:00", R"({"notes": "Deep"})");
    CHECK(again.overrides[0].changes == R"({"location":null,"notes":"Deep","title":"Dive"})");
  }
  SECTION("going back to the series' values leaves an override without changes") {
    const Task again =
        edited(series, "2026-12-07T18:00:00", R"({"title": "Swim", "location": "Pool"})");
    CHECK(again.overrides == std::vector<Override>{{"2026-12-07T18:00:00", false, "{}"}});
  }
  SECTION("overrides stand in the order of their slots") {
    const Task again = edited(edited(series, "2026-12-14T18:00:00", R"({"title": "C"})"),
                              "2026-11-23T18:00:00", R"({"title": "A"})");
    REQUIRE(again.overrides.size() == 3);
    CHECK(again.overrides[0].slot == "2026-11-23T18:00:00");
    CHECK(again.overrides[2].slot == "2026-12-14T18:00:00");
  }
}

TEST_CASE("occurrence: one may move to another time, zone or to a whole day",
          "[core][occurrence]") {
  const char* const slot = "2026-12-07T18:00:00";
  const auto moved = [&](std::string_view patch) {
    return occurrence_task(edited(weekly(), slot, patch), slot).value().schedule;
  };
  CHECK(moved(R"({"schedule": {"start": "2026-12-08T09:00:00"}})").start == "2026-12-08T09:00:00");
  CHECK(moved(R"({"schedule": {"start": "2026-12-08T09:00:00"}})").zone == "Europe/Madrid");
  CHECK(moved(R"({"due": "2026-12-09"})").start == "2026-12-09T18:00:00");
  CHECK(moved(R"({"schedule": {"zone": "Asia/Tokyo"}})").zone == "Asia/Tokyo");
  CHECK(moved(R"({"schedule": {"zone": null}})").zone.empty());
  const Schedule day = moved(R"({"schedule": {"start": "2026-12-08", "end": "2026-12-10"}})");
  CHECK(day.kind == ScheduleKind::all_day);
  CHECK(day.end == "2026-12-10");
  CHECK(day.zone.empty());
}

TEST_CASE("occurrence: cancelling is a state, and a status revives", "[core][occurrence]") {
  const char* const slot = "2026-12-07T18:00:00";
  const Task changed = edited(weekly(), slot, R"({"title": "Dive"})");
  const Task cancelled = cancel_occurrence(changed, slot).value();
  CHECK(cancelled.overrides == std::vector<Override>{{slot, true, R"({"title":"Dive"})"}});
  CHECK(occurrence_task(cancelled, slot).value().status == TaskStatus::cancelled);
  CHECK(edited(changed, slot, R"({"status": "cancelled"})") == cancelled);
  CHECK(edited(cancelled, slot, R"({"status": "todo"})") == changed);
  CHECK(edited(cancelled, slot, R"({"status": "done"})").overrides[0].changes ==
        R"({"status":"done","title":"Dive"})");
  CHECK(edited(cancelled, slot, R"({"notes": "x"})").overrides[0].cancelled);
}

TEST_CASE("occurrence: cancelled by itself, it stays so when the series is cancelled and revived",
          "[core][occurrence]") {
  const char* const slot = "2026-12-07T18:00:00";
  Task series = cancel_occurrence(weekly(), slot).value();
  series.status = TaskStatus::cancelled;
  series = edited(series, slot, R"({"notes": "x"})");
  series.status = TaskStatus::todo;
  CHECK(occurrence_task(series, slot).value().status == TaskStatus::cancelled);
}

TEST_CASE("occurrence: an edit is checked like a task", "[core][occurrence]") {
  const auto problems = [](std::string_view patch) {
    return edit_occurrence(weekly(), "2026-12-07T18:00:00", json(patch)).problems;
  };
  CHECK(
      problems(
          R"({"title": null, "recurrence": [], "duration_s": 0, "schedule": {"start": "noon"}})") ==
      std::vector<Problem>{{"/title", "is required"},
                           {"/duration_s", "must be an integer from 1 to 3600000"},
                           {"/schedule/start", "must be a local time like 2026-11-23T18:00:00"},
                           {"/recurrence", "unknown field"}});
  CHECK(problems("[]") == std::vector<Problem>{{"", "must be an object"}});
  CHECK_FALSE(edit_occurrence(weekly(), "2026-12-07", json("{}")).ok());
}

TEST_CASE("occurrence: overrides of a document are read with pointers into it",
          "[core][occurrence]") {
  const auto problems = [](std::string_view overrides) {
    const std::string text = std::string(R"({"title": "Swim", "schedule": {"start": "2026-11-23"},
      "recurrence": ["RRULE:FREQ=DAILY"], "overrides": )") +
                             std::string(overrides) + "}";
    const std::vector<Problem> found = read_task(json(text)).problems;
    for (const Problem& each : found) UNSCOPED_INFO(each.pointer << ": " << each.detail);
    return found;
  };
  CHECK(
      problems(
          R"([{"slot": "2026-11-24", "changes": {"title": "x"}}, {"slot": "2026-11-25", "cancelled": true}])")
          .empty());
  CHECK(
      problems(
          R"([{"slot": "2026-11-24T18:00:00"}, {"slot": "2026-11-25", "changes": {"title": 1, "kind": "task"}},
                     {"slot": "2026-11-26"}, {"slot": "2026-11-26"}, {"slot": "2026-11-27", "cancelled": 1, "x": 2},
                     {}, 7])") ==
      std::vector<Problem>{{"/overrides/0/slot", "must be an original start like 2026-11-23"},
                           {"/overrides/1/changes/title", "must be a string"},
                           {"/overrides/1/changes/kind", "unknown field"},
                           {"/overrides/3/slot", "is there twice"},
                           {"/overrides/4/cancelled", "must be true or false"},
                           {"/overrides/4/x", "unknown field"},
                           {"/overrides/5/slot", "must be an original start like 2026-11-23"},
                           {"/overrides/6", "must be an object"},
                           {"/overrides/6/slot", "must be an original start like 2026-11-23"}});
  CHECK(read_task(json(R"({"title": "x", "overrides": [{"slot": "2026-11-24"}]})")).problems ==
        std::vector<Problem>{{"/overrides", "belong to a task that repeats"}});
}
