// Undoing a conflict: the value that was not kept comes back, once, as an edit.
#include "app/plan_world.hpp"
#include "core/occurrence.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Conflict;

namespace {

struct Disagreed : PlanWorld {
  Plan plan = imported();
  Task read = task(plan.id, "Read");

  void record(const std::string& undo, const std::string& slot = {}) {
    Conflict conflict;
    conflict.id = "cfl_1";
    conflict.account_id = "ann";
    conflict.plan_id = read.plan_id;
    conflict.task_id = read.id;
    conflict.key = "task:" + read.id + (slot.empty() ? "" : "/" + slot);
    conflict.undo = undo;
    REQUIRE(store.commit({ports::put(conflict)}, ports::Durability::relaxed));
    changed.saved.clear();
  }
  Task now() const { return store.plans().find_task(read.id).value(); }
  Conflict stored() const { return store.conflicts().find("cfl_1").value(); }
  std::string refused() { return refusal_of(plans.undo_conflict("cfl_1")).error.reason; }
};

}  // namespace

TEST_CASE("conflicts: undoing one edits its task in the same commit, once",
          "[service][conflicts]") {
  Disagreed world;
  world.record(R"({"title": "Read twice"})");
  Conflict undone;
  world.tells_once(world.plan.id, [&] { undone = value_of(world.plans.undo_conflict("cfl_1")); });
  CHECK(undone == world.stored());
  CHECK(undone.undone_ms == world.clock.now_ms());
  CHECK(world.now().title == "Read twice");
  CHECK(world.now().rev == world.read.rev + 1);
  world.leaves_everything([&] { CHECK(world.refused() == "undone_already"); });
  CHECK(refusal_of(world.plans.undo_conflict("cfl_none")).error.code == Code::not_found);
}

TEST_CASE("conflicts: undoing is an ordinary edit: a task that loses its time gets another",
          "[service][conflicts]") {
  Disagreed world;
  world.record(R"({"schedule": null})");
  value_of(world.plans.undo_conflict("cfl_1"));
  CHECK(world.now().schedule.kind == ScheduleKind::timed);
  CHECK(world.now().schedule.origin == ScheduleOrigin::computed);
}

TEST_CASE("conflicts: what is as it was already is only marked", "[service][conflicts]") {
  Disagreed world;
  world.record(R"({"title": "Read"})");
  value_of(world.plans.undo_conflict("cfl_1"));
  CHECK(world.stored().undone_ms);
  CHECK(world.now() == world.read);
  CHECK(world.changed.saved.empty());
}

TEST_CASE("conflicts: without another value, or its task, there is nothing to undo",
          "[service][conflicts]") {
  Disagreed world;
  SECTION("no other value") {
    world.record("{}");
    CHECK(world.refused() == "nothing_to_undo");
  }
  SECTION("the task was removed") {
    world.record(R"({"title": "x"})");
    value_of(world.plans.remove_task(world.read.id, {}));
    CHECK(world.refused() == "task_removed");
    value_of(world.plans.restore_task(world.read.id));
    value_of(world.plans.undo_conflict("cfl_1"));
  }
  SECTION("the task does not repeat any more") {
    world.record(R"({"title": "x"})", "2026-11-23T18:00:00");
    CHECK(world.refused() == "task_removed");
  }
  SECTION("a value that the task cannot have") {
    world.record(R"({"duration_s": -1})");
    CHECK(refusal_of(world.plans.undo_conflict("cfl_1")).complaints.at(0).pointer == "/duration_s");
  }
  CHECK(world.now().title != "");
}

TEST_CASE("conflicts: one of an occurrence is undone in that occurrence", "[service][conflicts]") {
  Disagreed world;
  world.read = value_of(world.plans.add_task({world.calendar().id, "", "", R"({"title": "Swim",
    "schedule": {"start": "2026-11-23T18:00:00"}, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})"}));
  world.record(R"({"title": "Dive"})", "2026-11-30T18:00:00");
  value_of(world.plans.undo_conflict("cfl_1"));
  CHECK(world.now().title == "Swim");
  REQUIRE(world.now().overrides.size() == 1);
  CHECK(world.now().overrides[0].slot == "2026-11-30T18:00:00");
  CHECK(core::occurrence_task(world.now(), "2026-11-30T18:00:00").value().title == "Dive");
}

TEST_CASE("conflicts: undoing outlives other writers", "[service][conflicts]") {
  Disagreed world;
  world.record(R"({"title": "Read twice"})");
  world.lose_races(3);
  value_of(world.plans.undo_conflict("cfl_1"));
  CHECK(world.now().title == "Read twice");
  CHECK(world.changed.saved.size() == 1);
}
