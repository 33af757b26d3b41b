// What two-way sync costs: one write for one change, on either side, and none back.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "sync/bench.hpp"

namespace mortise::tests {

TEST_CASE("thrift: one changed task of 500 is one write there, and none back", "[sync][thrift]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  constexpr std::int64_t kMinuteMs = 60'000;
  World world(style, 1);
  world.populate(5, 4, 25);
  REQUIRE(world.export_plan().state == core::RunState::succeeded);
  world.clock.advance(10 * kMinuteMs);
  REQUIRE(world.sync().state == core::RunState::succeeded);
  world.clock.advance(10 * kMinuteMs);

  int writes = world.service.writes;
  SECTION("changed here") {
    world.retitle(250, "Changed here");
    world.settle();
    CHECK(world.service.writes == writes + 1);
    ++writes;
  }
  SECTION("changed there") {
    for (const auto& [id, item] : world.service.items()) {
      if (item.fields.find("Task 7") == std::string::npos) continue;
      world.service.edit(id, R"({"text":"Changed there"})");
      break;
    }
    CHECK(world.sync().counts.received == 1);
  }
  world.clock.advance(10 * kMinuteMs);
  CHECK(world.sync().counts.received == 0);
  CHECK(world.service.writes == writes);
  CHECK(world.service.outline() == world.expected());
}

TEST_CASE("thrift: a day without edits is no write, and one look a poll", "[sync][thrift]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.populate(3, 2, 5);
  REQUIRE(world.export_plan().state == core::RunState::succeeded);
  world.clock.advance(600'000);
  REQUIRE(world.sync().state == core::RunState::succeeded);
  const int writes = world.service.writes;
  const int reads = world.service.reads;
  constexpr int kPolls = 24 * 4;
  for (int poll = 0; poll < kPolls; ++poll) {
    world.clock.advance(900'000);
    CHECK(world.sync().state == core::RunState::succeeded);
  }
  CHECK(world.service.writes == writes);
  // One of them is the daily sweep, which may look at more.
  CHECK(world.service.reads <= reads + kPolls + 12);
}

TEST_CASE("thrift: an unchanged poll maps nothing; any change on either side maps again",
          "[sync][thrift]") {
  constexpr std::int64_t kPollMs = 900'000;
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  World world(style, 1);
  world.populate(2, 2, 3);
  REQUIRE(world.export_plan().state == core::RunState::succeeded);
  const auto poll = [&] {
    world.clock.advance(kPollMs);
    const core::Run run = world.sync();
    CHECK(run.state == core::RunState::succeeded);
    return run;
  };
  poll();
  const std::int64_t unchanged = poll().counts.unchanged;
  int mapped = world.mapper().mapped();
  for (int polls = 0; polls < 3; ++polls) CHECK(poll().counts.unchanged == unchanged);
  CHECK(world.mapper().mapped() == mapped);
  const int writes = world.service.writes;
  SECTION("a task changed here, without its push") {
    core::Task task = world.tasks().at(1);
    task.title = "Changed here";
    REQUIRE(world.store.commit({ports::put(task)}, ports::Durability::full).ok());
    poll();
    CHECK(world.service.writes == writes + 1);
  }
  SECTION("an item changed there") {
    for (const auto& [id, item] : world.service.items()) {
      if (item.fields.find("Task 1") == std::string::npos) continue;
      world.service.edit(id, R"({"text":"Changed there"})");
      break;
    }
    CHECK(poll().counts.received == 1);
    CHECK(world.service.writes == writes);
  }
  SECTION("one occurrence was seen of a series that nobody keeps here") {
    core::Sighting waiting;
    waiting.connection_id = world.connection_id;
    waiting.remote_id = "declined_20261201";
    waiting.series = "declined";
    waiting.slot = "2026-12-01";
    REQUIRE(world.store.commit({ports::put(waiting)}, ports::Durability::full).ok());
    CHECK(poll().counts.unchanged == unchanged);
    CHECK(world.mapper().mapped() == mapped);
  }
  SECTION("the script was edited") {
    world.mapper().edit_script();
    poll();
    CHECK(world.mapper().mapped() > mapped);
  }
  SECTION("a pair changed") {
    core::Pair pair = world.store.pairs().of_plan(world.connection_id, world.plan_id)->back();
    ++pair.generation;
    REQUIRE(world.store.commit({ports::put(pair)}, ports::Durability::full).ok());
    poll();
    CHECK(world.mapper().mapped() > mapped);
  }
  SECTION("another process") {
    world.crash();
    poll();
    CHECK(world.mapper().mapped() > mapped);
  }
  poll();
  mapped = world.mapper().mapped();
  poll();
  CHECK(world.mapper().mapped() == mapped);
  CHECK(world.service.outline() == world.expected());
}

}  // namespace mortise::tests
