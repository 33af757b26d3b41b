// The tasks of a plan: where they go, what an edit changes, what is kept.
#include <set>

#include "app/plan_world.hpp"

namespace mortise::tests {

TEST_CASE("plans: a task goes where it was asked to, and gets a time", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
  Json sparse = document();
  tasks_of_week(sparse, 0) = Json::array();
  const Plan plan = world.import(sparse).plan;
  const std::string week1 = plan.modules[0].weeks[0].id;
  value_of(world.plans.add_task({plan.id, week1, "", R"({"title": "First"})"}));
  value_of(world.plans.add_task({plan.id, week1, "", R"({"title": "Second"})"}));
  CHECK(world.titles(plan.id) == std::vector<std::string>{"First", "Second", "Build", "Ship"});
}

TEST_CASE("plans: places that are not there are not found", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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

TEST_CASE("plans: one that is full takes no task more, however it would come", "[service][plans]") {
  PlanWorld world;
  const std::string plan = world.calendar().id;
  const Task series = value_of(world.plans.add_task({plan, "", "", R"({"title": "Swim",
    "schedule": {"start": "2026-11-23T18:00:00"}, "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]})"}));
  ports::Changes changes;
  for (int i = 1; i < 20'000; ++i) {
    Task task;
    task.id = "tsk_" + std::to_string(i);
    task.account_id = "ann";
    task.plan_id = plan;
    task.position = series.position + i;
    changes.push_back(ports::put(std::move(task)));
  }
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::relaxed));
  world.leaves_everything([&] {
    const Refusal added = refusal_of(
        world.plans.add_task({plan, "", "", R"({"title": "More", "due": "2026-12-24"})"}));
    CHECK(added.complaints.at(0).detail == "a plan has at most 20000 tasks");
    const Refusal split =
        refusal_of(world.plans.split_series({series.id, "2026-11-25T18:00:00", "{}", {}}));
    CHECK(split.complaints.at(0).detail == "a plan has at most 20000 tasks");
  });
}

TEST_CASE("plans: an external id that is taken is said", "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const Refusal refusal = refusal_of(
      world.plans.add_task({plan.id, "", "", R"({"title": "x", "external_id": "read"})"}));
  CHECK(refusal.error.code == Code::conflict);
  CHECK(refusal.error.reason == "external_id_taken");
}

TEST_CASE("plans: an edit changes one task, and says the stored revision", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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
  PlanWorld world;
  Json done = document();
  tasks_of_week(done, 0)[0]["status"] = "done";
  const Plan plan = world.import(done).plan;
  const Task read = world.task(plan.id, "Read");
  REQUIRE(read.schedule.kind == ScheduleKind::none);
  const Task again = world.edit(read.id, R"({"status": "todo"})");
  CHECK(again.schedule.kind == ScheduleKind::timed);
  CHECK(again == world.store.plans().find_task(read.id).value());
}

TEST_CASE("plans: a removed task is kept for undo, and is gone for all else", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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

}  // namespace mortise::tests
