#include "fakes/memory_prune.hpp"

#include <algorithm>
#include <string_view>

namespace mortise::fakes {
namespace {

using core::Instant;

/// When something ended, and what: sorts oldest first.
template <class Key>
using Ended = std::pair<Instant, Key>;

/// The keys of the oldest `at_most` of `all`.
template <class Key>
std::vector<Key> oldest(std::vector<Ended<Key>> all, std::int64_t at_most) {
  std::sort(all.begin(), all.end());
  std::vector<Key> keys;
  for (const Ended<Key>& ended : all) {
    if (static_cast<std::int64_t>(keys.size()) >= at_most) break;
    keys.push_back(ended.second);
  }
  return keys;
}

/// `ended_ms`: when a value ended, nothing if it has not.
template <class Map, class EndedMs>
void prune_values(Map& map, Undo& undo, const ports::Prune& prune, EndedMs ended_ms) {
  std::vector<Ended<typename Map::key_type>> due;
  for (const auto& [key, value] : map) {
    const std::optional<Instant> at_ms = ended_ms(value);
    if (at_ms && *at_ms < prune.before_ms) due.emplace_back(*at_ms, key);
  }
  for (const auto& key : oldest(std::move(due), prune.at_most)) undo.erase(map, key);
}

void prune_runs(MemoryTables& tables, Undo& undo, const ports::Prune& prune) {
  std::vector<Ended<std::string>> due;
  for (const auto& [id, run] : tables.runs) {
    if (run.state <= core::RunState::waiting || !run.finished_ms) continue;
    if (*run.finished_ms < prune.before_ms) due.emplace_back(*run.finished_ms, id);
  }
  std::int64_t left = prune.at_most;
  for (const std::string& id : oldest(std::move(due), prune.at_most)) {
    std::vector<Ended<MemoryTables::Three>> items;  // by number instead of time
    for (auto item = tables.run_items.lower_bound({id, "", ""});
         item != tables.run_items.end() && std::get<0>(item->first) == id; ++item) {
      items.emplace_back(item->second.number, item->first);
    }
    for (const MemoryTables::Three& key : oldest(std::move(items), left)) {
      undo.erase(tables.run_items, key);
      --left;
    }
    if (left <= 0) return;
    undo.erase(tables.runs, id);
    if (--left == 0) return;
  }
}

template <class T>
bool is_gone(const std::map<std::string, T>& map, const std::string& id, Instant before_ms) {
  const auto found = map.find(id);
  if (found == map.end()) return true;
  return found->second.deleted_ms && *found->second.deleted_ms < before_ms;
}

bool outlived(const MemoryTables& tables, const core::Pair& pair, Instant before_ms) {
  if (pair.state != core::PairState::tombstone || pair.synced_ms >= before_ms) return false;
  constexpr std::string_view kTask = "task:";
  if (!pair.key.starts_with(kTask)) return is_gone(tables.plans, pair.plan_id, before_ms);
  const std::string id = pair.key.substr(kTask.size(), pair.key.find('/') - kTask.size());
  return is_gone(tables.tasks, id, before_ms);
}

}  // namespace

std::vector<MemoryTables::Three> prune_memory(MemoryTables& tables, Undo& undo,
                                              const ports::Prune& prune) {
  prune_runs(tables, undo, prune);
  prune_values(tables.events, undo, prune,
               [](const core::Event& event) { return std::optional(event.at_ms); });
  prune_values(tables.notifications, undo, prune,
               [](const core::Notification& notification) { return notification.handled_ms; });
  prune_values(tables.conflicts, undo, prune,
               [](const core::Conflict& conflict) { return std::optional(conflict.at_ms); });
  std::vector<Ended<MemoryTables::Three>> pairs;
  for (const auto& [key, pair] : tables.pairs) {
    if (outlived(tables, pair, prune.before_ms)) pairs.emplace_back(pair.synced_ms, key);
  }
  return oldest(std::move(pairs), prune.at_most);
}

}  // namespace mortise::fakes
