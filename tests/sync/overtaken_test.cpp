// What a person saves while a run is taking news over is neither lost nor in its way.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <set>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using core::RunState;

constexpr std::int64_t kMinuteMs = 60'000;

void settle_in(World& world) {
  world.populate(1, 1, 8);
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
}

/// Saves a title once, in the middle of the next reception: the tier's policy is asked in it.
void retitle_during_reception(World& world, const std::string& task_id, const std::string& title) {
  world.gate.on_decide = [&world, task_id, title] {
    core::Task task = world.store.plans().find_task(task_id).value();
    task.title = title;
    task.updated_ms = world.clock.now_ms();
    REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
  };
}

}  // namespace

TEST_CASE("overtaken: a title saved while a tick comes in is kept, and travels",
          "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  settle_in(world);
  const core::Task task = world.tasks().at(1);
  world.service.edit(world.service.named(task.title), R"({"checked":true})");
  retitle_during_reception(world, task.id, "Saved meanwhile");
  const core::Run run = world.sync();
  INFO(run.error_message);
  CHECK(run.state == RunState::succeeded);
  CHECK(world.task(task.id).title == "Saved meanwhile");
  CHECK(world.task(task.id).status == core::TaskStatus::done);
  CHECK_FALSE(world.service.named("Saved meanwhile").empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE(
    "overtaken: a write whose answer was lost is no edit of the service, however late we look",
    "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed);
  World world(style, 1);
  settle_in(world);
  const std::string id = world.tasks().at(1).id;
  bool down = false;  // from the lost answer on: nobody can look, either
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (down) return Fault::refused;
    if (request.body.find("Written unseen") == std::string::npos) return Fault::none;
    down = true;
    return Fault::lost;
  };
  world.retitle(1, "Written unseen");
  CHECK(world.sync().state == RunState::partial);
  REQUIRE(down);
  REQUIRE_FALSE(world.service.named("Written unseen").empty());
  world.egress->fault = {};
  world.retitle(1, "Typed since");
  world.clock.advance(kMinuteMs);
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(world.task(id).title == "Typed since");
  CHECK(world.store.conflicts().list("acc", {}, {}, {}).value().items.empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("overtaken: an item made anew is not made once more when the answer to that was lost",
          "[sync][inbound]") {
  const Style style = GENERATE(Style::keyed, Style::nested);
  World world(style, 1);
  settle_in(world);
  const std::string there = world.service.named(world.tasks().at(1).title);
  world.retitle(1, "Typed");
  int met = 0;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (request.body.find("Typed") == std::string::npos) return Fault::none;
    if (++met == 1) world.service.erase(there);  // after the look, before the write
    if (met != 2) return Fault::none;
    world.retitle(1, "Typed since");
    return Fault::lost;
  };
  CHECK(world.sync().state == RunState::succeeded);
  CHECK(met >= 2);
  CHECK_FALSE(world.service.named("Typed since").empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("overtaken: a task edited while its removal comes in stays", "[sync][inbound]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  settle_in(world);
  const core::Task removed = world.tasks().at(1);
  world.service.erase(world.service.named(removed.title));
  world.service.edit(world.service.named(world.tasks().at(2).title), R"({"checked":true})");
  retitle_during_reception(world, removed.id, "Saved meanwhile");
  CHECK(world.sync().state == RunState::succeeded);
  CHECK_FALSE(world.task(removed.id).deleted_ms);
  CHECK_FALSE(world.service.named("Saved meanwhile").empty());
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("overtaken: what came and what went in one run is told, each by itself",
          "[sync][inbound]") {
  World world(Style::client_ids, 1);
  settle_in(world);
  core::Task task = world.tasks().at(1);
  const std::string id = world.service.named(task.title);
  task.title = "Here";
  REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
  world.service.edit(id, R"({"checked":true})");
  core::Task removed = world.tasks().at(2);
  removed.deleted_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(removed)}, ports::Durability::full).ok());
  const core::Run run = world.sync();
  REQUIRE(run.state == RunState::succeeded);
  CHECK(run.counts.create + run.counts.update + run.counts.remove == run.counts.done);
  std::set<std::string> lines;
  const auto page = world.store.runs().items(run.id, {50, ""}).value();
  for (const core::RunItem& item : page.items) {
    lines.insert(item.action + " " + item.key);
    if (item.action == "remove") CHECK(item.title == removed.title);
  }
  CHECK(lines == std::set<std::string>{"receive task:" + task.id, "update task:" + task.id,
                                       "remove task:" + removed.id});
}

TEST_CASE("overtaken: an undo is about the conflict alone", "[sync][inbound]") {
  World world(Style::client_ids, 1);
  settle_in(world);
  core::Task task = world.tasks().at(1);
  const std::string id = world.service.named(task.title);
  task.title = "Here";
  task.updated_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
  world.clock.advance(10 * kMinuteMs);
  world.service.edit(id, R"({"text":"There","checked":true})");
  CHECK(world.sync().state == RunState::succeeded);
  const auto conflicts = world.store.conflicts().list("acc", {}, {}, {}).value().items;
  REQUIRE(conflicts.size() == 1);
  CHECK(Json::parse(conflicts.front().undo) == Json{{"title", "Here"}});
  CHECK(world.task(task.id).status == core::TaskStatus::done);
}

TEST_CASE("overtaken: a run that a person asks for as it starts is theirs: all of it is looked at",
          "[sync][inbound]") {
  World world(Style::nested, 1);
  settle_in(world);
  std::string asked_for;
  world.store.before_commit([&](const ports::Changes& changes, ports::Durability) -> Status {
    for (const ports::Change& change : changes) {
      const auto* put = std::get_if<ports::Put<core::Run>>(&change);
      if (put == nullptr || put->value.state != RunState::running || !asked_for.empty()) continue;
      asked_for = "asking";
      const auto run = world.dispatcher->sync_now(world.connection_id, "req_1");
      if (run) asked_for = run->id;
    }
    return {};
  });
  const core::Run run = world.sync(core::RunTrigger::notification);
  world.store.before_commit({});
  REQUIRE(asked_for == run.id);
  CHECK(run.state == RunState::succeeded);
  CHECK(run.trigger == core::RunTrigger::user);
  CHECK(run.request_id == "req_1");
}

}  // namespace mortise::tests
