// A guard's question and a person's answer: a yes is for what was shown, and for nothing else.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/schedule.hpp"
#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using core::RunState;
using core::RunWait;

/// A second plan of the account, exported to the same place.
void export_another(World& world, const std::string& id, int tasks) {
  core::Plan plan;
  plan.id = id;
  plan.account_id = "acc";
  plan.title = id;
  plan.modules = {{"m", "Module", {{"w", 1, "Week"}}}};
  ports::Changes changes{ports::put(plan)};
  for (int t = 0; t < tasks; ++t) {
    core::Task task;
    task.id = fmt::format("{}_t{}", id, t);
    task.account_id = "acc";
    task.plan_id = id;
    task.week_id = "w";
    task.position = 1024 * t;
    task.title = fmt::format("{} {}", id, t);
    changes.push_back(ports::put(task));
  }
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
  const std::string first = std::exchange(world.plan_id, id);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.plan_id = first;
}

std::string asked(const core::Run& run, const char* what) {
  return Json::parse(run.guard).value(what, "");
}

}  // namespace

TEST_CASE("guard: two plans that ask are answered one after the other", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 4);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  export_another(world, "pln_2", 3);
  world.settle_in();
  world.service.forget_cursors();
  for (int t = 0; t < 4; ++t) world.service.erase(world.service.named(fmt::format("Task {}", t)));
  for (int t = 0; t < 3; ++t) world.service.erase(world.service.named(fmt::format("pln_2 {}", t)));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "plan_id") == "pln_1");
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.tasks().empty());
  CHECK(world.store.plans().tasks("pln_2").value().size() == 3);
  const core::Run next = world.run(run.id);
  REQUIRE(next.waiting_for == RunWait::approval);
  CHECK(asked(next, "plan_id") == "pln_2");
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.run(run.id).state == RunState::succeeded);
  CHECK(world.store.plans().tasks("pln_2").value().empty());
}

TEST_CASE("guard: a plan that fails does not hide another one's question", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 4);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  export_another(world, "pln_2", 3);
  world.settle_in();
  const std::string fails = GENERATE("pln_1", "pln_2");
  const std::string asks = fails == "pln_1" ? "pln_2" : "pln_1";
  const auto rename = [&](const std::string& title) {
    core::Plan plan = world.store.plans().find(fails).value();
    plan.title = title;
    REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::full).ok());
  };
  rename("Unmappable");
  world.service.forget_cursors();
  const std::vector<core::Task> tasks = world.store.plans().tasks(asks).value();
  for (const core::Task& task : tasks) world.service.erase(world.service.named(task.title));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "plan_id") == asks);
  CHECK(run.error_message == "no word for this plan");
  SECTION("approved, it goes on, and ends with the failure") {
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.store.plans().tasks(asks).value().empty());
    CHECK(world.run(run.id).state == RunState::partial);
    CHECK(world.run(run.id).error_message == "no word for this plan");
    CHECK(world.store.sync_states().find(world.connection_id)->error_code == "invalid");
  }
  SECTION("approved when the failure is over, it ends well") {
    rename("Mappable");
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.run(run.id).state == RunState::succeeded);
    CHECK(world.run(run.id).error_code.empty());
  }
  SECTION("discarded, that is all it says") {
    REQUIRE(world.dispatcher->discard(run.id).ok());
    CHECK(world.run(run.id).state == RunState::cancelled);
    CHECK(world.run(run.id).error_reason == "discarded");
    CHECK(world.run(run.id).error_message.empty());
    world.settle();
    CHECK(world.store.plans().tasks(asks).value().size() >= 3);
  }
}

TEST_CASE("guard: a yes to removals there is none to removals here", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 40);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
  const std::vector<core::Task> all = world.tasks();
  ports::Changes removals;  // saved while nobody pushes, so that one whole look finds all of it
  for (int t = 0; t < 20; ++t) {
    core::Task task = all.at(static_cast<std::size_t>(t));
    task.deleted_ms = world.clock.now_ms();
    removals.push_back(ports::put(task));
  }
  REQUIRE(world.store.commit(std::move(removals), ports::Durability::full).ok());
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == RunWait::approval);
  CHECK(asked(run, "reason") == "mass_removal");
  for (int t = 20; t < 40; ++t) {
    world.service.erase(world.service.named(fmt::format("Task {}", t)));
  }
  const core::Run looked = world.sync();  // the news come in
  REQUIRE(looked.waiting_for == RunWait::approval);
  REQUIRE(world.dispatcher->approve(run.id).ok());
  world.settle();
  CHECK(world.tasks().size() == 20);
}

// By default it asks about ten removals and more: neither 9 nor 2 are so many.
TEST_CASE("guard: removals count for a day, on either side", "[sync][guard]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 40);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
  const std::string side = GENERATE("here", "there");
  const auto remove = [&](std::size_t count) {
    ports::Changes removals;  // saved while nobody pushes, so that one whole look finds all of it
    for (core::Task& task : world.tasks()) {
      if (count-- == 0) break;
      if (side == "there") {
        world.service.erase(world.service.named(task.title));
        continue;
      }
      task.deleted_ms = world.clock.now_ms();
      removals.push_back(ports::put(task));
    }
    REQUIRE(world.store.commit(std::move(removals), ports::Durability::full).ok());
    return world.sync();
  };
  const auto left = [&] {  // on the other side
    return side == "there" ? world.tasks().size() : world.service.items().size();
  };
  CHECK(remove(9).state == RunState::succeeded);
  CHECK(left() == 31);
  SECTION("an hour later, with two more, it asks") {
    world.clock.advance(core::kHourMs);
    const core::Run run = remove(2);
    REQUIRE(run.waiting_for == RunWait::approval);
    CHECK(asked(run, "reason") == (side == "there" ? "mass_removal_here" : "mass_removal"));
    CHECK(left() == 31);
  }
  SECTION("25 hours later it does not") {
    world.clock.advance(25 * core::kHourMs);
    CHECK(remove(2).state == RunState::succeeded);
    CHECK(left() == 29);
  }
}

}  // namespace mortise::tests
