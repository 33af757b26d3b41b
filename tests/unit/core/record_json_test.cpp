#include "core/record_json.hpp"
#include "core/occurrence.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "core/bounds.hpp"
#include "core/patch.hpp"

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

Task patched(const Task& task, std::string_view patch) {
  Read<Task> read = apply_patch(task, json(patch));
  for (const Problem& problem : read.problems)
    UNSCOPED_INFO(problem.pointer << ": " << problem.detail);
  REQUIRE(read.ok());
  return std::move(*read.value);
}

std::vector<Problem> complaints(std::string_view text) {
  const Read<Task> read = read_task(json(text));
  CHECK(read.ok() == read.problems.empty());
  return read.problems;
}

// What a person may send: the answer without the fields that the host sets.
Json without_owned(Json object) {
  for (const char* name :
       {"id", "account_id", "plan_id", "week_id", "position", "rev", "created_at", "updated_at"}) {
    object.erase(name);
  }
  return object;
}

// A moved one, a cancelled one, and one that was reset.
std::vector<Override> overrides_for(Task task) {
  const std::string time = task.schedule.kind == ScheduleKind::timed ? "T02:30:00" : "";
  const Json moved = json(R"({"duration_s": 60, "link": null, "title": "once",
    "schedule": {"start": "2027-04-02T10:00:00", "zone": "Asia/Tokyo"}})");
  task = edit_occurrence(task, "2027-04-01" + time, moved).value.value();
  task = cancel_occurrence(task, "2027-04-02" + time).value();
  task = edit_occurrence(task, "2027-04-03" + time, json("{}")).value.value();
  return task.overrides;
}

}  // namespace

TEST_CASE("patch: a schedule that is meant whole does not keep the old one's end",
          "[core][patch]") {
  const Task trip = task_of(R"({"title":"Trip","schedule":
      {"kind":"all_day","start":"2026-12-03","end":"2026-12-06"}})");
  const Json moved = json(R"({"schedule":{"kind":"all_day","start":"2026-12-28"}})");
  CHECK_FALSE(
      apply_patch(trip, moved).ok());  // mixed with the old one it would end before it starts
  const Read<Task> read = apply_patch(trip, replacing(moved, to_json(trip)));
  REQUIRE(read.ok());
  CHECK(read.value->schedule.start == "2026-12-28");
  CHECK(read.value->schedule.end.empty());
  CHECK(replacing(json(R"({"title":"Tour","notes":null})"), to_json(trip)) ==
        json(R"({"title":"Tour","notes":null})"));
}

TEST_CASE("record_json: a full task reads and is written in the same form", "[core][record_json]") {
  const char* const text = R"({
    "external_id": "app-7", "title": "Install Xcode", "notes": "Two\nlines", "link": "https://example.org/1",
    "duration_s": 5760, "status": "doing", "kind": "session",
    "schedule": {"kind": "timed", "origin": "person", "start": "2026-11-23T18:00:00", "zone": "Europe/Madrid"},
    "due": "2026-11-23", "reminders": [{"method": "popup", "minutes_before": 30}],
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"], "location": "Room 1",
    "attendees": [{"email": "ana@example.org", "name": "Ana"}, {"email": "bo@example.org"}],
    "meeting_link": "https://meet.example.org/x", "color": "gold", "extra": {"points": 3}})";
  const Task task = task_of(text);
  CHECK(task.duration_s == 5'760);
  CHECK(task.schedule.zone == "Europe/Madrid");
  CHECK(task.extra == R"({"points":3})");
  CHECK(without_owned(to_json(task)) == json(text));
}

TEST_CASE("record_json: every problem is reported with its pointer and the nearest word",
          "[core][record_json]") {
  CHECK(
      complaints(
          R"({"titel": "x", "status": "finished", "duration_s": 1.5, "link": "ftp://x", "color": "Gold",
      "kind": "sesion", "reminders": [{"method": "popup", "minutes_before": 10}, {"method": "sms"}],
      "schedule": {"start": "2026-11-23T18:00:00", "zone": "Europe/Madird"}, "extra": [], "rev": 3,
      "attendees": [{"mail": "a@b"}], "recurrence": ["FREQ=DAILY"], "a/b~c": 1})") ==
      std::vector<Problem>{
          {"/title", "is required"},
          {"/link", "must be an http or https URL"},
          {"/duration_s", "must be an integer from 1 to 3600000"},
          {"/status", "must be one of todo, doing, done, cancelled"},
          {"/schedule/zone",
           "must be an IANA time zone like Europe/Madrid; did you mean \"Europe/Madrid\"?"},
          {"/reminders/1/method", "must be one of popup, email"},
          {"/reminders/1/minutes_before", "is required"},
          {"/attendees/0/email", "is required"},
          {"/attendees/0/mail", "unknown field; did you mean \"email\"?"},
          {"/color", "must be a CSS colour name in lower case like gold"},
          {"/kind", "must be one of task, session, appointment; did you mean \"session\"?"},
          {"/recurrence/0", "must be a line of RFC 5545 that begins with RRULE, RDATE or EXDATE"},
          {"/extra", "must be an object"},
          {"/rev", "is set by the host"},
          {"/a~1b~0c", "unknown field"},
          {"/titel", "unknown field; did you mean \"title\"?"}});
}

TEST_CASE("record_json: bounds hold at the edge", "[core][record_json]") {
  const auto with = [](const char* name, Json value) {
    Json object = {{"title", "x"}};
    object[name] = std::move(value);
    return read_task(object).ok();
  };
  std::string title;
  for (int i = 0; i < 2'000; ++i) title += "\xC3\xA9";  // characters, not bytes
  CHECK(with("title", title));
  CHECK_FALSE(with("title", title + "x"));
  CHECK(with("notes", std::string(65'536, 'x')));
  CHECK_FALSE(with("notes", std::string(65'537, 'x')));
  CHECK_FALSE(with("title", "two\nlines"));
  CHECK_FALSE(with("notes", std::string("nul\0", 4)));
  CHECK(with("duration_s", 3'600'000));
  CHECK_FALSE(with("duration_s", 3'600'001));
  CHECK_FALSE(with("duration_s", 0));
  Json rules = std::vector<std::string>(4, "RRULE:FREQ=DAILY");
  CHECK(with("recurrence", rules));
  rules.push_back("EXDATE:20261123");
  CHECK(with("recurrence", rules));
  rules.push_back("RRULE:FREQ=WEEKLY");
  CHECK_FALSE(with("recurrence", rules));
  CHECK_FALSE(with("duration_s", 18'446'744'073'709'551'615ULL));
  CHECK_FALSE(with("duration_s", "60"));
  CHECK(with("due", "2199-12-31"));
  CHECK_FALSE(with("due", "2200-01-01"));
  CHECK_FALSE(with("due", "2026-02-30"));
  CHECK_FALSE(with("external_id", std::string(129, 'x')));
  CHECK_FALSE(with("extra", {{"half", 0.5}}));
  CHECK_FALSE(with("extra", {{"long", std::string(65'536, 'x')}}));
  CHECK_FALSE(with("link", "https://"));
  CHECK_FALSE(with("link", "javascript:alert(1)"));
  CHECK_FALSE(
      with("reminders", Json(Json::array_t(21, {{"method", "popup"}, {"minutes_before", 1}}))));
}

TEST_CASE("record_json: a document with a thousand faults answers a hundred",
          "[core][record_json]") {
  Json object = {{"title", "x"}};
  for (int i = 0; i < 1'000; ++i) object["field" + std::to_string(i)] = i;
  CHECK(read_task(object).problems.size() == kMaxProblems);
}

TEST_CASE("record_json: what is no object is one problem", "[core][record_json]") {
  for (const char* text : {"[]", "null", "7", "\"title\""}) {
    CHECK(read_task(json(text)).problems.front() == Problem{"", "must be an object"});
  }
}

TEST_CASE("record_json: a patch leaves what is absent and clears what is null",
          "[core][record_json]") {
  const Task task = task_of(R"({"title": "x", "notes": "n", "duration_s": 60, "status": "done",
      "reminders": [{"method": "popup", "minutes_before": 5}], "extra": {"a": {"b": 1, "c": 2}}})");
  CHECK(patched(task, "{}") == task);
  const Task cleared =
      patched(task, R"({"notes": null, "duration_s": null, "status": null, "reminders": null})");
  CHECK(cleared.notes.empty());
  CHECK_FALSE(cleared.duration_s.has_value());
  CHECK(cleared.status == TaskStatus::todo);
  CHECK(cleared.reminders.empty());
  CHECK(patched(task, R"({"extra": {"a": {"b": null}, "d": "x"}})").extra ==
        R"({"a":{"c":2},"d":"x"})");
  CHECK(patched(task, R"({"extra": null})").extra == "{}");
  CHECK_FALSE(apply_patch(task, json(R"({"title": null})")).ok());
  CHECK_FALSE(apply_patch(task, json(R"({"title": ""})")).ok());
}

TEST_CASE("record_json: times written from outside are the person's and due follows them",
          "[core][record_json]") {
  const Task timed = task_of(
      R"({"title": "x", "schedule": {"start": "2026-11-23T18:00:00", "zone": "Europe/Madrid"}})");
  CHECK(timed.schedule.kind == ScheduleKind::timed);
  CHECK(timed.schedule.origin == ScheduleOrigin::person);
  CHECK(timed.due == "2026-11-23");

  const Task later = patched(timed, R"({"schedule": {"start": "2026-11-24T09:30:00"}})");
  CHECK(later.schedule.zone == "Europe/Madrid");
  CHECK(later.due == "2026-11-24");

  const Task all_day = patched(
      timed, R"({"schedule": {"kind": "all_day", "start": "2026-12-01", "end": "2026-12-03"}})");
  CHECK(all_day.schedule.zone.empty());
  CHECK(all_day.due == "2026-12-02");

  const Task free = patched(timed, R"({"schedule": null})");
  CHECK(free.schedule == Schedule{});
  CHECK(free.due.empty());
}

TEST_CASE("record_json: a new due day moves the schedule and keeps the time of day",
          "[core][record_json]") {
  Task timed = task_of(
      R"({"title": "x", "schedule": {"start": "2027-03-27T18:00:00", "origin": "computed"}})");
  CHECK(timed.schedule.origin == ScheduleOrigin::computed);
  CHECK(patched(timed, R"({"due": "2027-03-27"})").schedule.origin == ScheduleOrigin::computed);
  const Task moved = patched(timed, R"({"due": "2027-03-29"})");
  CHECK(moved.schedule.start == "2027-03-29T18:00:00");
  CHECK(moved.schedule.origin == ScheduleOrigin::person);
  CHECK(patched(timed, R"({"due": null})").due == "2027-03-27");
  const Task range =
      task_of(R"({"title": "x", "schedule": {"start": "2026-12-01", "end": "2026-12-03"}})");
  const Task moved_range = patched(range, R"({"due": "2026-12-31"})");
  CHECK(moved_range.schedule.start == "2026-12-30");
  CHECK(moved_range.schedule.end == "2027-01-01");
  CHECK(moved_range.due == "2026-12-31");
}

TEST_CASE("record_json: schedules that contradict themselves are refused", "[core][record_json]") {
  for (const char* schedule :
       {R"({"kind": "timed"})", R"({"kind": "timed", "start": "2026-11-23"})",
        R"({"start": "2026-11-23T18:00:00", "end": "2026-11-24"})",
        R"({"start": "2026-11-23T18:00:00Z"})", R"({"start": "2026-11-23", "end": "2026-11-23"})",
        R"({"start": "2026-11-23", "zone": "UTC"})", R"({"kind": "none", "start": "2026-11-23"})",
        R"({"end": "2026-11-23"})", R"({"kind": "weekly"})", R"({"start": 5})", "[]",
        R"({"start": "2300-01-01"})"}) {
    INFO(schedule);
    CHECK_FALSE(read_task(Json{{"title", "x"}, {"schedule", json(schedule)}}).ok());
  }
}

TEST_CASE("record_json: accounts and plans refuse what they do not know", "[core][record_json]") {
  const Account account =
      *read_account(
           json(
               R"({"tier": "pro", "email": "a@example.org", "zone": "Europe/Madrid", "locale": "es"})"))
           .value;
  CHECK(account.tier == "pro");
  CHECK(to_json(account)["zone"] == "Europe/Madrid");
  CHECK(apply_patch(account, json(R"({"id": "x", "mail": "b@example.org"})")).problems ==
        std::vector<Problem>{{"/id", "is set by the host"},
                             {"/mail", "unknown field; did you mean \"email\"?"}});
  CHECK_FALSE(apply_patch(account, json(R"({"email": "nobody"})")).ok());

  Plan plan;
  plan.title = "Swift";
  const Read<Plan> edited = apply_patch(
      plan, json(R"({"weekly_time_s": 64800, "start": "2026-12-01", "source": {"b": 1, "a": 2}})"));
  REQUIRE(edited.ok());
  CHECK(edited.value->weekly_time_s == 64'800);
  CHECK(edited.value->source == R"({"a":2,"b":1})");
  CHECK(apply_patch(*edited.value, json(R"({"deadline": "2026-11-30"})")).problems ==
        std::vector<Problem>{{"/deadline", "must not be before start"}});
  const Read<Plan> named = apply_patch(plan, json(R"({"external_id": "swift-1"})"));
  REQUIRE(named.ok());
  CHECK(named.value->external_id == "swift-1");
  CHECK(apply_patch(*named.value, json(R"({"external_id": null})")).value->external_id.empty());
  CHECK_FALSE(apply_patch(plan, Json{{"external_id", std::string(129, 'x')}}).ok());
  CHECK_FALSE(apply_patch(plan, json(R"({"modules": []})")).ok());
  CHECK_FALSE(apply_patch(plan, json(R"({"title": null})")).ok());
}

TEST_CASE("record_json: a run says how far it is, and what it waits for only while it does",
          "[core][record_json]") {
  Run run;
  run.id = "run_1";
  run.state = RunState::waiting;
  run.waiting_for = RunWait::approval;
  run.guard = R"({"reason":"mass_removal","removals":30})";
  run.counts = {.create = 3, .update = 2, .remove = 1, .done = 4};
  Json shown = to_json(run);
  CHECK(shown["progress"] == Json{{"done", 4}, {"total", 6}});
  CHECK(shown["counts"]["create"] == 3);
  CHECK(shown["waiting_for"] == "approval");
  CHECK(shown["guard"]["removals"] == 30);
  CHECK_FALSE(shown.contains("error"));
  CHECK_FALSE(shown.contains("finished_at"));

  run.state = RunState::failed;
  run.waiting_for = RunWait::none;
  run.error_code = "invalid";
  run.finished_ms = 0;
  shown = to_json(run);
  CHECK_FALSE(shown.contains("waiting_for"));
  CHECK_FALSE(shown.contains("guard"));  // nobody is asked any more
  CHECK(shown["error"]["code"] == "invalid");
  CHECK(shown["finished_at"] == "1970-01-01T00:00:00Z");
}

TEST_CASE("record_json: tasks survive being written and read", "[core][record_json][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto sometimes = [&](const char* text) {
    return random() % 2 == 0 ? std::string() : std::string(text);
  };
  for (int round = 0; round < 500; ++round) {
    Task task;
    task.title = "t" + std::to_string(random());
    task.external_id = sometimes("app-1");
    task.notes = sometimes("line\n\tline \xE2\x9C\x93");
    task.link = sometimes("https://example.org/?a=1&b=2#c");
    if (random() % 2 == 0)
      task.duration_s = static_cast<std::int64_t>(1 + random() % kMaxDurationS);
    task.status = static_cast<TaskStatus>(random() % 4);
    task.kind = static_cast<TaskKind>(random() % 3);
    switch (random() % 4) {
      case 0:
        task.schedule = {ScheduleKind::timed, ScheduleOrigin::computed, "2027-03-28T02:30:00", "",
                         sometimes("Asia/Kathmandu")};
        break;
      case 1:
        task.schedule = {ScheduleKind::all_day, ScheduleOrigin::person, "2027-02-28",
                         sometimes("2027-03-02"), ""};
        break;
      case 2:
        task.schedule.origin = ScheduleOrigin::person;
        break;
      default:
        task.due = sometimes("2027-01-01");
    }
    if (task.schedule.kind != ScheduleKind::none) task.due = due_of(task.schedule);
    if (random() % 2 == 0) task.reminders = {{"email", 0}, {"popup", 40'320}};
    if (random() % 2 == 0)
      task.recurrence = {"RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Madrid:20261123T180000"};
    if (recurs(task) && random() % 2 == 0) task.overrides = overrides_for(task);
    if (random() % 2 == 0) task.attendees = {{"a@b", ""}, {"c@d", "C"}};
    task.extra = random() % 2 == 0 ? "{}" : R"({"n":[1,null,{"x":"y"}]})";
    const Read<Task> read = read_task(without_owned(to_json(task)));
    REQUIRE(read.problems.empty());
    REQUIRE(*read.value == task);
  }
}
