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

#include "fakes/test_seed.hpp"
#include "sync/bench.hpp"

namespace mortise::tests {
namespace {

using core::Json;

constexpr std::int64_t kMinuteMs = 60'000;

/// What one side did last to a task.
struct Side {
  std::optional<std::string> title;  ///< gave it this one
  bool removed = false;
  core::Instant at_ms = 0;
  bool touched() const { return title || removed; }
};

/// What happened to a task since both sides last agreed.
struct Window {
  Side here, there;
  /// Something there was touched that nobody can tell yet whose it is.
  bool unsure = false;
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
    const auto edits = 1 + dice_() % 6;
    for (std::uint64_t i = 0; i < edits; ++i) {
      edit();
      if (dice_() % 3 == 0)
        world_.clock.advance(static_cast<std::int64_t>(dice_() % 3) * kMinuteMs);
      if (dice_() % 4 == 0) push();
    }
    if (dice_() % 3 == 0) interfere();
    rest();
    converge();
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
        windows_[task.id].here = {task.title, false, world_.clock.now_ms()};
        world_.save(task);
        return;
      }
      case 3:
      case 4: {  // there
        const auto item = random_item();
        if (!item) return;
        const std::string title = word("there");
        touch_there(*item, {title, false, world_.clock.now_ms()});
        world_.service.edit(*item, Json{{"text", title}}.dump());
        return;
      }
      case 5: {
        if (tasks.size() < 4) return;
        core::Task task = tasks[dice_() % tasks.size()];
        windows_[task.id].here = {{}, true, world_.clock.now_ms()};
        task.deleted_ms = world_.clock.now_ms();
        world_.save(task);
        return;
      }
      case 6: {
        const auto item = random_item();
        if (!item || tasks.size() < 4 || there_left() < 4) return;
        touch_there(*item, {{}, true, world_.clock.now_ms()});
        world_.service.erase(*item);
        return;
      }
      default:
        if (!tasks.empty()) world_.add_after(dice_() % tasks.size(), word("added"));
    }
  }

  void touch_there(const std::string& item, const Side& side) {
    if (const std::string task = task_of(item); !task.empty()) {
      windows_[task].there = side;
      return;
    }
    const Json text = Json::parse(world_.service.items().at(item).fields)["text"];
    for (const core::Task& task : world_.tasks()) {
      if (task.title == text) windows_[task.id].unsure = true;
    }
  }

  /// What was saved here goes out, and nobody looks there but where it meets something.
  void push() {
    world_.settle();
    std::erase_if(windows_, [&](const auto& each) {
      const auto& [id, window] = each;
      if (window.unsure) return false;
      if (window.here.touched()) {
        check(id, window);
        return true;
      }
      // What was read along with something else may be here by now.
      const core::Task task = world_.task(id);
      return window.there.removed ? task.deleted_ms.has_value()
                                  : task.title == window.there.title.value_or("");
    });
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
    for (const auto& [id, window] : windows_) check(id, window);
    windows_.clear();
    rest();
    const int writes = world_.service.writes;
    run = world_.sync();
    CHECK(run.state == core::RunState::succeeded);
    CHECK(run.counts.received == 0);
    CHECK(world_.service.writes == writes);
  }

  /// Both sides agree by now: an edit outlives a removal, the newer one of two edits wins, and the
  /// other one stands in a conflict.
  void check(const std::string& id, const Window& window) const {
    if (window.unsure) return;
    const core::Task task = world_.task(id);
    const auto& [here, there, unsure] = window;
    INFO("task " << id << " here " << told(here) << " there " << told(there) << " now "
                 << task.title);
    CHECK(task.deleted_ms.has_value() == (!here.title && !there.title));
    if (here.title && !there.title) CHECK(task.title == *here.title);
    // (It may have got another title here before it was removed.)
    if (!here.title && there.title)
      CHECK((task.title == *there.title || is_told(id, *there.title)));
    if (!here.title || !there.title) return;
    const bool kept_here = task.title == *here.title;
    CHECK((kept_here || task.title == *there.title));
    // Two minutes: whatever the service's clock tells of its edit's time.
    if (here.at_ms - there.at_ms >= 2 * kMinuteMs) CHECK(kept_here);
    if (there.at_ms - here.at_ms >= 2 * kMinuteMs) CHECK_FALSE(kept_here);
    const std::string& lost = kept_here ? *there.title : *here.title;
    INFO("lost " << lost);
    CHECK(is_told(id, lost));
  }

  static std::string told(const Side& side) {
    return side.removed ? "removed" : side.title.value_or("-");
  }

  /// Whether a conflict of this task holds the title.
  bool is_told(const std::string& task_id, const std::string& title) const {
    const auto listed =
        world_.store.conflicts().list("acc", world_.connection_id, task_id, {1000, ""}).value();
    for (const core::Conflict& conflict : listed.items) {
      for (const Json& field : Json::parse(conflict.fields)) {
        if (field["here"] == title || field["there"] == title) return true;
      }
    }
    return false;
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
  std::map<std::string, Window> windows_;  ///< by task
  int words_ = 0;
};

}  // namespace

TEST_CASE("convergence: random edits on both sides end equal, and quiet", "[sync][convergence]") {
  const Style style = GENERATE(Style::client_ids, Style::keyed, Style::nested);
  const char* rounds = std::getenv("MORTISE_TEST_ROUNDS");
  const std::uint64_t count = rounds == nullptr ? 12 : std::strtoull(rounds, nullptr, 10);
  const std::uint64_t first = fakes::test_seed(20'261'120);
  for (std::uint64_t round = 0; round < count; ++round) {
    const std::uint64_t seed = first + round;
    INFO("MORTISE_TEST_SEED=" << seed << " style " << static_cast<int>(style));
    Model model(style, seed);
    for (int epoch = 0; epoch < 8; ++epoch) {
      INFO("epoch " << epoch);
      model.epoch();
    }
  }
}

}  // namespace mortise::tests
