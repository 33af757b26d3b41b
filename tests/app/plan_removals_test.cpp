// What is removed, what that means at the services, and what comes back.
#include <set>

#include "app/plan_world.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Pair;
using core::PairState;
using ports::RemoteItems;

namespace {

/// A plan that was exported: two of its tasks stand at a service.
struct Exported : PlanWorld {
  Plan plan = imported();

  Exported() {
    core::Connection connection;
    connection.id = "cnn_1";
    connection.account_id = "ann";
    connection.connector = "memo";
    REQUIRE(
        store.commit({ports::put(connection), ports::put(pair("Read")), ports::put(pair("Play"))},
                     ports::Durability::relaxed));
    changed.saved.clear();
  }
  Pair pair(const std::string& title, PairState state = PairState::paired) const {
    Pair made;
    made.connection_id = "cnn_1";
    made.plan_id = plan.id;
    made.key = "task:" + task(plan.id, title).id;
    made.remote_id = "r-" + title;
    made.state = state;
    return made;
  }
  std::size_t pairs() const { return store.pairs().of_plan("cnn_1", plan.id).value().size(); }
};

}  // namespace

TEST_CASE("plans: removing one asks what becomes of what stands at a service", "[service][plans]") {
  Exported world;
  world.leaves_everything([&] {
    const Refusal refusal = refusal_of(world.plans.remove_plan(world.plan.id, {}, {}));
    CHECK(refusal.error.reason == "remote_choice_needed");
    CHECK(refusal.error.message.find("2 items") != std::string::npos);
    CHECK(refusal.error.message.find("remote=keep") != std::string::npos);
    CHECK(refusal.error.message.find("remote=remove") != std::string::npos);
  });
}

TEST_CASE("plans: what is kept at a service belongs to nobody here", "[service][plans]") {
  Exported world;
  world.tells_once(world.plan.id, [&] {
    value_of(world.plans.remove_plan(world.plan.id, RemoteItems::keep, {}));
  });
  CHECK(world.pairs() == 0);
}

TEST_CASE("plans: while a sync is under way nothing can be promised to be kept",
          "[service][plans]") {
  Exported world;
  core::Run run;
  run.id = "run_1";
  run.account_id = "ann";
  run.connection_id = "cnn_1";
  run.plan_id = GENERATE("", "pln_other");  // one about another plan looks at all of it, too
  run.state = core::RunState::running;
  REQUIRE(world.store.commit({ports::put(run)}, ports::Durability::relaxed));
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.remove_plan(world.plan.id, RemoteItems::keep, {})).error.reason ==
          "sync_under_way");
  });
  value_of(world.plans.remove_plan(world.plan.id, RemoteItems::remove, {}));
}

TEST_CASE("plans: a removed plan comes back with what went along, and nothing that was gone before",
          "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const auto titles = [&] {
    std::set<std::string> all;
    const auto tasks = world.store.plans().tasks(plan.id);
    for (const Task& task : *tasks) all.insert(task.title);
    return all;
  };
  value_of(world.plans.remove_task(world.task(plan.id, "Read").id, {}));
  const std::set<std::string> before = titles();
  REQUIRE_FALSE(before.empty());
  world.clock.advance(1000);
  value_of(world.plans.remove_plan(plan.id, {}, {}));
  CHECK(titles().empty());
  Plan restored;
  world.tells_once(plan.id, [&] { restored = value_of(world.plans.restore_plan(plan.id)); });
  CHECK(restored == world.store.plans().find(plan.id).value());
  CHECK_FALSE(restored.deleted_ms);
  CHECK(titles() == before);
  world.leaves_everything([&] { CHECK(value_of(world.plans.restore_plan(plan.id)) == restored); });
  CHECK(refusal_of(world.plans.restore_plan("pln_none")).error.code == Code::not_found);
}

TEST_CASE("plans: one whose external id was taken since does not come back", "[service][plans]") {
  PlanWorld world;
  const std::string document = R"({"title": "A", "external_id": "a", "tasks": [{"title": "x"}]})";
  const Plan plan = value_of(world.plans.import("ann", document)).plan;
  value_of(world.plans.remove_plan(plan.id, {}, {}));
  const Plan other = value_of(world.plans.import("ann", document)).plan;
  REQUIRE(other.id != plan.id);
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.restore_plan(plan.id)).error.reason == "external_id_taken");
  });
  // Once the other one is called otherwise, it does, and then no two are called alike.
  value_of(world.plans.edit_plan(other.id, R"({"external_id": "b"})", {}));
  CHECK(value_of(world.plans.restore_plan(plan.id)).external_id == "a");
  CHECK(world.store.plans().find_external("ann", "b").value().id == other.id);
  world.leaves_everything([&] {
    CHECK(refusal_of(world.plans.edit_plan(other.id, R"({"external_id": "a"})", {})).error.reason ==
          "external_id_taken");
  });
}

TEST_CASE("plans: what is to go from a service is left to the sync", "[service][plans]") {
  Exported world;
  world.tells_once(world.plan.id, [&] {
    value_of(world.plans.remove_plan(world.plan.id, RemoteItems::remove, {}));
  });
  CHECK(world.pairs() == 2);
}

TEST_CASE("plans: where nothing stands there is nothing to choose", "[service][plans]") {
  Exported world;
  const PairState gone = GENERATE(PairState::tombstone, PairState::set_aside);
  REQUIRE(world.store.commit(
      {ports::put(world.pair("Read", gone)), ports::put(world.pair("Play", gone))},
      ports::Durability::relaxed));
  value_of(world.plans.remove_plan(world.plan.id, {}, {}));
  // What a connection left behind is not taken away unasked when it comes back.
  CHECK(world.pairs() == (gone == PairState::set_aside ? 0 : 2));
}

TEST_CASE("tasks: a removed one comes back where it was", "[service][tasks]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const Task play = world.task(plan.id, "Play");
  value_of(world.plans.remove_task(play.id, {}));
  CHECK(world.store.plans().removed_tasks(plan.id, 0).value().size() == 1);
  world.changed.saved.clear();
  Task restored;
  world.tells_once(plan.id, [&] { restored = value_of(world.plans.restore_task(play.id)); });
  CHECK(restored == world.store.plans().find_task(play.id).value());
  CHECK_FALSE(restored.deleted_ms);
  CHECK(world.titles(plan.id) == std::vector<std::string>{"Read", "Play", "Build", "Ship"});
  world.leaves_everything([&] { CHECK(value_of(world.plans.restore_task(play.id)) == restored); });
  CHECK(refusal_of(world.plans.restore_task("tsk_none")).error.code == Code::not_found);
}

TEST_CASE("tasks: one whose week is gone comes back without a week", "[service][tasks]") {
  PlanWorld world;
  const Plan plan = world.imported();
  Task ship = world.task(plan.id, "Ship");
  value_of(world.plans.remove_task(ship.id, {}));
  ship = world.store.plans().find_task(ship.id).value();
  ship.week_id = "wek_gone";
  REQUIRE(world.store.commit({ports::put(ship)}, ports::Durability::relaxed));
  CHECK(value_of(world.plans.restore_task(ship.id)).week_id.empty());
}

TEST_CASE("tasks: one does not come back into a removed plan, nor beside its follower",
          "[service][tasks]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");  // external id "read"
  value_of(world.plans.remove_task(read.id, {}));
  value_of(
      world.plans.add_task({plan.id, "", "", R"({"title": "Read again", "external_id": "read"})"}));
  CHECK(refusal_of(world.plans.restore_task(read.id)).error.reason == "external_id_taken");
  value_of(world.plans.remove_plan(plan.id, {}, {}));
  CHECK(refusal_of(world.plans.restore_task(read.id)).error.reason == "plan_removed");
}

TEST_CASE("tasks: restoring outlives other writers", "[service][tasks]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  value_of(world.plans.remove_task(read.id, {}));
  world.lose_races(3);
  CHECK_FALSE(value_of(world.plans.restore_task(read.id)).deleted_ms);
}

TEST_CASE("plans: whoever is told of a save hears which call of the API made it",
          "[service][plans]") {
  Exported world;
  const std::string& plan = world.plan.id;
  core::Conflict conflict;
  conflict.id = "cfl_1";
  conflict.account_id = "ann";
  conflict.plan_id = plan;
  conflict.task_id = world.task(plan, "Read").id;
  conflict.key = "task:" + conflict.task_id;
  conflict.undo = R"({"notes": "as it was there"})";
  REQUIRE(world.store.commit({ports::put(conflict)}, ports::Durability::relaxed));
  Json again = document();
  tasks_of_week(again, 1)[0]["title"] = "Build it";
  Task series;
  const auto edit = [&](const std::string& slot, const std::string& request_id) {
    return ports::OccurrenceEdit{series.id, slot, R"({"title": "Dive"})", {}, request_id};
  };
  auto& plans = world.plans;
  value_of(plans.put_account("ann", R"({"zone": "Asia/Tokyo"})", {}, "account"));
  value_of(plans.import("ann", again.dump(), "import"));
  value_of(plans.edit_plan(plan, R"({"title": "More Swift"})", {}, "edit_plan"));
  series = value_of(plans.add_task({plan, "", "", R"({"title": "Swim",
      "schedule": {"start": "2026-11-23T18:00:00"}, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})",
                                    "add_task"}));
  value_of(plans.edit_task({series.id, R"({"notes": "Towel"})", {}, "edit_task"}));
  value_of(plans.edit_occurrence(edit("2026-11-30T18:00:00", "occurrence")));
  value_of(plans.cancel_occurrence(edit("2026-12-07T18:00:00", "cancel")));
  value_of(plans.split_series(edit("2026-12-14T18:00:00", "split")));
  value_of(plans.split_series(edit("2026-11-23T18:00:00", "all_of_it")));
  value_of(plans.undo_conflict("cfl_1", "undo"));
  value_of(plans.remove_task(series.id, {}, "remove_task"));
  value_of(plans.restore_task(series.id, "restore_task"));
  value_of(plans.remove_plan(plan, RemoteItems::remove, {}, "remove_plan"));
  value_of(plans.restore_plan(plan, "restore_plan"));
  const std::vector<std::string> all = {"account",     "import",      "edit_plan",   "add_task",
                                        "edit_task",   "occurrence",  "cancel",      "split",
                                        "all_of_it",   "undo",        "remove_task", "restore_task",
                                        "remove_plan", "restore_plan"};
  auto heard = world.changed.request_ids;
  heard.erase(heard.begin());  // of the plan that was made first
  CHECK(heard == all);
}

TEST_CASE("plans: whoever is told that a plan was placed anew hears which call asked for it",
          "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  value_of(world.plans.remove_task(world.task(plan.id, "Read").id, {}, "remove"));
  value_of(world.plans.reschedule(plan.id, "reschedule"));
  CHECK(world.changed.request_ids.back() == "reschedule");
}
