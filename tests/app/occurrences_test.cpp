// Recurring tasks as they are saved: this one, this and following, all.
#include "app/plan_world.hpp"
#include "core/occurrence.hpp"
#include "core/time.hpp"

using namespace mortise;
using namespace mortise::tests;
using Texts = std::vector<std::string>;

namespace {

Texts slots_of(const Task& task) {
  Texts slots;
  for (const core::Override& each : task.overrides) slots.push_back(each.slot);
  return slots;
}

/// A series of five Mondays in the built-in plan, and a task behind it.
struct Mondays : PlanWorld {
  Task series;

  Mondays() {
    const std::string plan = calendar().id;
    series = value_of(plans.add_task({plan, "", "", R"({"title": "Swim", "external_id": "swim",
      "schedule": {"start": "2026-11-23T18:00:00"}, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})"}));
    value_of(plans.add_task({plan, "", "", R"({"title": "Later", "due": "2026-12-24"})"}));
    changed.saved.clear();
  }
  Task now() const { return store.plans().find_task(series.id).value(); }
  ports::OccurrenceEdit at(const std::string& slot, const std::string& patch = "{}") const {
    return {series.id, slot, patch, {}};
  }
  std::size_t count(const std::string& task_id) const {
    const auto from = core::parse_instant("2026-01-01T00:00:00Z").value();
    return plans.occurrences({task_id, from, from + 3LL * 366 * 86'400'000, 100}).value().size();
  }
};

}  // namespace

TEST_CASE("occurrences: an edit of one is saved with its task and told once",
          "[service][occurrences]") {
  Mondays world;
  const Task saved = value_of(
      world.plans.edit_occurrence(world.at("2026-12-07T18:00:00", R"({"title": "Dive"})")));
  CHECK(saved == world.now());
  CHECK(saved.rev == world.series.rev + 1);
  CHECK(slots_of(saved) == Texts{"2026-12-07T18:00:00"});
  CHECK(world.changed.saved.size() == 1);
  value_of(world.plans.edit_occurrence(world.at("2026-12-07T18:00:00", R"({"title": "Dive"})")));
  CHECK(world.changed.saved.size() == 1);  // nothing changed: nothing to tell
  CHECK(world.now().rev == saved.rev);

  value_of(world.plans.cancel_occurrence(world.at("2026-11-30T18:00:00")));
  CHECK(world.now().overrides[0] == core::Override{"2026-11-30T18:00:00", true, "{}"});
  CHECK(world.changed.saved.size() == 2);
}

TEST_CASE("occurrences: a series with 1,000 that differ calls no other off",
          "[service][occurrences]") {
  Mondays world;
  Task full = world.now();
  for (int i = 0; i < 1'000; ++i) {
    full.overrides.push_back({"2025-01-01T00:" + std::to_string(100'000 + i), false, "{}"});
  }
  REQUIRE(world.store.commit({ports::put(full)}, ports::Durability::relaxed));
  world.leaves_everything([&] {
    const Refusal refused =
        refusal_of(world.plans.cancel_occurrence(world.at("2026-12-07T18:00:00")));
    CHECK(refused.complaints.at(0).detail == "a series has at most 1000 edited occurrences");
  });
}

TEST_CASE("occurrences: only what happens can be edited, at the revision that was read",
          "[service][occurrences]") {
  Mondays world;
  for (const char* slot : {"2026-12-08T18:00:00", "2026-12-07", "", "2027-12-06T18:00:00"}) {
    INFO(slot);
    CHECK(refusal_of(world.plans.edit_occurrence(world.at(slot))).error.code == Code::not_found);
  }
  ports::OccurrenceEdit old = world.at("2026-12-07T18:00:00");
  old.if_match = world.series.rev + 1;
  CHECK(refusal_of(world.plans.cancel_occurrence(old)).error.reason == "precondition_failed");
  const Refusal wrong = refusal_of(
      world.plans.edit_occurrence(world.at("2026-12-07T18:00:00", R"({"kind": "task"})")));
  REQUIRE(wrong.complaints.size() == 1);
  CHECK(wrong.complaints[0].pointer == "/kind");
  value_of(world.plans.edit_task({world.series.id, R"({"recurrence": null})", {}}));
  CHECK(refusal_of(world.plans.edit_occurrence(world.at("2026-11-23T18:00:00"))).error.reason ==
        "not_recurring");
  CHECK(world.plans.occurrences({world.series.id, 0, 1, 1}).error().reason == "not_recurring");
}

TEST_CASE("occurrences: this and following makes a task behind the old one, in one commit",
          "[service][occurrences]") {
  Mondays world;
  value_of(world.plans.edit_occurrence(world.at("2026-11-30T18:00:00", R"({"title": "A"})")));
  value_of(world.plans.edit_occurrence(
      world.at("2026-12-07T18:00:00", R"({"title": "B", "notes": "kept"})")));
  value_of(world.plans.cancel_occurrence(world.at("2026-12-14T18:00:00")));
  world.changed.saved.clear();
  const std::int64_t commits = world.store.commits();
  const Task made =
      value_of(world.plans.split_series(world.at("2026-12-07T18:00:00", R"({"title": "Row"})")));
  CHECK(world.store.commits() == commits + 1);
  CHECK(world.changed.saved.size() == 1);
  CHECK(made.id != world.series.id);
  CHECK(made.external_id.empty());
  CHECK(world.titles(world.series.plan_id) == Texts{"Swim", "Row", "Later"});
  CHECK(world.count(world.series.id) == 2);
  CHECK(world.count(made.id) == 3);
  CHECK(slots_of(world.now()) == Texts{"2026-11-30T18:00:00"});
  CHECK(slots_of(made) == Texts{"2026-12-07T18:00:00", "2026-12-14T18:00:00"});
  // What was said of all that follows holds for the first of it.
  CHECK(core::occurrence_task(made, "2026-12-07T18:00:00").value().title == "Row");
  CHECK(core::occurrence_task(made, "2026-12-07T18:00:00").value().notes == "kept");
}

TEST_CASE("occurrences: this and following to another time forgets what was different",
          "[service][occurrences]") {
  Mondays world;
  value_of(world.plans.cancel_occurrence(world.at("2026-12-14T18:00:00")));
  const Task made = value_of(world.plans.split_series(
      world.at("2026-12-07T18:00:00", R"({"schedule": {"start": "2026-12-07T19:00:00"}})")));
  CHECK(made.overrides.empty());
  CHECK(made.schedule.start == "2026-12-07T19:00:00");
  CHECK(world.count(made.id) == 3);
}

TEST_CASE("occurrences: from the first on is all", "[service][occurrences]") {
  Mondays world;
  const Task edited =
      value_of(world.plans.split_series(world.at("2026-11-23T18:00:00", R"({"title": "Row"})")));
  CHECK(edited.id == world.series.id);
  CHECK(world.titles(world.series.plan_id) == Texts{"Row", "Later"});
}

TEST_CASE("occurrences: an edit of the series drops what does not happen any more",
          "[service][occurrences]") {
  Mondays world;
  value_of(world.plans.cancel_occurrence(world.at("2026-11-30T18:00:00")));
  value_of(world.plans.cancel_occurrence(world.at("2026-12-14T18:00:00")));
  const auto edited = [&](const std::string& patch) {
    return slots_of(value_of(world.plans.edit_task({world.series.id, patch, {}})));
  };
  CHECK(edited(R"({"title": "Row"})").size() == 2);
  CHECK(edited(R"({"schedule": {"zone": "Europe/Madrid"}})").size() == 2);  // it was already
  CHECK(edited(R"({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})") == Texts{"2026-11-30T18:00:00"});
  CHECK(edited(R"({"schedule": {"start": "2026-11-23"}})").empty());
}

TEST_CASE("occurrences: overrides that an edit brings must happen", "[service][occurrences]") {
  Mondays world;
  const Refusal refusal = refusal_of(world.plans.edit_task(
      {world.series.id,
       R"({"overrides": [{"slot": "2026-11-30T18:00:00"}, {"slot": "2026-12-01T18:00:00"}]})",
       {}}));
  REQUIRE(refusal.complaints.size() == 1);
  CHECK(refusal.complaints[0].pointer == "/overrides/1/slot");
  const Task edited = value_of(world.plans.edit_task(
      {world.series.id,
       R"({"overrides": [{"slot": "2026-11-30T18:00:00", "cancelled": true}]})",
       {}}));
  CHECK(edited.overrides[0].cancelled);
}

TEST_CASE("occurrences: an import keeps them, brings them, and drops those that never happen",
          "[service][occurrences]") {
  Mondays world;
  const auto import = [&](const std::string& rest) {
    const std::string text = R"({"external_id": "p", "title": "P", "tasks": [{"title": "Run",
      "external_id": "run", "schedule": {"start": "2026-11-23"}, )" +
                             rest + "}]}";
    const auto report = value_of(world.plans.import("ann", text));
    return slots_of(world.store.plans().tasks(report.plan.id).value()[0]);
  };
  CHECK(import(R"("recurrence": ["RRULE:FREQ=DAILY"], "overrides": [
    {"slot": "2026-11-25", "cancelled": true}, {"slot": "2026-11-20"}])") == Texts{"2026-11-25"});
  CHECK(import(R"("recurrence": ["RRULE:FREQ=DAILY"])") == Texts{"2026-11-25"});
  CHECK(import(R"("recurrence": ["RRULE:FREQ=DAILY"], "overrides": [{"slot": "2026-11-26"}])") ==
        Texts{"2026-11-26"});
  CHECK(import(R"("recurrence": ["RRULE:FREQ=WEEKLY"])").empty());
}
