// Several writers of one plan: expected revisions, lost races, many at once.
#include <set>
#include <thread>

#include "app/plan_world.hpp"

namespace mortise::tests {

TEST_CASE("plans: If-Match guards every edit", "[service][plans]") {
  PlanWorld world;
  const Plan plan = world.imported();
  const Task read = world.task(plan.id, "Read");
  world.leaves_everything([&] {
    for (const Refusal& refusal :
         {refusal_of(world.plans.edit_task({read.id, R"({"title": "x"})", read.rev + 1})),
          refusal_of(world.plans.remove_task(read.id, read.rev - 1)),
          refusal_of(world.plans.edit_plan(plan.id, R"({"title": "x"})", plan.rev + 1)),
          refusal_of(world.plans.remove_plan(plan.id, {}, 0)),
          refusal_of(world.plans.put_account("ann", R"({"tier": "pro"})", 7)),
          refusal_of(world.plans.put_account("ann", R"({"tier": "pro"})", 0)),
          refusal_of(world.plans.put_account("new", R"({"tier": "pro"})", 1))}) {
      CHECK(refusal.error.code == Code::conflict);
      CHECK(refusal.error.reason == "precondition_failed");
    }
  });
  value_of(world.plans.put_account("new", R"({"tier": "pro"})", 0));
  const Task edited = value_of(world.plans.edit_task({read.id, R"({"title": "x"})", read.rev}));
  CHECK(refusal_of(world.plans.edit_task({read.id, R"({"title": "y"})", read.rev})).error.reason ==
        "precondition_failed");
  value_of(world.plans.remove_task(read.id, edited.rev));
}

TEST_CASE("plans: a lost race is run again, and not for ever", "[service][plans]") {
  PlanWorld world;
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
  PlanWorld world;
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
  PlanWorld world;
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

}  // namespace mortise::tests
