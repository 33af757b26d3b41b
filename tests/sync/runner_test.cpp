#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "fakes/test_seed.hpp"
#include "sync/bench.hpp"
#include "sync/exchange.hpp"

namespace mortise::tests {
namespace {

using core::RunState;

const Style kStyles[] = {Style::client_ids, Style::keyed, Style::nested};

/// Of the connection, the oldest first.
std::vector<core::Run> runs_of(const World& world) {
  std::vector<core::Run> runs =
      world.store.runs().list("", world.connection_id, {200, ""}).value().items;
  std::reverse(runs.begin(), runs.end());
  return runs;
}

/// The minutes between the end of each run and the asking for the next, from the `first`-th on.
std::vector<std::int64_t> pauses_min(const World& world, std::size_t first) {
  const std::vector<core::Run> runs = runs_of(world);
  std::vector<std::int64_t> pauses;
  for (std::size_t i = first + 1; i < runs.size(); ++i) {
    pauses.push_back((runs[i].created_ms - runs[i - 1].finished_ms.value()) / 60'000);
  }
  return pauses;
}

void edit_connection(World& world, const std::function<void(core::Connection&)>& change) {
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  change(connection);
  REQUIRE(world.store.commit({ports::put(std::move(connection))}, ports::Durability::full).ok());
}

void switch_off(World& world) {
  edit_connection(world, [](core::Connection& now) { now.auto_sync = false; });
}

/// Of twelve tasks that stand there one is left here, and nothing travels by itself: who exports is
/// asked.
void empty_nearly(World& world) {
  world.settle_in(1, 1, 12);
  switch_off(world);
  for (int t = 0; t < 11; ++t) world.remove(0);
}

std::function<Fault(const ports::ConnectorRequest&)> down_until(const World& world,
                                                                core::Instant end_ms) {
  return [&world, end_ms](const ports::ConnectorRequest&) {
    return world.clock.now_ms() < end_ms ? Fault::refused : Fault::none;
  };
}

}  // namespace

TEST_CASE("runner: an export makes everything once, a second one makes nothing", "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(2, 3, 4);
  CHECK(world.export_plan().state == RunState::succeeded);
  CHECK(world.service.outline() == world.expected());
  const int writes = world.service.writes;
  const core::Run again = world.export_plan();
  CHECK(again.state == RunState::succeeded);
  CHECK(world.service.writes == writes);
  CHECK(again.counts.unchanged > 0);
}

TEST_CASE("runner: a change of one task is exactly one write", "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(2, 3, 4);
  world.export_plan();
  const auto one_write = [&](auto change) {
    const int before = world.service.writes;
    change();
    world.settle();  // the save alone starts it
    CHECK(world.service.writes == before + 1);
    CHECK(world.service.outline() == world.expected());
  };
  one_write([&] { world.retitle(5, "Other words"); });
  one_write([&] { world.tick(7); });
  one_write([&] { world.add_after(9, "One more"); });
  one_write([&] { world.remove(2); });
}

TEST_CASE("runner: writes whose answer is lost are counted as uncertain until somebody looked",
          "[sync][runner]") {
  World world(Style::keyed, 1);
  world.populate(1, 1, 5);
  bool down = false;  // from the first lost answer on
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (down) return Fault::refused;
    if (request.body.find("Task 0") == std::string::npos) return Fault::none;
    down = true;
    return Fault::lost;
  };
  const core::Run lost = world.export_plan();
  CHECK(lost.counts.uncertain == 1);
  CHECK(lost.state == RunState::partial);
  const auto lines = world.store.runs().items(lost.id, {}).value().items;
  CHECK(std::count_if(lines.begin(), lines.end(),
                      [](const auto& each) { return each.result == "uncertain"; }) == 1);
  world.egress->fault = {};
  const core::Run found = world.export_plan();
  CHECK(found.state == RunState::succeeded);
  CHECK(found.counts.uncertain == 0);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE(
    "runner: what was made and never answered for goes there, too, if nobody wants it any more",
    "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  bool down = false;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (down) return Fault::refused;
    if (request.body.find("One more") == std::string::npos) return Fault::none;
    down = true;
    return Fault::lost;
  };
  world.add_after(1, "One more");
  world.settle();
  REQUIRE_FALSE(world.service.named("One more").empty());
  world.remove(2);
  world.egress->fault = nullptr;
  world.settle();
  world.sync();
  CHECK(world.service.named("One more").empty());
  CHECK(world.service.outline() == world.expected());
  CHECK(world.store.journal().open_intents(world.connection_id)->empty());
}

TEST_CASE("runner: while it tries again a run is told as running", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  std::vector<RunState> states;
  world.egress->fault = [&](const auto&) {
    const auto runs = world.store.runs().unfinished().value();
    for (const core::Run& run : runs) states.push_back(run.state);
    return states.size() < 3 ? Fault::refused : Fault::none;
  };
  CHECK(world.export_plan().state == RunState::succeeded);
  REQUIRE(states.size() >= 4);
  for (const RunState state : states) CHECK(state == RunState::running);
}

TEST_CASE("runner: a saved change is pushed within two seconds", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const int before = world.service.writes;
  world.tick(0);
  for (int i = 0; i < 20; ++i) {
    world.clock.advance(100);
    world.executor.run_until_idle();
  }
  CHECK(world.service.writes == before + 1);
}

TEST_CASE("runner: a plan that was exported while nothing of it could stand there is kept in step",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 0);
  CHECK(world.export_plan().state == RunState::succeeded);
  CHECK(world.service.writes == 0);
  core::Task late;
  late.id = "late";
  late.account_id = "acc";
  late.plan_id = world.plan_id;
  late.week_id = "w0_0";
  late.title = "Late";
  SECTION("what is saved travels") {
    world.save(late);
  }
  SECTION("what is saved right before the end of the process does, too") {
    world.save(late);
    world.crash();
  }
  SECTION("a sync of the whole connection brings it") {
    REQUIRE(world.store.commit({ports::put(late)}, ports::Durability::full).ok());
    world.sync();
  }
  world.settle();
  CHECK(world.service.writes == 1);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: a plan whose last task was removed long ago is kept in step", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 1);
  world.export_plan();
  core::Task next = world.tasks().at(0);
  world.remove(0);
  world.settle();
  REQUIRE(world.service.items().empty());
  world.clock.advance(1'000);
  REQUIRE(world.store.commit({ports::Prune{world.clock.now_ms()}}, ports::Durability::full).ok());
  next.id = "next";
  next.rev = 0;
  world.save(next);
  world.settle();
  CHECK(world.service.items().size() == 1);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: a change saved right before the end of the process is pushed by the next one",
          "[sync][runner][crash]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const int before = world.service.writes;
  world.tick(0);
  world.crash();
  world.settle();
  CHECK(world.service.writes == before + 1);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: what is left to push is looked for one connection at a time", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const auto pairs = world.store.pairs().of_connection(world.connection_id).value();
  for (const char* id : {"cnn_2", "cnn_3", "cnn_4"}) {
    core::Connection another = world.store.connections().find(world.connection_id).value();
    another.id = id;
    another.rev = 0;
    ports::Changes changes{ports::put(another)};
    for (core::Pair pair : pairs) {
      pair.connection_id = id;
      changes.push_back(ports::put(std::move(pair)));
    }
    REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
  }
  world.crash();
  const int before = world.mapper().mapped();
  int meanwhile = -1;
  world.executor.post([&] { meanwhile = world.mapper().mapped() - before; });
  SECTION("what comes meanwhile has its turn") {
    world.executor.run_until_idle();
    CHECK(meanwhile == 1);
    CHECK(world.mapper().mapped() == before + 4);
  }
  SECTION("the host's end ends it") {
    world.executor.run_one();
    world.dispatcher->stop();
    world.executor.run_until_idle();
    CHECK(world.mapper().mapped() == before + 1);
    CHECK(world.dispatcher->idle(0));
  }
}

TEST_CASE("runner: what was written says the task's revision and the service's name of the request",
          "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  world.tick(1);
  world.settle();
  std::set<std::string> names;
  for (const core::Task& task : world.tasks()) {
    const auto lines = world.store.runs().items_of_key("task:" + task.id, {10, ""}).value().items;
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.front().task_rev == task.rev);
    for (const core::RunItem& line : lines) {
      CHECK(line.provider_request.rfind("fake-", 0) == 0);
      names.insert(line.provider_request);
    }
  }
  CHECK(names.size() >= 2);
}

TEST_CASE("runner: an edit outlives a deletion at the service", "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.service.tells_trash = true;
  world.populate(2, 2, 3);
  world.export_plan();
  // A whole container goes, or a single item where there are none.
  std::string victim;
  for (const auto& [id, item] : world.service.items()) {
    if (style == Style::nested ? item.kind == "page" && item.parent_id != "root" : true)
      victim = id;
  }
  world.service.erase(victim);
  for (std::size_t i = 0; i < 12; ++i) world.tick(i);
  world.settle();
  world.export_plan();
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: somebody else's edit is met by reading the version again", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const std::string id = world.service.items().begin()->first;
  world.service.touch(id);
  for (std::size_t i = 0; i < 3; ++i) world.tick(i);
  world.settle();
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: a dead grant parks the run, a new one lets it go on", "[sync][runner]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  World world(style, 1);
  world.populate(2, 2, 5);
  int served = 0;
  world.egress->fault = [&](const auto&) {
    if (++served == 2) world.egress->revoked = true;
    return Fault::none;
  };
  const core::Run queued = world.queue_export();
  world.settle();
  core::Run run = world.run(queued.id);
  REQUIRE(run.state == RunState::waiting);
  CHECK(run.waiting_for == core::RunWait::reconnect);
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  CHECK(connection.status == core::ConnectionStatus::needs_reconnect);
  connection.status = core::ConnectionStatus::connected;
  CHECK(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.egress->revoked = false;
  world.egress->fault = nullptr;
  world.dispatcher->connection_ready(world.connection_id);
  world.settle();
  CHECK(world.run(queued.id).state == RunState::succeeded);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: a run that waits for a reconnect ends with the connection", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.egress->revoked = true;
  const core::Run queued = world.queue_export();
  world.settle();
  REQUIRE(world.run(queued.id).waiting_for == core::RunWait::reconnect);
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  connection.status = core::ConnectionStatus::disconnected;
  CHECK(world.store.commit({ports::put(connection)}, ports::Durability::full).ok());
  world.dispatcher->connection_ready(world.connection_id);
  world.settle();
  CHECK(world.run(queued.id).state == RunState::failed);
}

TEST_CASE("runner: a question ends with the connection, and gives its unit back",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  empty_nearly(world);
  core::Run asking = world.queue_export();
  asking.usage = core::UsageState::reserved;
  asking.usage_month = "2026-11";
  asking.rev = world.run(asking.id).rev;
  core::Usage usage{"acc", "2026-11"};
  usage.reserved = 1;
  REQUIRE(
      world.store.commit({ports::put(asking), ports::put(usage)}, ports::Durability::full).ok());
  world.settle();
  REQUIRE(world.run(asking.id).waiting_for == core::RunWait::approval);
  edit_connection(world,
                  [](core::Connection& now) { now.status = core::ConnectionStatus::disconnected; });
  world.dispatcher->connection_ready(world.connection_id);
  world.settle();
  CHECK(world.run(asking.id).state == RunState::failed);
  CHECK(world.run(asking.id).error_reason == "disconnected");
  CHECK(world.store.usages().find("acc", "2026-11")->reserved == 0);
  CHECK(world.service.items().size() == 12);
}

TEST_CASE("runner: what is to go with a removed plan goes, also past an export of it that waits",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  empty_nearly(world);
  const core::Run asking = world.queue_export();
  world.settle();
  REQUIRE(world.run(asking.id).waiting_for == core::RunWait::approval);
  core::Plan plan = world.store.plans().find(world.plan_id).value();
  plan.deleted_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(plan)}, ports::Durability::full).ok());
  world.remove(0);
  world.settle();
  CHECK(world.service.items().empty());
}

TEST_CASE("runner: what is to go with a removed plan goes by any look, also if it is left out",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 3);
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  connection.left_out_plans = {world.plan_id};
  core::Plan plan = world.store.plans().find(world.plan_id).value();
  plan.deleted_ms = world.clock.now_ms();  // saved while nobody could be told
  ports::Changes changes{ports::put(connection), ports::put(plan)};
  for (core::Task task : world.tasks()) {
    task.deleted_ms = plan.deleted_ms;
    changes.push_back(ports::put(task));
  }
  REQUIRE(world.store.commit(std::move(changes), ports::Durability::full).ok());
  world.sync();
  CHECK(world.service.items().empty());
}

TEST_CASE("runner: a push that an outage ended is taken up again by itself, ever later",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  using Minutes = std::vector<std::int64_t>;
  world.egress->fault = down_until(world, world.clock.now_ms() + 180 * 60'000);
  world.tick(1);
  world.settle();
  CHECK(world.service.outline() == world.expected());
  CHECK(pauses_min(world, 1) == Minutes{5, 10, 20, 40, 60, 60});
  CHECK(runs_of(world).back().state == RunState::succeeded);
  CHECK(world.clock.pending() == 0);
  // And from the start again, the next time.
  const std::size_t before = runs_of(world).size();
  world.egress->fault = down_until(world, world.clock.now_ms() + 14 * 60'000);
  world.tick(2);
  world.settle();
  CHECK(world.service.outline() == world.expected());
  CHECK(pauses_min(world, before) == Minutes{5, 10});
}

TEST_CASE("runner: what is saved in an outage is taken up once, not once for every save",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  world.egress->fault = down_until(world, world.clock.now_ms() + 24 * 3600'000);
  for (std::size_t i = 0; i < 6; ++i) {
    world.retitle(i % 3, fmt::format("Title {}", i));
    fakes::run_until_quiet(world.clock, world.executor, 20 * 60'000);
  }
  const std::size_t before = runs_of(world).size();
  fakes::run_until_quiet(world.clock, world.executor, 10 * 3600'000);
  CHECK(runs_of(world).size() <= before + 11);
  SECTION("a success by another way ends that, too") {
    world.egress->fault = {};
    CHECK(world.export_plan().state == RunState::succeeded);
    CHECK(world.clock.pending() == 0);
  }
  SECTION("and so does the end of the process, which the next one makes up for") {
    world.dispatcher->stop();
    world.executor.run_until_idle();
    CHECK(world.clock.pending() == 0);
    world.egress->fault = {};
    world.crash();
    world.settle();
  }
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: what the scheduler asks for again is not asked for by the dispatcher, too",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  world.egress->fault = [](const auto&) { return Fault::refused; };
  const auto trigger = GENERATE(core::RunTrigger::schedule, core::RunTrigger::notification);
  const core::Run run = world.sync(trigger);
  CHECK(run.state == RunState::failed);
  CHECK(run.error_code == "unavailable");
  CHECK(runs_of(world).size() == 2);
  CHECK(world.clock.pending() == 0);
  CHECK(world.store.sync_states().find(world.connection_id)->failures == 1);  // it goes by that
}

TEST_CASE("runner: what a service refuses for good does not hide that an outage ended the rest",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const core::Instant end_ms = world.clock.now_ms() + 12 * 60'000;
  world.egress->fault = [&](const ports::ConnectorRequest& request) {
    if (request.body.find("Bad") != std::string::npos) return Fault::rejected;
    return world.clock.now_ms() < end_ms ? Fault::refused : Fault::none;
  };
  world.retitle(0, "Bad");
  world.retitle(1, "Good");
  for (int minute = 0; minute < 60; ++minute) {
    world.executor.run_until_idle();
    for (int second = 0; second < 60; ++second) {
      world.clock.advance(1000);
      world.executor.run_until_idle();
    }
  }
  CHECK_FALSE(world.service.named("Good").empty());
}

TEST_CASE("runner: switched off, what an outage ended goes on only if a person had started it",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const int writes = world.service.writes;
  const bool asked = GENERATE(false, true);
  world.egress->fault = down_until(world, world.clock.now_ms() + 20 * 60'000);
  world.tick(1);
  if (asked) REQUIRE(world.dispatcher->sync_now(world.connection_id, "req_1"));
  fakes::run_until_quiet(world.clock, world.executor, 4 * 60'000);
  const std::size_t before = runs_of(world).size();
  REQUIRE(before >= 2);
  switch_off(world);
  if (GENERATE(false, true)) world.crash();
  world.settle();
  CHECK(world.clock.pending() == 0);
  if (asked) {
    CHECK(runs_of(world).back().trigger == core::RunTrigger::user);
    CHECK(runs_of(world).back().state == RunState::succeeded);
    CHECK(world.service.outline() == world.expected());
  } else {
    CHECK(runs_of(world).size() == before);
    CHECK(world.service.writes == writes);
  }
}

TEST_CASE("runner: the first appointment goes there, also if the process ended right after it",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  core::Connection connection = world.store.connections().find(world.connection_id).value();
  connection.direction = core::Direction::push;
  core::Task task;
  task.id = "t_first";
  task.account_id = "acc";
  task.plan_id = "pln_calendar";
  task.kind = core::TaskKind::appointment;
  task.title = "Dentist";
  REQUIRE(
      world.store.commit({ports::put(connection), ports::put(task)}, ports::Durability::full).ok());
  world.dispatcher->plan_saved("acc", "pln_calendar");
  world.crash();
  world.settle();
  CHECK_FALSE(world.service.named("Dentist").empty());
}

TEST_CASE("runner: a cancel that meets the run's beginning ends what is under way",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  core::Run run;
  run.id = "run_met";
  run.account_id = "acc";
  run.connection_id = world.connection_id;
  run.plan_id = world.plan_id;
  run.created_ms = world.clock.now_ms();
  REQUIRE(world.store.commit({ports::put(run)}, ports::Durability::full).ok());
  bool begun = false;
  world.store.before_commit([&](const ports::Changes& changes, ports::Durability) -> Status {
    for (const ports::Change& change : changes) {
      const auto* put = std::get_if<ports::Put<core::Run>>(&change);
      if (put == nullptr || put->value.state != RunState::cancelled || begun) continue;
      begun = true;
      world.dispatcher->kick(world.connection_id);
      while (world.run("run_met").state == RunState::queued) REQUIRE(world.executor.run_one());
    }
    return {};
  });
  REQUIRE(world.dispatcher->cancel("run_met").ok());
  world.settle();
  world.store.before_commit(nullptr);
  CHECK(begun);
  CHECK(world.run("run_met").state == RunState::cancelled);
  CHECK(world.store.journal().open_intents(world.connection_id).value().empty());
  CHECK(world.service.items().size() ==
        world.store.pairs().of_connection(world.connection_id)->size());
}

TEST_CASE("runner: switched off, nothing is asked for that a person did not start",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const int writes = world.service.writes, reads = world.service.reads;
  world.tick(1);
  world.executor.run_until_idle();
  REQUIRE(world.clock.pending() == 1);  // it waits for more
  switch_off(world);
  world.dispatcher->sync(world.connection_id, core::RunTrigger::notification);
  world.dispatcher->sync(world.connection_id, core::RunTrigger::schedule);
  world.settle();
  CHECK(runs_of(world).size() == 1);
  CHECK(world.service.writes == writes);
  CHECK(world.service.reads == reads);
  REQUIRE(world.dispatcher->sync_now(world.connection_id, "req_1"));
  world.settle();
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: switched off, what waits for its turn ends without doing anything",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const auto trigger = GENERATE(core::RunTrigger::change, core::RunTrigger::schedule,
                                core::RunTrigger::notification, core::RunTrigger::user);
  core::Run waiting;
  waiting.id = "run_waits";
  waiting.account_id = "acc";
  waiting.connection_id = world.connection_id;
  if (trigger == core::RunTrigger::change) waiting.plan_id = world.plan_id;
  waiting.kind = core::RunKind::sync;
  waiting.trigger = trigger;
  waiting.created_ms = world.clock.now_ms();
  if (GENERATE(false, true)) {
    waiting.state = RunState::waiting;
    waiting.waiting_for = core::RunWait::reconnect;
  }
  core::Task edited = world.tasks().at(0);
  edited.title = "Edited";
  REQUIRE(
      world.store.commit({ports::put(waiting), ports::put(edited)}, ports::Durability::full).ok());
  switch_off(world);
  const int writes = world.service.writes, reads = world.service.reads;
  world.dispatcher->kick(world.connection_id);
  world.settle();
  const core::Run ended = world.run("run_waits");
  if (trigger == core::RunTrigger::user) {
    CHECK(ended.state == RunState::succeeded);
    CHECK(world.service.outline() == world.expected());
  } else {
    CHECK(ended.state == RunState::cancelled);
    CHECK(ended.error_reason == "auto_sync_off");
    CHECK(world.service.writes == writes);
    CHECK(world.service.reads == reads);
  }
}

TEST_CASE("runner: switched off, a person's answer to what it asked counts", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.settle_in(1, 1, 4);
  world.service.forget_cursors();
  for (int i = 0; i < 4; ++i) world.service.erase(world.service.named(fmt::format("Task {}", i)));
  const core::Run run = world.sync();
  REQUIRE(run.waiting_for == core::RunWait::approval);
  switch_off(world);
  SECTION("approved, the tasks go") {
    REQUIRE(world.dispatcher->approve(run.id).ok());
    world.settle();
    CHECK(world.run(run.id).state == RunState::succeeded);
    CHECK(world.tasks().empty());
  }
  SECTION("discarded, they are written anew") {
    REQUIRE(world.dispatcher->discard(run.id).ok());
    world.settle();
    CHECK(world.tasks().size() == 4);
    CHECK(world.service.items().size() == 4);
    CHECK(world.service.outline() == world.expected());
  }
}

TEST_CASE("runner: a push that the store could not take is not lost", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const int before = world.service.writes;
  world.tick(0);
  world.executor.run_until_idle();
  bool full = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (full) return Error{Code::unavailable, "disk full"};
    return {};
  });
  for (int i = 0; i < 20; ++i) {
    world.clock.advance(1'000);
    world.executor.run_until_idle();
  }
  CHECK(world.service.writes == before);
  full = false;
  world.settle();
  CHECK(world.service.writes == before + 1);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("runner: a preview names all items, so that two can be compared", "[sync][preview]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 1200);
  const auto preview = world.dispatcher->preview(world.connection_id, world.plan_id, nullptr);
  REQUIRE(preview.ok());
  CHECK(preview->items.size() == 1200);
}

TEST_CASE("runner: a preview asks for the cost of the batches that a run would send",
          "[sync][runner]") {
  World world(Style::keyed, 1);
  world.populate(1, 1, 20);
  const auto batches = [](std::int64_t writes) { return (writes + 6) / 7; };
  const auto first = world.dispatcher->preview(world.connection_id, world.plan_id, nullptr);
  REQUIRE(first.ok());
  CHECK(first->create > 20);
  CHECK(first->writes == batches(first->create));
  CHECK(first->reads == 0);  // what stands in an earlier batch's container is at home, too
  world.export_plan();
  world.remove(0);
  world.remove(0);
  world.retitle(3, "Other words");
  const auto then = world.dispatcher->preview(world.connection_id, world.plan_id, nullptr);
  REQUIRE(then.ok());
  CHECK(then->remove == 2);
  CHECK(then->update == 1);
  CHECK(then->writes == 2);  // removals go alone
}

TEST_CASE("runner: removing most of a plan asks first", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(2, 2, 10);
  world.export_plan();
  for (int i = 0; i < 30; ++i) world.remove(0);
  world.settle();
  const auto runs = world.store.runs().unfinished().value();
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].waiting_for == core::RunWait::approval);
  CHECK(world.service.items().size() == 40);
  SECTION("approved, it goes on") {
    CHECK(world.dispatcher->approve(runs[0].id).ok());
    world.settle();
    CHECK(world.service.outline() == world.expected());
  }
  SECTION("approved for what it asks, it goes on; for what it does not ask, nothing is done") {
    const auto refused = world.dispatcher->approve(runs[0].id, R"({"removals":29})");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().reason == "guard_changed");
    CHECK(world.run(runs[0].id) == runs[0]);
    CHECK(world.dispatcher->approve(runs[0].id, runs[0].guard).ok());
    world.settle();
    CHECK(world.service.outline() == world.expected());
  }
  SECTION("approved, more removals than were shown ask again") {
    for (int i = 0; i < 3; ++i) world.remove(0);
    CHECK(world.dispatcher->approve(runs[0].id).ok());
    world.settle();
    const core::Run again = world.run(runs[0].id);
    CHECK(again.state == RunState::waiting);
    CHECK(again.waiting_for == core::RunWait::approval);
    CHECK(world.service.items().size() == 40);
  }
  SECTION("discarded, nothing is removed") {
    CHECK(world.dispatcher->discard(runs[0].id).ok());
    world.settle();
    CHECK(world.run(runs[0].id).state == RunState::cancelled);
    CHECK(world.service.items().size() == 40);
  }
}

TEST_CASE("runner: a cancelled run stops and says so", "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(2, 2, 10);
  const core::Run queued = world.queue_export();
  for (int i = 0; i < 8; ++i) world.executor.run_one();
  CHECK(world.dispatcher->cancel(queued.id).ok());
  world.settle();
  CHECK(world.run(queued.id).state == RunState::cancelled);
  CHECK(world.service.items().size() < 40);
  CHECK_FALSE(world.dispatcher->cancel(queued.id).ok());
}

TEST_CASE("runner: a cancelled run stays so after a crash", "[sync][runner][crash]") {
  World world(Style::client_ids, 1);
  world.populate(2, 2, 10);
  const core::Run queued = world.queue_export();
  for (int i = 0; i < 8; ++i) world.executor.run_one();
  CHECK(world.dispatcher->cancel(queued.id).ok());
  CHECK(world.run(queued.id).cancel_requested);
  world.crash();
  world.settle();
  CHECK(world.run(queued.id).state == RunState::cancelled);
}

TEST_CASE("runner: what waits for an approval looks again when the plan changes",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(2, 2, 10);
  world.export_plan();
  for (int i = 0; i < 30; ++i) world.remove(0);
  world.settle();
  REQUIRE(world.store.runs().unfinished().value().size() == 1);
  world.tick(0);
  world.settle();
  CHECK(world.store.runs().unfinished().value().size() == 1);  // not one more for every change
}

TEST_CASE("runner: sync now answers the run that does it; one that is queued already will do",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const auto asked = world.dispatcher->sync_now(world.connection_id, "req_1");
  REQUIRE(asked);
  CHECK(asked->state == RunState::queued);
  CHECK(asked->trigger == core::RunTrigger::user);
  CHECK(asked->request_id == "req_1");
  CHECK(world.dispatcher->sync_now(world.connection_id, "req_2")->id == asked->id);
  world.settle();
  CHECK(world.run(asked->id).state == RunState::succeeded);
  CHECK(world.dispatcher->sync_now(world.connection_id, "req_3")->id != asked->id);
  CHECK(world.dispatcher->sync_now("cnn_none", "").error().code == Code::not_found);
}

TEST_CASE("runner: of an account that ends while a sync is asked for no run is left",
          "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  const bool ends = GENERATE(true, false);
  bool once = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability durability) -> Status {
    if (!std::exchange(once, false)) return {};
    auto edited = world.store.connections().find(world.connection_id).value();
    if (!ends) return world.store.commit({ports::put(std::move(edited))}, durability);
    return world.store.commit({ports::EraseAccount{"acc"}}, durability);
  });
  const auto asked = world.dispatcher->sync_now(world.connection_id, "req_1");
  CHECK(asked.ok() == !ends);
  if (ends) CHECK(asked.error().code == Code::not_found);
  CHECK(world.store.runs().unfinished().value().size() == (ends ? 0 : 1));
}

TEST_CASE("runner: a service that is down never ends in doubles", "[sync][runner][property]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  const std::uint64_t first = fakes::test_seed(1000);
  for (std::uint64_t round = 0; round < 12; ++round) {
    const std::uint64_t seed = first + round;
    INFO("MORTISE_TEST_SEED=" << seed << " style " << static_cast<int>(style));
    std::mt19937_64 dice(seed);
    World world(style, seed);
    world.populate(2, 2, 4);
    world.egress->fault = [&](const auto&) {
      const auto roll = dice() % 100;
      return roll < 10   ? Fault::refused
             : roll < 20 ? Fault::lost
             : roll < 25 ? Fault::rate_limited
                         : Fault::none;
    };
    world.export_plan();
    for (int i = 0; i < 6; ++i) {
      world.edit(dice);
      if (dice() % 2 == 0) world.settle();
    }
    world.settle();
    world.egress->fault = nullptr;
    const core::Run run = world.export_plan();
    CHECK(run.state == RunState::succeeded);
    CHECK(world.service.outline() == world.expected());
    const int writes = world.service.writes;
    world.export_plan();
    CHECK(world.service.writes == writes);
    CHECK(world.store.journal().open_intents(world.connection_id).value().empty());
  }
}

TEST_CASE("runner: a process that dies at any request leaves nothing out and nothing twice",
          "[sync][runner][crash]") {
  const Style style = GENERATE(from_range(std::begin(kStyles), std::end(kStyles)));
  const Fault death = GENERATE(Fault::swallowed, Fault::done_swallowed);
  for (int at = 1; at <= 12; ++at) {
    INFO("style " << static_cast<int>(style) << " death " << static_cast<int>(death) << " at "
                  << at);
    World world(style, 7);
    world.populate(2, 2, 3);
    int served = 0;
    bool died = false;
    world.egress->fault = [&](const auto&) {
      if (died || ++served != at) return died && served == at ? Fault::swallowed : Fault::none;
      died = true;
      return death;
    };
    const core::Run queued = world.queue_export();
    world.executor.run_until_idle();
    world.egress->fault = nullptr;
    world.crash();
    world.settle();
    CHECK(world.run(queued.id).state == RunState::succeeded);
    CHECK(world.service.outline() == world.expected());
    // Edits and their crashes, too.
    for (int edit = 0; edit < 3; ++edit) {
      std::mt19937_64 dice(static_cast<std::uint64_t>(at * 10 + edit));
      world.edit(dice);
      served = 0;
      bool swallow = false;
      world.egress->fault = [&](const auto& request) {
        if (swallow) return Fault::swallowed;
        if (request.writes.empty()) return Fault::none;
        swallow = true;
        return death;
      };
      world.clock.advance(1000);
      world.executor.run_until_idle();
      world.egress->fault = nullptr;
      world.crash();
      world.settle();
      world.export_plan();
      CHECK(world.service.outline() == world.expected());
    }
  }
}

TEST_CASE("exchange: replies to one step that are too much together are not all kept",
          "[sync][exchange]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 0);
  world.egress->fault = [](const auto&) { return Fault::bulky; };
  const auto connector = fake_connector(Style::client_ids);
  sync::Exchange exchange(world.ports(), *connector, world.connection_id, "run_1",
                          ports::Lane::interactive, nullptr, {});
  std::vector<ports::ConnectorRequest> requests(3);
  for (auto& each : requests) each.body = R"({"op":"get","ids":[]})";
  std::vector<ports::ConnectorReply> replies;
  const auto send = [&]() -> sync::Detached {
    sync::Task<std::vector<ports::ConnectorReply>> sending = exchange.send_all(requests);
    std::vector<ports::ConnectorReply> got = co_await sending;
    replies = std::move(got);
  };
  send();
  world.executor.run_until_idle();
  REQUIRE(replies.size() == 3);
  CHECK_FALSE(replies[0].error);
  CHECK_FALSE(replies[1].error);
  REQUIRE(replies[2].error);
  CHECK(replies[2].error->code == Code::too_large);
  CHECK(replies[2].maybe_sent);  // a write among them is looked for
  CHECK(replies[2].reply.headers.empty());
}

TEST_CASE(
    "runner: what pushes saved changes names the API call that saved them: the latest of them",
    "[sync][runner]") {
  World world(Style::client_ids, 1);
  world.populate(1, 1, 3);
  world.export_plan();
  const auto save = [&](std::size_t task, const std::string& request_id) {
    world.tick(task);
    world.dispatcher->plan_saved("acc", world.plan_id, request_id);
  };
  save(0, "req_1");
  SECTION("collected") {
    save(1, "req_2");
    world.tick(2);  // received through another connection
    world.settle();
    const auto runs = runs_of(world);
    REQUIRE(runs.size() == 2);
    CHECK(runs.back().trigger == core::RunTrigger::change);
    CHECK(runs.back().request_id == "req_2");
    world.tick(0);
    world.settle();
    CHECK(runs_of(world).back().request_id.empty());
  }
  SECTION("while the run that will push them waits for its turn") {
    world.egress->fault = [](const ports::ConnectorRequest&) { return Fault::swallowed; };
    fakes::run_until_quiet(world.clock, world.executor, 10'000);  // the first is under way
    save(1, "req_2");
    fakes::run_until_quiet(world.clock, world.executor, 10'000);
    save(2, "req_3");
    fakes::run_until_quiet(world.clock, world.executor, 10'000);
    const auto runs = runs_of(world);
    REQUIRE(runs.size() == 3);
    CHECK(runs[1].state == RunState::running);
    CHECK(runs[1].request_id == "req_1");
    CHECK(runs[2].state == RunState::queued);
    CHECK(runs[2].request_id == "req_3");
    world.egress->fault = nullptr;
    world.egress->release();
    world.settle();
  }
  SECTION("also after an outage") {
    world.egress->fault = down_until(world, world.clock.now_ms() + 20 * 60'000);
    world.settle();
    const auto runs = runs_of(world);
    REQUIRE(runs.size() > 2);
    for (std::size_t i = 1; i < runs.size(); ++i) CHECK(runs[i].request_id == "req_1");
  }
  CHECK(world.service.outline() == world.expected());
}

}  // namespace mortise::tests
