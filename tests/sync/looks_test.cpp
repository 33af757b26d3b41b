// What a look at the service covers: what notifications named or all of it, and which pages need no
// second reading.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::RunState;
using core::RunTrigger;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

/// A plan of two pages (or one table), exported and looked at.
void settle_in(World& world) {
  world.populate(2, 1, 3);
  world.retitle(0, "Here");
  world.retitle(3, "Elsewhere");
  REQUIRE(world.export_plan().state == RunState::succeeded);
  world.settle_in();
}

/// The service told that this item changed; no run looked yet.
void notify(World& world, const std::string& item) {
  core::Notification notification;
  notification.id = "ntf_" + item;
  notification.connector = "fake";
  notification.connection_id = world.connection_id;
  notification.hint = {item};
  notification.received_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(notification)}, ports::Durability::full).ok());
}

core::Instant looked_ms(const World& world) {
  return world.store.sync_states().find(world.connection_id)->started_ms.value();
}

bool has(const World& world, const std::string& title) {
  const std::vector<core::Task> tasks = world.tasks();
  return std::any_of(tasks.begin(), tasks.end(),
                     [&](const core::Task& task) { return task.title == title; });
}

}  // namespace

TEST_CASE("looks: a run that looked only at what was named puts no poll off", "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  const core::Instant before_ms = looked_ms(world);
  world.edit_there("Here", "Named");
  world.edit_there("Elsewhere", "Not named");
  notify(world, world.service.named("Named"));
  CHECK(world.sync(RunTrigger::notification).counts.received == 1);
  CHECK(has(world, "Named"));
  CHECK_FALSE(has(world, "Not named"));
  CHECK(world.store.inbox().pending(world.connection_id)->empty());
  CHECK(looked_ms(world) == before_ms);
  CHECK(world.sync().counts.received == 1);
  CHECK(has(world, "Not named"));
  CHECK(looked_ms(world) == world.clock.now_ms());
}

TEST_CASE("looks: where all is listed a notification's run has looked at all of it",
          "[sync][looks]") {
  World world(Style::client_ids, 1);
  settle_in(world);
  world.edit_there("Here", "Named");
  world.edit_there("Elsewhere", "Not named");
  notify(world, world.service.named("Named"));
  CHECK(world.sync(RunTrigger::notification).counts.received == 2);
  CHECK(looked_ms(world) == world.clock.now_ms());
}

TEST_CASE("looks: a notification's run that a poll meets in the queue looks at all that changed",
          "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  const RunTrigger stronger = GENERATE(RunTrigger::schedule, RunTrigger::reconnect);
  world.edit_there("Elsewhere", "Not named");
  notify(world, world.service.named("Here"));
  world.dispatcher->sync(world.connection_id, RunTrigger::notification);
  world.dispatcher->sync(world.connection_id, stronger);
  world.settle();
  CHECK(has(world, "Not named"));
  const auto runs = world.store.runs().list("", world.connection_id, {50, ""})->items;
  CHECK(std::none_of(runs.begin(), runs.end(),
                     [](const core::Run& run) { return run.trigger == RunTrigger::notification; }));
}

TEST_CASE("looks: a look at what a notification named says nothing of all the rest",
          "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  core::SyncState state = world.store.sync_states().find(world.connection_id).value();
  state.failures = 3;
  state.error_code = "unavailable";
  state.complete_ms = world.clock.now_ms() - kHourMs;
  REQUIRE(world.store.commit({ports::put(state)}, ports::Durability::full).ok());
  const std::string todo = world.service.named("Here");
  world.edit_there("Here", "Edited");
  notify(world, world.service.items().at(todo).parent_id);
  REQUIRE(world.sync(RunTrigger::notification).state == core::RunState::succeeded);
  const auto now = world.store.sync_states().find(world.connection_id).value();
  CHECK(now.failures == 3);
  CHECK(now.error_code == "unavailable");
  CHECK(now.complete_ms == state.complete_ms);
  REQUIRE(world.sync().state == core::RunState::succeeded);
  CHECK(world.store.sync_states().find(world.connection_id)->failures == 0);
  CHECK(world.store.sync_states().find(world.connection_id)->complete_ms > state.complete_ms);
}

TEST_CASE("looks: a page that a notification named is looked at, also if it holds but pages",
          "[sync][looks]") {
  World world(Style::nested, 1);
  world.settle_in(2, 1, 3);
  world.service.tells_trash = true;
  const std::string plan = world.service.saying("Plan");
  REQUIRE_FALSE(plan.empty());
  world.service.erase(plan);
  notify(world, plan);
  const core::Run run = world.sync(RunTrigger::notification);
  CHECK(run.waiting_for == core::RunWait::approval);
  CHECK(world.tasks().size() == 6);
}

TEST_CASE("looks: what a notification named is asked for by any run that looks", "[sync][looks]") {
  World world(Style::keyed, 1);
  settle_in(world);
  world.service.tells_removals = false;
  const std::string row = world.service.named("Here");
  world.service.erase(row);
  notify(world, row);
  const RunTrigger trigger = GENERATE(RunTrigger::notification, RunTrigger::schedule);
  CHECK(world.sync(trigger).counts.received == 1);
  CHECK_FALSE(has(world, "Here"));
}

TEST_CASE("looks: a host whose clock is ahead by minutes misses no edit of the same minute",
          "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  world.service.behind_ms = 3 * kMinuteMs;
  world.edit_there("Here", "First");
  CHECK(world.sync().counts.received == 1);
  world.edit_there("First", "Second");
  CHECK(world.sync().counts.received == 1);
  CHECK(has(world, "Second"));
  world.clock.advance(15 * kMinuteMs);
  world.sync();
  const int reads = world.service.reads;
  world.clock.advance(15 * kMinuteMs);
  world.sync();
  CHECK(world.service.reads == reads + 1);  // and then it is quiet
}

TEST_CASE("looks: however wrong the clocks are, a sweep finds what a poll took for read",
          "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  world.service.behind_ms = 30 * kMinuteMs;
  world.edit_there("Here", "First");
  CHECK(world.sync().counts.received == 1);
  world.edit_there("First", "Second");
  CHECK(world.sync().counts.received == 0);
  world.clock.advance(25 * kHourMs);
  CHECK(world.sync().counts.received == 1);
  CHECK(has(world, "Second"));
  world.clock.advance(25 * kHourMs);
  world.sync();
  world.clock.advance(25 * kHourMs);
  const int reads = world.service.reads;
  world.sync();
  CHECK(world.service.reads == reads + 1);  // what is certain is not read at each sweep
}

TEST_CASE("looks: a page that could not be listed is listed by the next look", "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  const auto& items = world.service.items();
  std::string container = items.at(world.service.named("Here")).parent_id;  // a section of it
  if (GENERATE(false, true)) container = items.at(container).parent_id;
  world.edit_there("Here", "Edited");
  world.clock.advance(20 * kMinuteMs);
  const FakeService before = world.service;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    const std::string listing = R"("op":"list","parent":")" + container + "\"";
    if (request.body.find(listing) != std::string::npos) world.service.erase(container);
    return Fault::none;
  };
  CHECK(world.sync().counts.received == 0);
  CHECK_FALSE(world.service.items().contains(container));
  world.egress->fault = {};
  world.service = before;
  CHECK(world.sync().counts.received == 1);
  CHECK(has(world, "Edited"));
}

TEST_CASE("looks: a clock that was set back puts no sweep off", "[sync][looks]") {
  World world(Style::nested, 1);
  settle_in(world);
  world.service.behind_ms = 30 * kMinuteMs;
  world.edit_there("Here", "First");
  CHECK(world.sync().counts.received == 1);
  world.edit_there("First", "Second");
  world.clock.set_wall(world.clock.now_ms() - 10 * 24 * kHourMs);
  CHECK(world.sync().counts.received == 1);
}

}  // namespace mortise::tests
