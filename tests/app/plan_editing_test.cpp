// Editing plans: what is kept, what is refused with nothing stored, and who is told when.
#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "service/plan_editing.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using core::Plan;
using core::ScheduleKind;
using core::ScheduleOrigin;
using core::Task;
using ports::Answer;
using ports::ImportReport;
using ports::Refusal;

/// Notes for every plan that was announced how many commits there had been.
class FakeChanged final : public ports::Changed {
 public:
  explicit FakeChanged(const fakes::MemoryStore& store) : store_(store) {}
  void plan_saved(const std::string&, const std::string& plan_id) override {
    const std::lock_guard lock(mutex_);
    saved.push_back(plan_id);
    commits.push_back(store_.commits());
  }
  void connection_ready(const std::string&) override { ++ready; }
  std::vector<std::string> saved;
  std::vector<std::int64_t> commits;
  int ready = 0;

 private:
  const fakes::MemoryStore& store_;
  std::mutex mutex_;
};

template <class T>
T value_of(Answer<T> answer) {
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    std::string all = refusal->error.message;
    for (const auto& complaint : refusal->complaints) {
      all += "\n" + complaint.pointer + ": " + complaint.detail;
    }
    FAIL("refused: " << all);
  }
  return std::get<T>(std::move(answer));
}

template <class T>
Refusal refusal_of(Answer<T> answer) {
  REQUIRE(std::holds_alternative<Refusal>(answer));
  return std::get<Refusal>(std::move(answer));
}

/// A plan of two weeks with two tasks each, an hour a task.
Json document() {
  return Json::parse(R"({
    "external_id": "swift", "title": "Swift", "start": "2026-11-23",
    "modules": [{"title": "Basics", "weeks": [
      {"number": 1, "tasks": [
        {"title": "Read", "external_id": "read", "duration_s": 3600},
        {"title": "Play", "duration_s": 3600}]},
      {"number": 2, "tasks": [
        {"title": "Build", "duration_s": 3600},
        {"title": "Ship", "duration_s": 3600}]}]}]})");
}
Json& tasks_of_week(Json& plan, std::size_t week) {
  return plan["modules"][0]["weeks"][week]["tasks"];
}

struct World {
  fakes::MemoryStore store;
  FakeChanged changed{store};
  fakes::ManualClock clock;
  fakes::SeededRandom random;
  service::StoredPlans plans{store, changed, clock, random, {"Europe/Madrid", core::every_day()}};

  World() { value_of(plans.put_account("ann", R"({"tier": "free"})", {})); }

  ImportReport import(const Json& document_json) {
    return value_of(plans.import("ann", document_json.dump()));
  }
  Plan imported() { return import(document()).plan; }
  std::vector<Task> tasks(const std::string& plan_id) const {
    return store.plans().tasks(plan_id).value();
  }
  Task task(const std::string& plan_id, const std::string& title) const {
    for (Task& each : tasks(plan_id)) {
      if (each.title == title) return each;
    }
    FAIL("no task " << title);
    return {};
  }
  std::vector<std::string> titles(const std::string& plan_id) const {
    std::vector<std::string> found;
    for (const Task& each : tasks(plan_id)) found.push_back(each.title);
    return found;
  }
  Plan calendar() const { return store.plans().find_external("ann", "calendar").value(); }
  Task edit(const std::string& task_id, const std::string& patch) {
    return value_of(plans.edit_task({task_id, patch, {}}));
  }
  /// Nothing is committed and nobody told while `attempt` runs.
  template <class Attempt>
  void leaves_everything(const Attempt& attempt) {
    const std::int64_t commits = store.commits();
    const std::size_t told = changed.saved.size();
    attempt();
    CHECK(store.commits() == commits);
    CHECK(changed.saved.size() == told);
  }
  /// `attempt` commits once and tells about the plan once, afterwards.
  template <class Attempt>
  void tells_once(const std::string& plan_id, const Attempt& attempt) {
    const std::int64_t commits = store.commits();
    const std::size_t told = changed.saved.size();
    attempt();
    CHECK(store.commits() == commits + 1);
    REQUIRE(changed.saved.size() == told + 1);
    CHECK(changed.saved.back() == plan_id);
    CHECK(changed.commits.back() == commits + 1);
  }
  /// The next `times` commits lose a race against another writer.
  void lose_races(int times) {
    auto left = std::make_shared<std::atomic<int>>(times);
    store.before_commit([left](const ports::Changes&, ports::Durability) -> Status {
      if ((*left)-- > 0) return Error{Code::conflict, "somebody was first", "rev_conflict"};
      return {};
    });
  }
};

}  // namespace

TEST_CASE("plans: a new plan is stored with times for all, in order", "[service][plans]") {
  World world;
  ImportReport report;
  const std::int64_t commits = world.store.commits();
  report = world.import(document());
  CHECK(report.added == 4);
  CHECK(report.changed + report.removed + report.unchanged == 0);
  CHECK(report.plan.rev == 1);
  CHECK(world.store.commits() == commits + 1);  // plan and tasks together
  CHECK(world.changed.saved == std::vector<std::string>{report.plan.id});
  CHECK(world.titles(report.plan.id) == std::vector<std::string>{"Read", "Play", "Build", "Ship"});
  const Task read = world.task(report.plan.id, "Read");
  CHECK(read.schedule.kind == ScheduleKind::timed);
  CHECK(read.schedule.origin == ScheduleOrigin::computed);
  CHECK(read.schedule.start == "2026-11-23T18:00:00");
  CHECK(read.due == "2026-11-23");
  CHECK(world.task(report.plan.id, "Ship").schedule.start == "2026-11-24T18:00:00");
}

TEST_CASE("plans: the same plan again keeps ids, progress, and times that a person set",
          "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  const Task play = world.task(plan.id, "Play");
  world.edit(read.id, R"({"status": "done"})");
  world.edit(play.id, R"({"schedule": {"start": "2026-12-24T07:30:00"}})");
  const Task build = world.task(plan.id, "Build");

  Json next = document();
  tasks_of_week(next, 0)[1]["title"] = "Play more";
  tasks_of_week(next, 1).erase(1);
  tasks_of_week(next, 1).push_back({{"title", "Test"}, {"external_id", "test"}});
  const ImportReport report = world.import(next);
  CHECK(report.plan.id == plan.id);
  CHECK(report.added == 1);
  CHECK(report.changed == 1);
  CHECK(report.removed == 1);
  CHECK(report.unchanged == 2);
  CHECK(world.task(plan.id, "Read").id == read.id);
  CHECK(world.task(plan.id, "Read").status == core::TaskStatus::done);
  const Task played = world.task(plan.id, "Play more");
  CHECK(played.id == play.id);
  CHECK(played.schedule.start == "2026-12-24T07:30:00");
  CHECK(played.schedule.origin == ScheduleOrigin::person);
  CHECK(world.task(plan.id, "Build") == build);  // untouched: not even its revision moved
  CHECK(world.task(plan.id, "Test").schedule.kind == ScheduleKind::timed);
}

TEST_CASE("plans: an import that brings nothing new writes nothing and tells nobody",
          "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  world.clock.advance(3'600'000);
  world.leaves_everything([&] {
    const ImportReport report = world.import(document());
    CHECK(report.unchanged == 4);
    CHECK(report.plan == world.store.plans().find(plan.id).value());
  });
}

TEST_CASE("plans: an impossible deadline is refused with the date that works, and nothing stored",
          "[service][plans]") {
  World world;
  Json late = document();
  late["deadline"] = "2026-11-23";
  Refusal refusal;
  world.leaves_everything([&] { refusal = refusal_of(world.plans.import("ann", late.dump())); });
  CHECK(refusal.error.code == Code::invalid);
  REQUIRE(refusal.complaints.size() == 1);
  CHECK(refusal.complaints[0].pointer == "/deadline");
  CHECK_THAT(refusal.complaints[0].detail, Catch::Contains("2026-11-24"));
  CHECK(world.store.plans().find_external("ann", "swift").error().code == Code::not_found);
  late["deadline"] = "2026-11-24";
  const Plan plan = world.import(late).plan;

  // The same for an edit, and for a task that no longer fits.
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_plan(plan.id, R"({"deadline": "2026-11-23"})", {}))
              .complaints.at(0)
              .pointer == "/deadline");
  });
  CHECK(world.store.plans().find(plan.id)->deadline == "2026-11-24");
  world.leaves_everything([&] {
    CHECK(refusal_of(
              world.plans.add_task({plan.id, "", "", R"({"title": "x", "duration_s": 36000})"}))
              .complaints.at(0)
              .pointer == "/deadline");
  });
  CHECK(world.tasks(plan.id).size() == 4);
}

TEST_CASE("plans: documents that are wrong are refused with pointers", "[service][plans]") {
  World world;
  for (const char* bad : {"", "{", "[]", "null", "\"x\"", "{\"weeks\": {}}", "\xff"}) {
    CAPTURE(bad);
    world.leaves_everything([&] { refusal_of(world.plans.import("ann", bad)); });
  }
  Json wrong = document();
  tasks_of_week(wrong, 1)[0]["duration_s"] = "long";
  const Refusal refusal = refusal_of(world.plans.import("ann", wrong.dump()));
  REQUIRE(refusal.complaints.size() == 1);
  CHECK(refusal.complaints[0].pointer == "/modules/0/weeks/1/tasks/0/duration_s");
  CHECK(refusal_of(world.plans.import("nobody", document().dump())).error.code == Code::not_found);
}

TEST_CASE("plans: a removed plan frees its name and those of its tasks", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  const Plan removed = value_of(world.plans.remove_plan(plan.id, plan.rev));
  CHECK(removed.deleted_ms == world.clock.now_ms());
  CHECK(removed == world.store.plans().find(plan.id).value());
  CHECK(refusal_of(world.plans.remove_plan(plan.id, {})).error.code == Code::not_found);
  CHECK(refusal_of(world.plans.edit_plan(plan.id, "{}", {})).error.code == Code::not_found);
  CHECK(refusal_of(world.plans.reschedule(plan.id)).error.code == Code::not_found);
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_task({read.id, R"({"title": "x"})", {}})).error.code ==
          Code::not_found);
    CHECK(refusal_of(world.plans.remove_task(read.id, {})).error.code == Code::not_found);
    CHECK(refusal_of(world.plans.add_task({plan.id, "", "", R"({"title": "x"})"})).error.code ==
          Code::not_found);
  });
  const ImportReport again = world.import(document());
  CHECK(again.plan.id != plan.id);
  CHECK(again.added == 4);
}

TEST_CASE("plans: the built-in calendar plan is protected", "[service][plans]") {
  World world;
  const Plan calendar = world.calendar();
  CHECK(refusal_of(world.plans.remove_plan(calendar.id, {})).error.reason == "built_in");
  Json mine = document();
  mine["external_id"] = "calendar";
  CHECK(refusal_of(world.plans.import("ann", mine.dump())).complaints.at(0).pointer ==
        "/external_id");
  CHECK(world.calendar() == calendar);
}

TEST_CASE("plans: nothing in the calendar plan gets a time by itself", "[service][plans]") {
  World world;
  const Plan calendar = world.calendar();
  const Task free =
      value_of(world.plans.add_task({calendar.id, "", "", R"({"title": "Some day"})"}));
  CHECK(free.schedule.kind == ScheduleKind::none);
  const Task meeting = value_of(world.plans.add_task(
      {calendar.id, "", "",
       R"({"title": "Meet", "kind": "appointment", "schedule": {"start": "2026-12-01T10:00:00"}})"}));
  CHECK(world.edit(meeting.id, R"({"schedule": null})").schedule.kind == ScheduleKind::none);
  value_of(world.plans.edit_plan(calendar.id, R"({"zone": "Asia/Tokyo"})", {}));
  value_of(world.plans.reschedule(calendar.id));
  for (const Task& task : world.tasks(calendar.id)) {
    CHECK(task.schedule.kind == ScheduleKind::none);
  }
}

TEST_CASE("plans: a task goes where it was asked to, and gets a time", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const std::string week1 = plan.modules[0].weeks[0].id;
  const std::string week2 = plan.modules[0].weeks[1].id;
  const auto add = [&](const std::string& week, const std::string& after, const char* title) {
    Task task;
    world.tells_once(plan.id, [&] {
      task = value_of(world.plans.add_task({plan.id, week, after, Json{{"title", title}}.dump()}));
    });
    CHECK(task == world.store.plans().find_task(task.id).value());
    CHECK(task.schedule.kind == ScheduleKind::timed);
    CHECK_FALSE(task.due.empty());
    return task;
  };
  CHECK(add(week1, "", "end of week 1").week_id == week1);
  CHECK(add("", world.task(plan.id, "Read").id, "after Read").week_id == week1);
  CHECK(add("", "", "end of plan").week_id == "");
  CHECK(add(week2, "", "end of week 2").week_id == week2);
  CHECK(world.titles(plan.id) == std::vector<std::string>{"Read", "after Read", "Play",
                                                          "end of week 1", "Build", "Ship",
                                                          "end of week 2", "end of plan"});
}

TEST_CASE("plans: a task goes into weeks and plans that have none", "[service][plans]") {
  World world;
  Json sparse = document();
  tasks_of_week(sparse, 0) = Json::array();
  const Plan plan = world.import(sparse).plan;
  const std::string week1 = plan.modules[0].weeks[0].id;
  value_of(world.plans.add_task({plan.id, week1, "", R"({"title": "First"})"}));
  value_of(world.plans.add_task({plan.id, week1, "", R"({"title": "Second"})"}));
  CHECK(world.titles(plan.id) == std::vector<std::string>{"First", "Second", "Build", "Ship"});
}

TEST_CASE("plans: places that are not there are not found", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const std::string read = world.task(plan.id, "Read").id;
  const auto refused = [&](const ports::TaskInsert& insert) {
    world.leaves_everything(
        [&] { CHECK(refusal_of(world.plans.add_task(insert)).error.code == Code::not_found); });
  };
  refused({"pln_none", "", "", R"({"title": "x"})"});
  refused({plan.id, "wek_none", "", R"({"title": "x"})"});
  refused({plan.id, "", "tsk_none", R"({"title": "x"})"});
  refused({plan.id, "wek_none", read, R"({"title": "x"})"});
  refused({plan.id, plan.modules[0].weeks[1].id, read, R"({"title": "x"})"});  // in week 1
  const Refusal wrong = refusal_of(world.plans.add_task({plan.id, "", "", R"({"titel": "x"})"}));
  CHECK(wrong.error.code == Code::invalid);
  CHECK_FALSE(wrong.complaints.empty());
}

TEST_CASE("plans: where there is no room between two tasks, those behind move on",
          "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const std::string read = world.task(plan.id, "Read").id;
  std::vector<std::string> wanted = world.titles(plan.id);
  for (int i = 0; i < 40; ++i) {  // each halves the gap: the tenth finds none
    const std::string title = "task " + std::to_string(i);
    value_of(world.plans.add_task({plan.id, "", read, Json{{"title", title}}.dump()}));
    wanted.insert(wanted.begin() + 1, title);
    REQUIRE(world.titles(plan.id) == wanted);
    std::set<std::int64_t> positions;
    for (const Task& task : world.tasks(plan.id)) positions.insert(task.position);
    REQUIRE(positions.size() == wanted.size());
  }
}

TEST_CASE("plans: an external id that is taken is said", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Refusal refusal = refusal_of(
      world.plans.add_task({plan.id, "", "", R"({"title": "x", "external_id": "read"})"}));
  CHECK(refusal.error.code == Code::conflict);
  CHECK(refusal.error.reason == "external_id_taken");
}

TEST_CASE("plans: an edit changes one task, and says the stored revision", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task play = world.task(plan.id, "Play");
  world.clock.advance(1'000);
  Task edited;
  world.tells_once(plan.id, [&] { edited = world.edit(play.id, R"({"title": "Play on"})"); });
  CHECK(edited == world.store.plans().find_task(play.id).value());
  CHECK(edited.rev == play.rev + 1);
  CHECK(edited.updated_ms == world.clock.now_ms());
  CHECK(edited.schedule == play.schedule);
  world.leaves_everything([&] { CHECK(world.edit(play.id, R"({"title": "Play on"})") == edited); });
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_task({play.id, R"({"title": 1})", {}}))
              .complaints.at(0)
              .pointer == "/title");
    CHECK(refusal_of(world.plans.edit_task({"tsk_none", "{}", {}})).error.code == Code::not_found);
  });
}

TEST_CASE("plans: a task whose schedule is cleared gets a free time of its own",
          "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task build = world.task(plan.id, "Build");
  const Task moved = world.edit(build.id, R"({"schedule": {"start": "2027-01-05T08:00:00"}})");
  CHECK(moved.schedule.origin == ScheduleOrigin::person);
  CHECK(moved.due == "2027-01-05");
  Task cleared;
  world.tells_once(plan.id, [&] { cleared = world.edit(build.id, R"({"schedule": null})"); });
  CHECK(cleared.schedule.kind == ScheduleKind::timed);
  CHECK(cleared.schedule.origin == ScheduleOrigin::computed);
  CHECK(cleared.schedule.start == build.schedule.start);  // its old place was free
  CHECK(cleared == world.store.plans().find_task(build.id).value());
}

TEST_CASE("plans: a task that is taken up again gets the time it never had", "[service][plans]") {
  World world;
  Json done = document();
  tasks_of_week(done, 0)[0]["status"] = "done";
  const Plan plan = world.import(done).plan;
  const Task read = world.task(plan.id, "Read");
  REQUIRE(read.schedule.kind == ScheduleKind::none);
  const Task again = world.edit(read.id, R"({"status": "todo"})");
  CHECK(again.schedule.kind == ScheduleKind::timed);
  CHECK(again == world.store.plans().find_task(read.id).value());
}

TEST_CASE("plans: If-Match guards every edit", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  world.leaves_everything([&] {
    for (const Refusal& refusal :
         {refusal_of(world.plans.edit_task({read.id, R"({"title": "x"})", read.rev + 1})),
          refusal_of(world.plans.remove_task(read.id, read.rev - 1)),
          refusal_of(world.plans.edit_plan(plan.id, R"({"title": "x"})", plan.rev + 1)),
          refusal_of(world.plans.remove_plan(plan.id, 0)),
          refusal_of(world.plans.put_account("ann", R"({"tier": "pro"})", 7)),
          refusal_of(world.plans.put_account("new", R"({"tier": "pro"})", 1))}) {
      CHECK(refusal.error.code == Code::conflict);
      CHECK(refusal.error.reason == "precondition_failed");
    }
  });
  const Task edited = value_of(world.plans.edit_task({read.id, R"({"title": "x"})", read.rev}));
  CHECK(refusal_of(world.plans.edit_task({read.id, R"({"title": "y"})", read.rev})).error.reason ==
        "precondition_failed");
  value_of(world.plans.remove_task(read.id, edited.rev));
}

TEST_CASE("plans: a removed task is kept for undo, and is gone for all else", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task play = world.task(plan.id, "Play");
  Task removed;
  world.tells_once(plan.id, [&] { removed = value_of(world.plans.remove_task(play.id, {})); });
  CHECK(removed == world.store.plans().find_task(play.id).value());
  CHECK(removed.deleted_ms == world.clock.now_ms());
  CHECK(world.titles(plan.id) == std::vector<std::string>{"Read", "Build", "Ship"});
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.remove_task(play.id, {})).error.code == Code::not_found);
    CHECK(refusal_of(world.plans.edit_task({play.id, R"({"title": "x"})", {}})).error.code ==
          Code::not_found);
  });
}

TEST_CASE("plans: planning anew moves what was computed and leaves what a person set",
          "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  const Task play = world.task(plan.id, "Play");
  world.edit(read.id, R"({"schedule": {"start": "2026-12-24T07:30:00"}})");
  world.tells_once(plan.id, [&] { value_of(world.plans.reschedule(plan.id)); });
  CHECK(world.task(plan.id, "Read").schedule.start == "2026-12-24T07:30:00");
  CHECK(world.task(plan.id, "Play").schedule.start == read.schedule.start);  // it moved up
  CHECK(world.task(plan.id, "Build").schedule.start == play.schedule.start);
  world.leaves_everything([&] { value_of(world.plans.reschedule(plan.id)); });
}

TEST_CASE("plans: a lost race is run again, and not for ever", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  world.lose_races(3);
  world.tells_once(plan.id, [&] { world.edit(read.id, R"({"title": "Read on"})"); });
  world.lose_races(3);
  world.tells_once(plan.id, [&] {
    value_of(world.plans.add_task({plan.id, "", "", R"({"title": "More"})"}));
  });
  world.lose_races(3);
  world.tells_once(
      plan.id, [&] { value_of(world.plans.edit_plan(plan.id, R"({"title": "Swift 6"})", {})); });
  world.lose_races(1'000);
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_task({read.id, R"({"title": "x"})", {}})).error.reason ==
          "rev_conflict");
  });
  world.store.before_commit([](const ports::Changes&, ports::Durability) -> Status {
    return Error{Code::unavailable, "the disk is full"};
  });
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_task({read.id, R"({"title": "x"})", {}})).error.code ==
          Code::unavailable);
    refusal_of(world.plans.import("ann", R"({"title": "New", "tasks": []})"));
  });
}

TEST_CASE("plans: many edits at once all arrive", "[service][plans]") {
  World world;
  const Plan plan = world.imported();
  const std::vector<Task> tasks = world.tasks(plan.id);
  constexpr int kThreads = 4;
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        const std::string text = std::to_string(i) + "." + std::to_string(j);
        const auto added = world.plans.add_task({plan.id, "", "", Json{{"title", text}}.dump()});
        const auto edited = world.plans.edit_task(
            {tasks[static_cast<std::size_t>(i)].id, Json{{"notes", text}}.dump(), {}});
        if (std::holds_alternative<Refusal>(added)) ++refused;
        if (std::holds_alternative<Refusal>(edited)) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
  CHECK(world.tasks(plan.id).size() == 4 + kThreads * 10);
  for (int i = 0; i < kThreads; ++i) {
    CHECK(world.store.plans().find_task(tasks[static_cast<std::size_t>(i)].id)->notes ==
          std::to_string(i) + ".9");
  }
}

TEST_CASE("plans: of the same new plan twice at once, one is new and one comes again",
          "[service][plans]") {
  World world;
  std::atomic<int> refused{0};
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto answer = world.plans.import("ann", document().dump());
      const std::lock_guard lock(mutex);
      if (const auto* report = std::get_if<ImportReport>(&answer)) ids.insert(report->plan.id);
      if (std::holds_alternative<Refusal>(answer)) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
  CHECK(ids.size() == 1);
  CHECK(world.tasks(*ids.begin()).size() == 4);
}

TEST_CASE("plans: an account is made with its calendar, and kept when put again",
          "[service][plans]") {
  World world;
  const core::Account ann = world.store.accounts().find("ann").value();
  const Plan calendar = world.calendar();
  world.clock.advance(1'000);
  const core::Account again =
      value_of(world.plans.put_account("ann", R"({"tier": "pro"})", ann.rev));
  CHECK(again == world.store.accounts().find("ann").value());
  CHECK(again.created_ms == ann.created_ms);
  CHECK(again.tier == "pro");
  CHECK(world.calendar() == calendar);
  CHECK(refusal_of(world.plans.put_account("bob", R"({"zone": "Nowhere/Land"})", {}))
            .complaints.at(0)
            .pointer == "/zone");
  CHECK(world.store.accounts().find("bob").error().code == Code::not_found);
  CHECK(world.changed.saved.empty());
}

}  // namespace mortise::tests
