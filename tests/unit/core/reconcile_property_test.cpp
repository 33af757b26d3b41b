#include "core/reconcile.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

#include "fakes/test_seed.hpp"
#include "unit/core/reconcile_fixtures.hpp"

namespace mortise::core {
namespace {

/// A service that does what a list says, as the runner would record it.
struct Model {
  std::map<std::string, Pair> pairs;

  void erase_content(const std::string& key) {
    std::vector<std::string> children;
    for (const auto& [child, pair] : pairs) {
      if (pair.parent_key == key && pair.state != PairState::tombstone) children.push_back(child);
    }
    for (const std::string& child : children) {
      erase_content(child);
      pairs[child].state = PairState::tombstone;
    }
  }
  void carry_out(const ChangeList& changes) {
    std::set<std::string> made;
    for (const Action& action : changes.actions) {
      switch (action.kind) {
        case ActionKind::remove:
          REQUIRE(pairs.contains(action.key));
          erase_content(action.key);
          pairs[action.key].state = PairState::tombstone;
          break;
        case ActionKind::forget:
          pairs[action.key].state = PairState::tombstone;
          break;
        case ActionKind::create: {
          REQUIRE(made.insert(action.key).second);  // no key twice
          if (!action.parent_key.empty()) {
            REQUIRE(pairs.contains(action.parent_key));
            REQUIRE(pairs[action.parent_key].state == PairState::paired);
          }
          if (pairs.contains(action.key)) {
            REQUIRE(action.generation == pairs[action.key].generation + 1);
            if (pairs[action.key].state == PairState::paired) erase_content(action.key);
          }
          WantedItem wanted{action.key,       action.item_kind, action.parent_key,
                            action.after_key, action.title,     action.fields};
          pairs[action.key] = paired(wanted, action.generation);
          break;
        }
        case ActionKind::update:
          REQUIRE(pairs[action.key].state == PairState::paired);
          REQUIRE_FALSE(action.changed.empty());
          pairs[action.key].fields = action.fields;
          pairs[action.key].sent_hash = content_hash(action.fields);
          break;
      }
    }
  }
  std::vector<Pair> base() const {
    std::vector<Pair> all;
    for (const auto& [key, pair] : pairs) all.push_back(pair);
    return all;
  }
};

/// Containers two deep with leaves, some of each missing, edited or moved since.
std::vector<WantedItem> random_plan(std::mt19937_64& dice) {
  std::vector<WantedItem> items{item("plan", "", fmt::format("P{}", dice() % 3), "page")};
  const auto modules = dice() % 4;
  for (std::uint64_t m = 0; m < modules; ++m) {
    if (dice() % 5 == 0) continue;
    items.push_back(item(fmt::format("m{}", m), "plan", fmt::format("M{}", dice() % 3), "page"));
    for (std::uint64_t t = 0; t < dice() % 5; ++t) {
      // A task may have moved to another module, or changed its kind.
      const auto home = dice() % 6 == 0 ? m : (m + t) % modules;
      const std::string parent = fmt::format("m{}", home);
      if (std::none_of(items.begin(), items.end(),
                       [&](const auto& each) { return each.key == parent; })) {
        continue;
      }
      const std::string key = fmt::format("t{}_{}", m, t);
      items.push_back(
          item(key, parent, fmt::format("T{}", dice() % 4), dice() % 9 == 0 ? "row" : "todo"));
    }
  }
  return items;
}

}  // namespace

TEST_CASE("reconcile: carrying a list out leaves nothing to do", "[core][reconcile][property]") {
  const std::uint64_t first = fakes::test_seed(1);
  for (std::uint64_t round = 0; round < 3'000; ++round) {
    const std::uint64_t seed = first + round;
    INFO("MORTISE_TEST_SEED=" << seed);
    std::mt19937_64 dice(seed);
    Model model;
    ReconcileRules rules;
    rules.remove_percent = 100;  // nothing is refused
    for (int step = 0; step < 4; ++step) {
      const auto wanted = random_plan(dice);
      News news;
      for (const auto& [key, pair] : model.pairs) {
        if (dice() % 12 == 0 && pair.state == PairState::paired)
          news[key] = RemoteNews{RemoteState::lost};
      }
      const auto changes = reconcile(wanted, model.base(), news, rules);
      CHECK(changes.actions == reconcile(wanted, model.base(), news, rules).actions);
      for (const auto& [key, state] : news) model.erase_content(key);
      model.carry_out(changes);
      // What is gone and unedited stays away until somebody has news of it again.
      if (!news.empty()) continue;
      const auto again = reconcile(wanted, model.base(), {}, rules);
      CHECK(again.empty());
      CHECK(again.unchanged == static_cast<std::int64_t>(wanted.size()));
      std::set<std::string> alive;
      for (const auto& [key, pair] : model.pairs) {
        if (pair.state == PairState::paired) alive.insert(key);
      }
      std::set<std::string> keys;
      for (const WantedItem& each : wanted) keys.insert(each.key);
      CHECK(alive == keys);
    }
  }
}

}  // namespace mortise::core
