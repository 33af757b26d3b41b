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

}  // namespace mortise::tests
