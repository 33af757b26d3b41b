// A process dies, or an answer never comes, and people go on meanwhile: what was in doubt is found
// out, and nobody loses anything over it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include <fmt/format.h>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::RunState;

const Style kStyles[] = {Style::client_ids, Style::keyed, Style::nested};

/// The first write that says this is carried out and never answered for; after it the service is
/// down.
void lose_answer(World& world, const std::string& text) {
  world.egress->fault = [text, down = false](const ports::ConnectorRequest& request) mutable {
    if (down) return Fault::refused;
    if (request.writes.empty() || request.body.find(text) == std::string::npos) return Fault::none;
    down = true;
    return Fault::lost;
  };
}

void come_back(World& world) {
  world.egress->fault = nullptr;
  world.settle();
  world.sync();
}

}  // namespace

TEST_CASE("recovery: what a person made of an item before it was found again is taken over",
          "[sync][recovery]") {
  World world(Style::keyed, 1);
  world.settle_in(1, 1, 4);
  lose_answer(world, R"("create")");
  world.add_after(1, "Added");
  world.settle();
  const std::string row = world.service.named("Added");
  REQUIRE_FALSE(row.empty());
  world.clock.advance(10 * 60'000);
  world.service.edit(row, R"({"checked":true})");
  const std::string id = world.tasks().at(2).id;
  REQUIRE(world.task(id).title == "Added");
  const bool removed = GENERATE(false, true);
  if (removed) world.remove(2);
  come_back(world);
  world.sync();
  CHECK(world.task(id).status == core::TaskStatus::done);
  CHECK_FALSE(world.task(id).deleted_ms);
  CHECK(world.tasks().size() == 5);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("recovery: an update whose repetition met itself is ours, also if the process ends then",
          "[sync][recovery]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.egress->fault = [met = false](const ports::ConnectorRequest& request) mutable {
    if (met) return Fault::refused;  // nobody can look
    met = request.body.find("Second") != std::string::npos;
    return met ? Fault::repeated : Fault::none;
  };
  core::Task task = world.tasks().at(1);
  const std::string id = task.id;
  task.title = "Second";
  world.save(task);
  world.settle();
  REQUIRE_FALSE(world.service.named("Second").empty());
  world.crash();
  world.clock.advance(10 * 60'000);
  task = world.task(id);
  task.title = "Third";
  world.save(task);
  come_back(world);
  CHECK(world.task(id).title == "Third");
  CHECK_FALSE(world.service.named("Third").empty());
  CHECK(world.store.conflicts().list("acc", {}, {}, {}).value().items.empty());
}

TEST_CASE("recovery: a task that is restored while its removal is in doubt stands there again",
          "[sync][recovery]") {
  World world(GENERATE(from_range(std::begin(kStyles), std::end(kStyles))), 1);
  world.settle_in(1, 1, 4);
  core::Task task = world.tasks().at(1);
  lose_answer(world, R"("remove")");
  world.remove(1);
  world.settle();
  REQUIRE(world.service.named(task.title).empty());
  core::Task back = world.store.plans().find_task(task.id).value();
  REQUIRE(back.deleted_ms);
  back.deleted_ms.reset();
  world.save(back);
  come_back(world);
  world.sync();
  CHECK(world.tasks().size() == 4);
  CHECK(world.service.outline() == world.expected());
  CHECK(world.store.journal().open_intents(world.connection_id)->empty());
}

TEST_CASE("recovery: what was made anew in doubt goes, too, if nobody wants it any more",
          "[sync][recovery]") {
  World world(GENERATE(from_range(std::begin(kStyles), std::end(kStyles))), 1);
  world.settle_in(1, 1, 3);
  world.service.erase(world.service.named("Task 1"));
  lose_answer(world, "Edited");
  world.retitle(1, "Edited");
  world.sync();
  REQUIRE_FALSE(world.service.named("Edited").empty());
  world.remove(1);
  come_back(world);
  world.sync();
  CHECK(world.service.named("Edited").empty());
  CHECK(world.tasks().size() == 2);
  CHECK(world.store.plans().tasks("pln_calendar")->empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("recovery: a container that was made anew in doubt gets all that it shall hold",
          "[sync][recovery]") {
  const Style style = GENERATE(Style::keyed, Style::nested);
  const bool dies = GENERATE(false, true);
  World world(style, 1);
  world.settle_in(1, 1, 5);
  world.service.erase(world.service.saying("Plan"));
  lose_answer(world, R"("Plan")");
  world.retitle(0, "Edited");
  world.settle();
  const auto asks = world.store.runs().unfinished(world.connection_id).value();
  REQUIRE(asks.size() == 1);
  REQUIRE(world.dispatcher->discard(asks[0].id).ok());
  world.settle();
  REQUIRE_FALSE(world.service.saying("Plan").empty());
  if (dies) world.crash();
  come_back(world);
  world.clock.advance(3'600'000);
  world.sync();
  world.sync();
  CHECK(world.tasks().size() == 5);
  CHECK(world.store.runs().unfinished(world.connection_id)->empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("recovery: what another plan has there is not taken for what is in doubt",
          "[sync][recovery]") {
  World world(GENERATE(Style::keyed, Style::nested), 1);
  world.populate(1, 1, 2);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  core::Plan twin = world.store.plans().find(world.plan_id).value();
  ports::Changes changes;
  for (core::Task task : world.tasks()) {
    task.id += "_twin";
    task.plan_id = "pln_twin";
    task.rev = 0;
    changes.push_back(ports::put(task));
  }
  twin.id = "pln_twin";
  twin.rev = 0;
  changes.insert(changes.begin(), ports::put(twin));
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
  const std::string first = std::exchange(world.plan_id, twin.id);
  lose_answer(world, R"("Plan")");
  world.queue_export();
  world.settle();
  come_back(world);
  std::set<std::string> ids;
  const auto pairs = world.store.pairs().of_connection(world.connection_id);
  for (const core::Pair& pair : *pairs) {
    if (pair.remote_id.empty() || pair.state == core::PairState::tombstone) continue;
    INFO(pair.key);
    CHECK(ids.insert(pair.remote_id).second);
  }
  CHECK(world.service.items().size() == pairs->size());
}

}  // namespace mortise::tests
