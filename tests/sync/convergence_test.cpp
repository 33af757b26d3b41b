// Random edits on both sides, interrupted runs, forgotten cursors: both sides end equal, nothing is
// doubled, and no edit is lost without being told. The same over HTTP and at length:
// tests/system/sync_model.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include <fmt/format.h>

#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::Json;

constexpr std::int64_t kMinuteMs = 60'000;

std::uint64_t first_seed() {
  const char* given = std::getenv("MORTISE_TEST_SEED");
  return given == nullptr ? 20'261'120 : std::strtoull(given, nullptr, 10);
}

/// What happened to one task since both sides last agreed.
struct History {
  std::optional<std::string> title_here, title_there;  ///< the last title given
  bool removed_here = false, removed_there = false;
};

class Model {
 public:
  Model(Style style, std::uint64_t seed) : world_(style, seed), dice_(seed), style_(style) {
    world_.options.rules.remove_percent = 100;
    world_.crash();  // with these options
    world_.populate(2, 1, 4);
    REQUIRE(world_.export_plan().state == core::RunState::succeeded);
    rest();
    converge();
  }

  void epoch() {
    history_.clear();
    const auto edits = 1 + dice_() % 6;
    for (std::uint64_t i = 0; i < edits; ++i) {
      edit();
      if (dice_() % 3 == 0)
        world_.clock.advance(static_cast<std::int64_t>(dice_() % 3) * kMinuteMs);
      if (dice_() % 4 == 0) world_.settle();
    }
    const bool interfered = dice_() % 3 == 0;
    if (interfered) interfere();
    rest();
    converge();
    if (!interfered) check_edits();
  }

 private:
  std::string word(const char* side) { return fmt::format("{} {}", side, ++words_); }

  void edit() {
    const std::vector<core::Task> tasks = world_.tasks();
    switch (dice_() % 8) {
      case 0:
      case 1:
      case 2: {  // here
        if (tasks.empty()) return;
        core::Task task = tasks[dice_() % tasks.size()];
        task.title = word("here");
        history_[task.id].title_here = task.title;
        world_.save(task);
        return;
      }
      case 3:
      case 4: {  // there
        const auto item = random_item();
        if (!item) return;
        const std::string title = word("there");
        if (const std::string task = task_of(*item); !task.empty()) {
          history_[task].title_there = title;
        }
        world_.service.edit(*item, Json{{"text", title}}.dump());
        return;
      }
      case 5: {
        if (tasks.size() < 4) return;
        core::Task task = tasks[dice_() % tasks.size()];
        history_[task.id].removed_here = true;
        task.deleted_ms = world_.clock.now_ms();
        world_.save(task);
        return;
      }
      case 6: {
        const auto item = random_item();
        if (!item || tasks.size() < 4 || there_left() < 4) return;
        if (const std::string task = task_of(*item); !task.empty()) {
          history_[task].removed_there = true;
        }
        world_.service.erase(*item);
        return;
      }
      default:
        if (!tasks.empty()) world_.add_after(dice_() % tasks.size(), word("added"));
    }
  }

  void interfere() {
    auto left = std::make_shared<int>(1 + static_cast<int>(dice_() % 3));
    world_.egress->fault = [this, left](const ports::ConnectorRequest&) {
      if (*left == 0 || dice_() % 2 == 0) return Fault::none;
      --*left;
      const Fault kFaults[] = {Fault::refused, Fault::lost, Fault::rate_limited};
      return kFaults[dice_() % 3];
    };
    if (dice_() % 2 == 0) world_.service.forget_cursors();
    world_.sync();
    if (dice_() % 2 == 0) world_.crash();
    world_.settle();
    world_.egress->fault = {};
  }

  /// Nobody edits for a while, so that rounded edit times settle.
  void rest() {
    world_.settle();
    world_.clock.advance(10 * kMinuteMs);
    world_.settle();
  }

  void converge() {
    core::Run run = world_.sync();
    if (run.state != core::RunState::succeeded) run = world_.sync();
    INFO(run.error_message << run.guard);
    CHECK(run.state == core::RunState::succeeded);
    CHECK(world_.service.outline() == world_.expected());
    rest();
    const int writes = world_.service.writes;
    run = world_.sync();
    CHECK(run.state == core::RunState::succeeded);
    CHECK(run.counts.received == 0);
    CHECK(world_.service.writes == writes);
  }

  void check_edits() {
    for (const auto& [id, history] : history_) {
      const core::Task task = world_.task(id);
      INFO("task " << id << " here " << history.title_here.value_or("-") << " there "
                   << history.title_there.value_or("-") << " now " << task.title);
      const bool edited = history.title_here || history.title_there;
      const bool removed = history.removed_here || history.removed_there;
      if (removed && !edited) CHECK(task.deleted_ms);
      if (task.deleted_ms) continue;  // removed after its last edit
      if (history.title_here && !history.title_there) CHECK(task.title == *history.title_here);
      if (!history.title_here && history.title_there) CHECK(task.title == *history.title_there);
      if (history.title_here && history.title_there) {
        const bool here = task.title == *history.title_here;
        CHECK((here || task.title == *history.title_there));
      }
    }
  }

  std::vector<std::string> leaves() const {
    std::vector<std::string> ids;
    for (const auto& [id, item] : world_.service.items()) {
      if (Json::parse(item.fields).contains("text")) ids.push_back(id);
    }
    return ids;
  }
  std::size_t there_left() const { return leaves().size(); }
  std::optional<std::string> random_item() {
    const std::vector<std::string> ids = leaves();
    if (ids.empty()) return std::nullopt;
    return ids[dice_() % ids.size()];
  }
  std::string task_of(const std::string& remote_id) const {
    const auto pairs = world_.store.pairs().of_connection(world_.connection_id).value();
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const core::Pair& pair) {
      return pair.remote_id == remote_id && pair.state != core::PairState::tombstone;
    });
    return found == pairs.end() ? std::string() : found->key.substr(5);
  }

  World world_;
  std::mt19937_64 dice_;
  Style style_;
  std::map<std::string, History> history_;
  int words_ = 0;
};

}  // namespace

TEST_CASE("convergence: random edits on both sides end equal, and quiet", "[sync][convergence]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  const char* rounds = std::getenv("MORTISE_TEST_ROUNDS");
  const std::uint64_t count = rounds == nullptr ? 12 : std::strtoull(rounds, nullptr, 10);
  for (std::uint64_t round = 0; round < count; ++round) {
    const std::uint64_t seed = first_seed() + round;
    INFO("MORTISE_TEST_SEED=" << seed << " style " << static_cast<int>(style));
    Model model(style, seed);
    for (int epoch = 0; epoch < 8; ++epoch) {
      INFO("epoch " << epoch);
      model.epoch();
    }
  }
}

}  // namespace mortise::tests
