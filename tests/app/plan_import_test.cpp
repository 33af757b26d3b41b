// Plans as a whole: what an import keeps and refuses, what is protected, who is told when.
#include "app/plan_world.hpp"

namespace mortise::tests {

TEST_CASE("plans: a new plan is stored with times for all, in order", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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

TEST_CASE("plans: an import into an account that ends meanwhile leaves no plan of nobody",
          "[service][plans]") {
  PlanWorld world;
  bool ended = false;
  world.store.before_commit([&](const ports::Changes&, ports::Durability durability) -> Status {
    if (std::exchange(ended, true)) return {};
    return world.store.commit({ports::EraseAccount{"ann"}}, durability);
  });
  CHECK(refusal_of(world.plans.import("ann", document().dump())).error.code == Code::not_found);
  CHECK(world.store.plans().list("ann", {5, ""})->items.empty());
}

TEST_CASE("plans: an import that brings nothing new writes nothing and tells nobody",
          "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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
  PlanWorld world;
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
  PlanWorld world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  const Plan removed = value_of(world.plans.remove_plan(plan.id, {}, plan.rev));
  CHECK(removed.deleted_ms == world.clock.now_ms());
  CHECK(removed == world.store.plans().find(plan.id).value());
  CHECK(refusal_of(world.plans.remove_plan(plan.id, {}, {})).error.code == Code::not_found);
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
  PlanWorld world;
  const Plan calendar = world.calendar();
  CHECK(refusal_of(world.plans.remove_plan(calendar.id, {}, {})).error.reason == "built_in");
  Json mine = document();
  mine["external_id"] = "calendar";
  CHECK(refusal_of(world.plans.import("ann", mine.dump())).complaints.at(0).pointer ==
        "/external_id");
  const Plan plan = world.imported();
  const auto refused = [&](const std::string& id, const char* patch) {
    return refusal_of(world.plans.edit_plan(id, patch, {})).complaints.at(0).pointer;
  };
  world.leaves_everything([&] {
    CHECK(refused(calendar.id, R"({"external_id": "mine"})") == "/external_id");
    CHECK(refused(calendar.id, R"({"external_id": null})") == "/external_id");
    CHECK(refused(plan.id, R"({"external_id": "calendar"})") == "/external_id");
  });
  CHECK(world.calendar() == calendar);
}

TEST_CASE("plans: nothing in the calendar plan gets a time by itself", "[service][plans]") {
  PlanWorld world;
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

TEST_CASE("plans: an account is made with its calendar, and kept when put again",
          "[service][plans]") {
  PlanWorld world;
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

TEST_CASE("plans: an edit that changes nothing writes nothing and tells nobody",
          "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  world.leaves_everything([&] {
    CHECK(value_of(world.plans.edit_plan(plan.id, "{}", plan.rev)) == plan);
    CHECK(value_of(world.plans.edit_plan(plan.id, R"({"title": "Swift"})", {})) == plan);
  });
  const Plan renamed = value_of(world.plans.edit_plan(plan.id, R"({"title": "Swift 6"})", {}));
  CHECK(renamed.rev == plan.rev + 1);
}

TEST_CASE("plans: with an account's zone its exported plans travel", "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  core::Connection connection;
  connection.id = "cnn_1";
  connection.account_id = "ann";
  core::Pair pair;
  pair.connection_id = connection.id;
  pair.plan_id = plan.id;
  pair.key = "plan:" + plan.id;
  REQUIRE(
      world.store.commit({ports::put(connection), ports::put(pair)}, ports::Durability::relaxed));
  world.changed.saved.clear();
  const auto put = [&](const char* body) { value_of(world.plans.put_account("ann", body, {})); };
  put(R"({"tier": "free", "zone": "Europe/Madrid"})");  // the host's, as before
  put(R"({"tier": "pro"})");
  CHECK(world.changed.saved.empty());
  put(R"({"tier": "pro", "zone": "Asia/Tokyo"})");
  CHECK(world.changed.saved == std::vector<std::string>{plan.id});
}

}  // namespace mortise::tests
