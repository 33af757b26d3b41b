// What the pure middle costs on a plan of 3,330 tasks. Run by ./dev bench, optimised; no test.
#define CATCH_CONFIG_MAIN  // not catch_main: benchmarking changes Catch's own interfaces
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/reconcile.hpp"
#include "core/timing.hpp"
#include "fakes/working_hours.hpp"

namespace mortise::core {
namespace {

constexpr int kTasks = 3'330;

std::vector<WantedItem> wanted_plan() {
  std::vector<WantedItem> items;
  for (int i = 0; i < kTasks; ++i) {
    items.push_back(
        {fmt::format("task:{}", i), "row", "", "", "",
         fmt::format(R"({{"Order":{},"Status":"Not started","Task":"Task {}"}})", i, i)});
  }
  return items;
}

std::vector<Pair> agreed(const std::vector<WantedItem>& items) {
  std::vector<Pair> pairs;
  for (const WantedItem& item : items) {
    Pair pair;
    pair.key = item.key;
    pair.kind = item.kind;
    pair.remote_id = item.key;
    pair.fields = item.fields;
    pair.sent_hash = content_hash(item.fields);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace

TEST_CASE("bench: reconcile", "[bench]") {
  std::vector<WantedItem> items = wanted_plan();
  const std::vector<Pair> base = agreed(items);
  BENCHMARK("3,330 items, none changed") {
    return reconcile(items, base, {}, {}).unchanged;
  };
  BENCHMARK("3,330 items, none known") {
    return reconcile(items, {}, {}, {}).actions.size();
  };
  items[1'000].fields = R"({"Order":1000,"Status":"Done","Task":"Task 1000"})";
  REQUIRE(reconcile(items, base, {}, {}).actions.size() == 1);
  BENCHMARK("3,330 items, one changed") {
    return reconcile(items, base, {}, {}).actions.size();
  };
}

TEST_CASE("bench: timing", "[bench]") {
  Plan plan;
  plan.zone = "Europe/Madrid";
  plan.weekly_time_s = 18 * 3'600;
  std::vector<Task> tasks(kTasks);
  for (int i = 0; i < kTasks; ++i) {
    tasks[static_cast<std::size_t>(i)].position = (i + 1) * 1'024;
    tasks[static_cast<std::size_t>(i)].duration_s = 1'800 + i % 7 * 600;
  }
  const Day today = parse_day("2026-11-20").value();
  BENCHMARK("3,330 tasks placed") {
    return schedule_plan(plan, tasks, today, fakes::every_day(), "UTC").value().placements.size();
  };
}

}  // namespace mortise::core
