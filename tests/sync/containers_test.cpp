// Pages and tables that come back, go, or cannot go: what stands in them stands there once, and
// nothing that people made of it is lost untold.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::RunState;

/// How many items there say this.
std::size_t count(const World& world, const std::string& text) {
  std::size_t found = 0;
  for (const auto& [id, item] : world.service.items()) {
    found += item.fields.find('"' + text + '"') != std::string::npos;
  }
  return found;
}

/// Two modules, of which the second has tasks of its own names.
void settle_two_modules(World& world) {
  world.populate(2, 1, 2);
  for (core::Task task : world.tasks()) {
    if (task.week_id != "w1_0") continue;
    task.title = "Second " + task.title;
    REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
  }
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
}

enum class Tasks { move, go };

/// The app's next plan has no second module: its tasks are in the first one, or removed.
void drop_second_module(World& world, Tasks tasks) {
  auto plan = world.store.plans().find(world.plan_id).value();
  ports::Changes changes;
  for (core::Task task : world.tasks()) {
    if (task.week_id != "w1_0") continue;
    if (tasks == Tasks::move) task.week_id = "w0_0";
    if (tasks == Tasks::go) task.deleted_ms = world.clock.now_ms();
    changes.push_back(ports::put(task));
  }
  plan.modules.pop_back();
  changes.push_back(ports::put(plan));
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
}

std::vector<core::Conflict> conflicts(const World& world) {
  return world.store.conflicts().list("acc", {}, {}, {}).value().items;
}

}  // namespace

TEST_CASE("containers: a page that is back is not made anew by a run that only writes",
          "[sync][containers]") {
  World world(Style::nested, 1);
  world.settle_in(2, 1, 3);
  const FakeService before = world.service;
  const bool pushes = GENERATE(false, true);
  world.service.erase(world.service.saying("Plan"));
  REQUIRE(world.sync().state == RunState::waiting);
  world.service = before;
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  if (pushes) connection.direction = core::Direction::push;
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.retitle(0, "Edited");
  world.settle();
  CHECK(world.service.items().size() == before.items().size());
  CHECK(count(world, "Edited") == 1);
}

TEST_CASE("containers: what moves out of one that stays, or cannot go yet, stands there once",
          "[sync][containers]") {
  World world(Style::nested, 1);
  settle_two_modules(world);
  SECTION("somebody wrote in it") {
    world.service.make("block", world.service.saying("Week 1 0"), R"({"text":"My own note"})");
    drop_second_module(world, Tasks::move);
    world.sync();
    CHECK(count(world, "My own note") == 1);
  }
  SECTION("somebody wrote in it, and it is made anew while a removal fails") {
    world.service.make("block", world.service.saying("Week 1 0"), R"({"text":"My own note"})");
    int failures = 0;
    world.egress->fault = [&](const ports::ConnectorRequest& request) {
      const bool removes = request.body.find(R"("op":"remove")") != std::string::npos;
      return removes && failures++ == 0 ? Fault::refused : Fault::none;
    };
    auto plan = world.store.plans().find(world.plan_id).value();
    plan.modules[0].weeks.push_back(plan.modules[1].weeks[0]);
    plan.modules.pop_back();
    REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::full).ok());
    world.sync();
    CHECK(failures > 0);
  }
  SECTION("its removal fails for a while") {
    int failures = 0;
    world.egress->fault = [&](const ports::ConnectorRequest& request) {
      const bool removes = request.body.find(R"("op":"remove")") != std::string::npos;
      return removes && failures++ == 0 ? Fault::refused : Fault::none;
    };
    drop_second_module(world, Tasks::move);
    world.sync();
    CHECK(failures > 1);
    CHECK(world.service.outline() == world.expected());
  }
  world.sync();
  for (int t = 0; t < 2; ++t) CHECK(count(world, fmt::format("Second Task {}", t)) == 1);
  CHECK(world.tasks().size() == 4);
}

TEST_CASE("containers: what people made of its content counts before one goes",
          "[sync][containers]") {
  World world(Style::nested, 1);
  settle_two_modules(world);
  world.service.edit(world.service.saying("Second Task 1"), R"({"checked":true})");
  const Tasks tasks = GENERATE(Tasks::move, Tasks::go);
  const std::string edited = world.tasks().at(3).id;
  REQUIRE(world.tasks().at(3).title == "Second Task 1");
  drop_second_module(world, tasks);
  world.dispatcher->plan_saved("acc", world.plan_id);
  world.settle();
  world.sync();
  const core::Task task = world.task(edited);
  CHECK(task.status == core::TaskStatus::done);
  CHECK_FALSE(task.deleted_ms);
  CHECK(world.service.outline() == world.expected());
  world.clock.advance(10 * 60'000);
  const int writes = world.service.writes;
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.service.writes == writes);
}

TEST_CASE("containers: the content of one whose removal is refused is not forgotten",
          "[sync][containers]") {
  World world(Style::nested, 1);
  settle_two_modules(world);
  const std::string page = world.service.saying("Module 1");
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    const bool removes = request.body.find(R"("op":"remove")") != std::string::npos;
    return removes ? Fault::rejected : Fault::none;
  };
  const Tasks tasks = GENERATE(Tasks::move, Tasks::go);
  drop_second_module(world, tasks);
  CHECK(world.sync().state == RunState::partial);
  CHECK(world.service.items().contains(page));
  world.egress->fault = nullptr;
  CHECK(world.sync().state == RunState::succeeded);
  CHECK_FALSE(world.service.items().contains(page));
  CHECK(world.service.outline() == world.expected());
  CHECK(conflicts(world).empty());
}

}  // namespace mortise::tests
