// What is in doubt keeps nothing else waiting, and what a service tells twice, or of itself, counts
// once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include <fmt/format.h>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::RunState;
using core::RunWait;

const Style kStyles[] = {Style::client_ids, Style::keyed, Style::nested};

void settle_in(World& world) {
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
}

/// Each write that says this is answered by nothing, and nothing of it happens.
void never_answer(World& world, const std::string& text) {
  world.egress->fault = [text](const ports::ConnectorRequest& request) {
    const bool meant = !request.writes.empty() && request.body.find(text) != std::string::npos;
    return meant ? Fault::unknown : Fault::none;
  };
}

/// Ten minutes pass: what fails goes on failing.
void wait(World& world) {
  for (int second = 0; second < 600; ++second) {
    world.executor.run_until_idle();
    world.clock.advance(1000);
  }
  world.executor.run_until_idle();
}

core::Run look(World& world) {
  core::Run run;
  run.id = fmt::format("look_{}", world.clock.now_ms());
  run.account_id = "acc";
  run.connection_id = world.connection_id;
  run.kind = core::RunKind::sync;
  run.trigger = core::RunTrigger::schedule;
  run.created_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(run)}, ports::Durability::full));
  world.dispatcher->kick(world.connection_id);
  wait(world);
  return world.run(run.id);
}

bool has(const std::vector<core::Task>& tasks, const std::string& title) {
  return std::any_of(tasks.begin(), tasks.end(),
                     [&](const core::Task& task) { return task.title == title; });
}

std::set<std::string> remote_ids(const World& world) {
  std::set<std::string> ids;
  const auto pairs = world.store.pairs().of_connection(world.connection_id);
  for (const core::Pair& pair : *pairs) {
    if (pair.state != core::PairState::tombstone) CHECK(ids.insert(pair.remote_id).second);
  }
  return ids;
}

}  // namespace

TEST_CASE("doubt: an item that is never answered for keeps nothing else waiting", "[sync][doubt]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(1, 1, 4);
  world.retitle(0, "First");
  world.retitle(3, "Last");
  settle_in(world);
  never_answer(world, "Never");
  world.add_after(0, "Never");
  wait(world);
  for (int round = 0; round < 3; ++round) {
    world.edit_there(round == 0 ? "First" : fmt::format("Theirs {}", round - 1),
                     fmt::format("Theirs {}", round));
    CHECK(look(world).state == RunState::partial);
    CHECK(has(world.tasks(), fmt::format("Theirs {}", round)));
    CHECK(world.store.journal().open_intents(world.connection_id)->size() <= 1);
  }
  std::vector<core::Task> tasks = world.tasks();
  auto last = std::find_if(tasks.begin(), tasks.end(),
                           [](const core::Task& task) { return task.title == "Last"; });
  REQUIRE(last != tasks.end());
  last->title = "Ours";
  world.save(*last);
  wait(world);
  look(world);
  CHECK_FALSE(world.service.named("Ours").empty());
  world.egress->fault = {};
  world.settle();
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.service.outline() == world.expected());
  CHECK(world.store.journal().open_intents(world.connection_id)->empty());
}

TEST_CASE("doubt: what may have been made goes there, too, also if the second try did not happen",
          "[sync][doubt]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  settle_in(world);
  int tries = 0;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (request.writes.empty() || request.body.find("One more") == std::string::npos) {
      return Fault::none;
    }
    return ++tries == 1 ? Fault::lost : Fault::unsent;
  };
  world.add_after(1, "One more");
  wait(world);
  REQUIRE(tries > 1);
  CHECK(world.store.journal().open_intents(world.connection_id)->size() == 1);
  world.remove(2);
  world.egress->fault = {};
  world.settle();
  world.sync();
  CHECK(world.service.named("One more").empty());
  CHECK(world.service.outline() == world.expected());
  CHECK(world.store.journal().open_intents(world.connection_id)->empty());
}

TEST_CASE("doubt: a question about one plan lets the others be looked at", "[sync][doubt]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 20);
  settle_in(world);
  core::Plan second;
  second.id = "pln_2";
  second.account_id = "acc";
  second.title = "Second";
  second.modules = {{"m", "Module", {{"w", 1, "Week"}}}};
  core::Task other;
  other.id = "other";
  other.account_id = "acc";
  other.plan_id = "pln_2";
  other.week_id = "w";
  other.title = "Other";
  REQUIRE(world.store.commit({ports::put(second), ports::put(other)}, ports::Durability::full));
  world.plan_id = "pln_2";
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.plan_id = "pln_1";
  never_answer(world, "Never");
  world.add_after(0, "Never");
  wait(world);
  for (core::Task task : world.tasks()) {
    if (task.title == "Never") continue;
    task.deleted_ms = world.clock.now_ms();
    world.save(task);
  }
  wait(world);
  world.edit_there("Other", "Theirs");
  look(world);
  CHECK(has(world.store.plans().tasks("pln_2").value(), "Theirs"));
  CHECK(world.service.items().size() >= 20);  // nobody said yes
}

TEST_CASE("doubt: who connects anew while a last answer is under way stays connected",
          "[sync][doubt]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  settle_in(world);
  bool asked = false;
  world.egress->fault = [&](const ports::ConnectorRequest&) {
    if (std::exchange(asked, true)) return Fault::none;
    auto connection = world.store.connections().find(world.connection_id).value();
    REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::full));
    return Fault::unauthorized;
  };
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.store.connections().find(world.connection_id)->status ==
        core::ConnectionStatus::connected);
  world.egress->fault = [](const auto&) { return Fault::unauthorized; };
  CHECK(world.sync().waiting_for == RunWait::reconnect);
  CHECK(world.store.connections().find(world.connection_id)->status ==
        core::ConnectionStatus::needs_reconnect);
}

TEST_CASE("doubt: an item that a listing tells twice is one item", "[sync][doubt]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.service.tells_twice = true;
  world.populate(1, 1, 3);
  for (int i = 0; i < 3; ++i) world.retitle(i, "Same");
  settle_in(world);
  remote_ids(world);
  world.retitle(0, "One");
  world.retitle(1, "Two");
  world.settle();
  CHECK(world.sync().state == RunState::succeeded);
  remote_ids(world);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("doubt: of two equal creations that were lost, each is made once", "[sync][doubt]") {
  World world(Style::nested, 1);
  world.service.tells_twice = true;
  world.populate(1, 1, 1);
  settle_in(world);
  int lost = 0;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (request.writes.empty() || request.body.find("Same") == std::string::npos) {
      return Fault::none;
    }
    ++lost;
    return lost == 1 ? Fault::lost : lost == 2 ? Fault::unknown : Fault::none;
  };
  world.add_after(0, "Same");
  world.add_after(1, "Same");
  world.settle();
  world.sync();
  CHECK(lost >= 2);
  remote_ids(world);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("doubt: a container that tells itself is looked through once", "[sync][doubt]") {
  World world(Style::nested, 1);
  world.service.tells_itself = true;
  world.populate(2, 2, 2);
  world.retitle(0, "First");
  settle_in(world);
  world.edit_there("First", "Theirs");
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(has(world.tasks(), "Theirs"));
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("doubt: a task's own item is no other task's, however alike", "[sync][doubt]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 2);
  world.retitle(0, "Same");
  world.retitle(1, "Same");
  settle_in(world);
  const std::vector<core::Task> tasks = world.tasks();
  const std::size_t gone = GENERATE(0, 1);  // whose item is gone; of both the pairs are lost
  ports::Changes changes;
  const auto pairs = world.store.pairs().of_connection(world.connection_id);
  for (const core::Pair& pair : *pairs) {
    if (pair.key == "task:" + tasks[gone].id) world.service.erase(pair.remote_id);
    changes.push_back(ports::ErasePair{pair.connection_id, pair.plan_id, pair.key});
  }
  const auto marks = world.store.bookmarks().of_connection(world.connection_id);
  for (core::Bookmark mark : *marks) {
    mark.cursor.clear();
    changes.push_back(ports::put(std::move(mark)));
  }
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full));
  world.sync();
  REQUIRE(world.export_plan().state == RunState::succeeded);
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(remote_ids(world).size() == 2);
  CHECK(world.service.outline() == world.expected());
}

}  // namespace mortise::tests
