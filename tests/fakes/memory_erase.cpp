#include "fakes/memory_erase.hpp"

#include <set>

namespace mortise::fakes {
namespace {

template <class Map, class IsGone>
void erase_where(Map& map, Undo& undo, IsGone is_gone) {
  std::vector<typename Map::key_type> keys;
  for (const auto& [key, value] : map) {
    if (is_gone(key, value)) keys.push_back(key);
  }
  for (const auto& key : keys) undo.erase(map, key);
}

}  // namespace

std::vector<MemoryTables::Three> erase_memory(MemoryTables& tables, Undo& undo,
                                              const std::string& account_id) {
  std::set<std::string> connections;
  for (const auto& [id, connection] : tables.connections) {
    if (connection.account_id == account_id) connections.insert(id);
  }
  std::set<std::string> runs;
  for (const auto& [id, run] : tables.runs) {
    if (run.account_id == account_id) runs.insert(id);
  }
  const auto is_own = [&](const auto&, const auto& value) {
    return value.account_id == account_id;
  };
  const auto is_of = [&](const std::string& id) { return connections.count(id) > 0; };
  const auto of_connection = [&](const auto&, const auto& value) {
    return is_of(value.connection_id);
  };
  const auto keyed_by_connection = [&](const std::string& key, const auto&) { return is_of(key); };
  const auto of_pair_key = [&](const MemoryTables::Two& key, const auto&) {
    return is_of(key.first);
  };
  const auto external = [&](const MemoryTables::Two& key, const auto&) {
    return key.first == account_id;
  };
  std::vector<MemoryTables::Three> pairs;
  for (const auto& [key, pair] : tables.pairs) {
    if (is_of(pair.connection_id)) pairs.push_back(key);
  }
  erase_where(tables.intents, undo,
              [&](const auto&, const auto& each) { return is_of(each.value.connection_id); });
  erase_where(tables.sightings, undo, of_pair_key);
  erase_where(tables.bookmarks, undo, of_pair_key);
  erase_where(tables.sync_states, undo, keyed_by_connection);
  erase_where(tables.channels, undo, of_connection);
  erase_where(tables.notifications, undo, of_connection);
  erase_where(tables.grants, undo, keyed_by_connection);
  erase_where(tables.run_items, undo,
              [&](const auto& key, const auto&) { return runs.count(std::get<0>(key)) > 0; });
  erase_where(tables.runs, undo, is_own);
  erase_where(tables.conflicts, undo, is_own);
  erase_where(tables.usages, undo, is_own);
  erase_where(tables.events, undo, is_own);
  erase_where(tables.connect_sessions, undo, is_own);
  erase_where(tables.user_sessions, undo, is_own);
  erase_where(tables.live_tasks, undo, external);
  erase_where(tables.tasks, undo, is_own);
  erase_where(tables.live_plans, undo, external);
  erase_where(tables.plans, undo, is_own);
  erase_where(tables.connections, undo, is_own);
  undo.erase(tables.accounts, account_id);
  return pairs;
}

}  // namespace mortise::fakes
