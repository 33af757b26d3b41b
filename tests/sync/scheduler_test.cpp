// What happens by itself, in virtual days.
#include "sync/scheduler.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <utility>

#include "core/schedule.hpp"
#include "sync/upkeep_world.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::kDayMs;
using core::kHourMs;
using core::kMinuteMs;

namespace {

/// Every sync that is asked for happens at once.
void obliging(UpkeepWorld& world) {
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) { world.synced(id); };
}

std::vector<std::int64_t> gaps_min(const UpkeepWorld& world, const std::string& id) {
  std::vector<std::int64_t> gaps;
  core::Instant last_ms = 0;
  for (const AskedRuns::Ask& ask : world.runs.asked) {
    if (ask.connection != id) continue;
    if (last_ms != 0) gaps.push_back((ask.at_ms - last_ms) / kMinuteMs);
    last_ms = ask.at_ms;
  }
  return gaps;
}

void notify(UpkeepWorld& world, const std::string& id, const std::string& connection) {
  core::Notification notification;
  notification.id = id;
  notification.connector = "cal";
  notification.connection_id = connection;
  notification.received_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(notification)}, ports::Durability::full));
}

}  // namespace

TEST_CASE("scheduler: every connection is polled each quarter of an hour, give or take a quarter",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  world.connect("cnn_2");
  world.start();
  world.pass(10 * kDayMs);
  for (const char* id : {"cnn_1", "cnn_2"}) {
    const auto gaps = gaps_min(world, id);
    CHECK(gaps.size() > 900);
    CHECK(gaps.size() < 1'000);
    for (const std::int64_t gap : gaps) {
      CHECK(gap >= 11);
      CHECK(gap <= 18);
    }
  }
  for (const AskedRuns::Ask& ask : world.runs.asked) {
    CHECK(ask.trigger == core::RunTrigger::schedule);
  }
}

TEST_CASE("scheduler: a connection's own interval counts", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  world.edit("cnn_1", [](core::Connection& now) { now.interval_s = 6 * 3600; });
  world.start();
  world.pass(30 * kDayMs);
  for (const std::int64_t gap : gaps_min(world, "cnn_1")) {
    CHECK(gap >= 6 * 45);
    CHECK(gap <= 6 * 75 + 5);
  }
  world.edit("cnn_1", [](core::Connection& now) { now.interval_s = 60; });
  world.process->scheduler.look("cnn_1");
  world.runs.asked.clear();
  world.pass(kHourMs);
  CHECK(world.runs.asked.size() >= 45);
}

TEST_CASE("scheduler: what changes during a visit is looked at right after it",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1");
  bool once = true;
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) {
    world.synced(id);
    if (!std::exchange(once, false)) return;
    world.edit(id, [](core::Connection& now) { now.interval_s = 60; });
    world.process->scheduler.look(id);
    world.executor.run_until_idle();  // as another worker would
  };
  world.start();
  for (int i = 0; i < 300 && world.runs.asked.empty(); ++i) world.pass(1'000);
  REQUIRE(world.runs.asked.size() == 1);
  world.pass(80'000);
  CHECK(world.runs.asked.size() == 2);
}

TEST_CASE("scheduler: what pulls nothing by itself is not polled", "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1");
  world.connect("cnn_2");
  world.connect("cnn_3");
  world.connect("cnn_4", "cal", "");
  world.connect("cnn_5", "gone");
  world.synced("cnn_4");  // and found no place
  world.edit("cnn_1", [](core::Connection& now) { now.auto_sync = false; });
  world.edit("cnn_2", [](core::Connection& now) { now.direction = core::Direction::push; });
  world.edit("cnn_3",
             [](core::Connection& now) { now.status = core::ConnectionStatus::needs_reconnect; });
  world.start();
  world.pass(kDayMs);
  CHECK(world.runs.asked.empty());
  for (const char* id : {"cnn_1", "cnn_2", "cnn_3", "cnn_4", "cnn_5"}) {
    CHECK_FALSE(world.process->scheduler.status(id)->next_ms);
  }
}

TEST_CASE("scheduler: who was connected and whose first look never was is looked at",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1", "cal", "");  // the look chooses the place
  core::SyncState state;
  state.connection_id = "cnn_1";
  const bool failed = GENERATE(false, true);
  if (failed) state.failures = 1;
  REQUIRE(world.store.commit({ports::put(state)}, ports::Durability::full).ok());
  world.start();
  world.pass(kHourMs);
  REQUIRE_FALSE(world.runs.asked.empty());
  world.synced("cnn_1");
  world.runs.asked.clear();
  world.pass(kDayMs);
  CHECK(world.runs.asked.empty());  // there is none to be chosen
}

TEST_CASE("scheduler: a sync for another reason puts the poll off", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  world.start();
  for (int i = 0; i < 50; ++i) {
    world.synced("cnn_1");  // notifications keep coming
    world.pass(10 * kMinuteMs);
  }
  CHECK(world.runs.asked.empty());
}

TEST_CASE("scheduler: after days of downtime the polls come spread, and each once",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  for (int i = 0; i < 200; ++i) {
    world.connect("cnn_" + std::to_string(i));
    world.synced("cnn_" + std::to_string(i));
  }
  world.clock.advance(3 * kDayMs);
  world.start();
  world.pass(225'000);
  CHECK(world.runs.asked.size() == 200);
  std::map<std::int64_t, int> per_quarter_minute;
  for (const AskedRuns::Ask& ask : world.runs.asked) ++per_quarter_minute[ask.at_ms / 15'000];
  for (const auto& [quarter, count] : per_quarter_minute) CHECK(count < 40);
}

TEST_CASE("scheduler: what fails is tried again soon, then ever later, and never too often",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  std::int64_t failures = 0;
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) {
    world.synced(id, ++failures);
  };
  world.connect("cnn_1");
  world.start();
  world.pass(kDayMs);
  const auto gaps = gaps_min(world, "cnn_1");
  REQUIRE(gaps.size() > 10);
  const std::int64_t expected[] = {5, 10, 20, 40, 60, 60};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CHECK(gaps[i] >= expected[i] * 3 / 4 - 1);
    CHECK(gaps[i] <= expected[i] * 5 / 4 + 1);
  }
  failures = -1;
  world.runs.asked.clear();
  obliging(world);
  world.pass(2 * kHourMs);
  CHECK(world.runs.asked.size() >= 4);
}

TEST_CASE("scheduler: a run that never begins is asked for once an interval", "[sync][scheduler]") {
  UpkeepWorld world("");  // the queue takes it and nothing happens: it waits for an approval, say
  world.connect("cnn_1");
  world.start();
  world.pass(kDayMs);
  CHECK(world.runs.asked.size() >= 75);
  CHECK(world.runs.asked.size() <= 130);
}

TEST_CASE("scheduler: notifications that no run looked at get one", "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1");
  world.edit("cnn_1", [](core::Connection& now) { now.interval_s = 86'400; });
  world.synced("cnn_1");
  world.start();
  world.pass(kMinuteMs);
  core::Notification notification;
  notification.id = "ntf_1";
  notification.connector = "cal";
  notification.connection_id = "cnn_1";
  notification.received_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(notification)}, ports::Durability::full));
  CHECK(world.process->scheduler.status("cnn_1")->oldest_notification_ms ==
        notification.received_ms);
  world.pass(30 * kMinuteMs);
  REQUIRE(world.runs.asked.size() == 1);
  CHECK(world.runs.asked[0].trigger == core::RunTrigger::notification);
  world.synced("cnn_1");
  CHECK_FALSE(world.process->scheduler.status("cnn_1")->oldest_notification_ms);
}

TEST_CASE(
    "scheduler: what the run of a notification failed at is the next poll's, and that is soon",
    "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1");
  world.edit("cnn_1", [](core::Connection& now) { now.interval_s = 86'400; });
  world.synced("cnn_1");
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) {
    core::SyncState state = world.store.sync_states().find(id).value();
    ++state.failures;
    REQUIRE(world.store.commit({ports::put(state)}, ports::Durability::full));
  };
  notify(world, "ntf_1", "cnn_1");
  world.start();
  world.pass(10 * kMinuteMs);
  REQUIRE(world.runs.asked.size() == 2);
  CHECK(world.runs.asked[0].trigger == core::RunTrigger::notification);
  CHECK(world.runs.asked[1].trigger == core::RunTrigger::schedule);
}

TEST_CASE("scheduler: what waits in the inbox of a connection that takes nothing in is let go",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  const auto pending = [&] { return world.store.inbox().connections_with_pending().value(); };
  for (const char* id : {"cnn_1", "cnn_2", "cnn_3", "cnn_4", "cnn_5"}) {
    world.connect(id);
    world.synced(id);
    notify(world, std::string("ntf_") + id, id);
  }
  world.edit("cnn_1", [](core::Connection& now) { now.auto_sync = false; });
  world.edit("cnn_2", [](core::Connection& now) { now.direction = core::Direction::push; });
  world.edit("cnn_3",
             [](core::Connection& now) { now.status = core::ConnectionStatus::disconnected; });
  world.edit("cnn_4",
             [](core::Connection& now) { now.status = core::ConnectionStatus::needs_reconnect; });
  world.start();  // an earlier process was told of them
  REQUIRE(world.runs.asked.size() == 1);
  CHECK(world.runs.asked[0].connection == "cnn_5");
  world.pass(10'000);
  CHECK(pending() == std::vector<std::string>{"cnn_4", "cnn_5"});
  world.edit("cnn_5", [](core::Connection& now) { now.auto_sync = false; });
  world.process->scheduler.look("cnn_5");
  world.pass(10'000);
  CHECK(pending() == std::vector<std::string>{"cnn_4"});  // it comes back with a person
  CHECK(world.runs.asked.size() == 1);
}

TEST_CASE("scheduler: notifications that keep waiting put no poll off", "[sync][scheduler]") {
  UpkeepWorld world("");
  int told = 0;
  const auto notify = [&] {
    core::Notification notification;
    notification.id = "ntf_" + std::to_string(++told);
    notification.connector = "cal";
    notification.connection_id = "cnn_1";
    notification.received_ms = world.clock.now_ms();
    REQUIRE(world.store.commit({ports::put(notification)}, ports::Durability::full));
  };
  // A run looks only at what was named, and the next notification is there before it ends.
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger trigger) {
    if (trigger == core::RunTrigger::schedule) world.synced(id);
    REQUIRE(world.store.commit({world.handled(id)}, ports::Durability::full));
    notify();
  };
  world.connect("cnn_1");
  world.synced("cnn_1");
  notify();
  world.start();
  world.pass(5 * kHourMs);
  const auto& asked = world.runs.asked;
  const auto polls = std::count_if(asked.begin(), asked.end(), [](const AskedRuns::Ask& ask) {
    return ask.trigger == core::RunTrigger::schedule;
  });
  CHECK(polls >= 15);
  CHECK(polls <= 27);
  CHECK(asked.size() > static_cast<std::size_t>(polls));
}

TEST_CASE("scheduler: idle grants are looked after twice a day and at start", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  world.connect("cnn_2");
  world.edit("cnn_2",
             [](core::Connection& now) { now.status = core::ConnectionStatus::disconnected; });
  world.start();
  world.pass(kMinuteMs);
  CHECK(world.tokens.kept["cnn_1"] == 1);
  world.pass(10 * kDayMs);
  CHECK(world.tokens.kept["cnn_1"] >= 20);
  CHECK(world.tokens.kept["cnn_1"] <= 22);
  CHECK(world.tokens.kept["cnn_2"] == 0);
}

TEST_CASE("scheduler: what ended long ago is forgotten", "[sync][scheduler]") {
  UpkeepWorld world("");
  world.schedule.keep_days = GENERATE(90, 0);
  world.crash();
  world.connect("cnn_1", "gone");
  world.run_ended("cnn_1", core::RunTrigger::user, 0);
  const std::string id = world.store.runs().list("", "cnn_1", {10, ""})->items.at(0).id;
  world.start();
  world.pass(89 * kDayMs);
  CHECK(world.store.runs().find(id));
  world.pass(2 * kDayMs);
  CHECK(world.store.runs().find(id).ok() == (world.schedule.keep_days == 0));
}

TEST_CASE("scheduler: the status says how fresh a connection is and what comes next",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1");
  world.synced("cnn_1");
  world.start();
  const auto status = world.process->scheduler.status("cnn_1");
  REQUIRE(status);
  CHECK(status->state.started_ms == world.clock.now_ms());
  REQUIRE(status->next_ms);
  CHECK(*status->next_ms > world.clock.now_ms());
  CHECK(status->push.state == ports::PushState::off);
  CHECK(status->push.reason == "no_public_url");
  world.pass(*status->next_ms - world.clock.now_ms() - 1'000);
  CHECK(world.runs.asked.empty());
  world.pass(2'000);
  CHECK(world.runs.asked.size() == 1);
  CHECK(world.process->scheduler.status("nobody").error().code == Code::not_found);
}

TEST_CASE("scheduler: one timer is enough, and quiet means quiet", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  for (int i = 0; i < 50; ++i) world.connect("cnn_" + std::to_string(i));
  world.start();
  world.pass(kHourMs);
  CHECK(world.clock.pending() == 1);
  world.process->scheduler.stop();
  CHECK(world.clock.pending() == 0);
}

TEST_CASE("scheduler: a wall clock that jumps is noticed within a minute", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  world.start();
  world.pass(20 * kMinuteMs);
  world.runs.asked.clear();
  world.clock.set_wall(world.clock.now_ms() + kDayMs);
  world.pass(61'000);
  CHECK(world.runs.asked.size() == 1);
}

TEST_CASE("scheduler: a wall clock that is set back holds nothing up", "[sync][scheduler]") {
  UpkeepWorld world("");
  obliging(world);
  world.connect("cnn_1");
  SECTION("while the host runs") {
    world.start();
    world.pass(20 * kMinuteMs);
    world.runs.asked.clear();
    world.clock.set_wall(world.clock.now_ms() - 3 * kDayMs);
  }
  SECTION("while it is down") {
    world.synced("cnn_1");
    world.clock.set_wall(world.clock.now_ms() - 3 * kDayMs);
    world.start();
  }
  world.pass(kHourMs);
  CHECK(world.runs.asked.size() >= 3);
  CHECK(world.runs.asked.size() <= 7);
  for (const std::int64_t gap : gaps_min(world, "cnn_1")) CHECK(gap >= 11);
  CHECK(world.tokens.kept["cnn_1"] == 1);
  world.pass(13 * kHourMs);
  CHECK(world.tokens.kept["cnn_1"] == 2);
}

TEST_CASE("scheduler: what has ended is forgotten after the clock was set back, too",
          "[sync][scheduler]") {
  UpkeepWorld world("");
  world.connect("cnn_1", "gone");
  world.start();
  world.clock.set_wall(world.clock.now_ms() - kDayMs);
  world.run_ended("cnn_1", core::RunTrigger::user, 0);
  const core::Run ended = world.store.runs().list("", "cnn_1", {10, ""})->items.at(0);
  core::Run old = ended;
  old.finished_ms = world.clock.now_ms() - 91 * kDayMs;
  old.created_ms = *old.finished_ms;
  REQUIRE(world.store.commit({ports::put(old)}, ports::Durability::full));
  world.pass(20 * kMinuteMs);
  CHECK_FALSE(world.store.runs().find(ended.id));
}
