// What MemoryStore keeps: maps by key, and the undo log that makes a failed commit leave nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fakes/memory_store.hpp"
#include "ports/store.hpp"

namespace mortise::fakes {

/// Values that are listed in the order they first came.
template <class T>
struct Numbered {
  std::int64_t number = 0;
  T value;
};

struct MemoryTables {
  using Two = std::pair<std::string, std::string>;
  using Three = std::tuple<std::string, std::string, std::string>;

  mutable std::mutex mutex;
  std::int64_t next_number = 1;
  std::int64_t commits = 0;
  std::int64_t full_commits = 0;
  MemoryStore::Gatekeeper gatekeeper;
  std::optional<Error> access_error;
  std::optional<Error> record_error;
  std::optional<Error> grant_error;

  std::map<std::string, core::Account> accounts;
  std::map<std::string, core::Plan> plans;
  std::map<std::string, core::Task> tasks;
  std::map<Two, std::string> live_plans;  ///< (account, external id) -> id
  std::map<Two, std::string> live_tasks;
  std::map<std::string, core::Connection> connections;
  std::map<std::string, core::Grant> grants;
  std::map<std::string, core::NamedSecret> secrets;
  std::map<std::string, core::ConnectSession> connect_sessions;
  std::map<std::string, core::ApiKey> api_keys;
  std::map<std::string, core::UserSession> user_sessions;
  std::map<Two, core::IdempotencyRecord> idempotency;  ///< (scope, key)
  std::map<Three, core::Pair> pairs;                   ///< (connection, plan, key)
  std::map<Three, Three> pairs_by_key;                 ///< (key, connection, plan) -> as above
  std::map<std::string, Numbered<core::Intent>> intents;
  std::map<std::string, core::Run> runs;
  std::map<Three, Numbered<core::RunItem>> run_items;  ///< (run, key, action)
  std::map<Two, core::Usage> usages;                   ///< (account, month)
  std::map<std::string, core::Event> events;
  std::map<Two, core::Sighting> sightings;  ///< (connection, remote id)
  std::map<Two, core::Bookmark> bookmarks;  ///< (connection, container)
  std::map<std::string, core::SyncState> sync_states;
  std::map<std::string, core::Conflict> conflicts;
  std::map<std::string, core::Channel> channels;
  std::map<std::string, core::Notification> notifications;
};

/// Writes to maps, remembering how to take each write back.
class Undo {
 public:
  template <class Map>
  void set(Map& map, const typename Map::key_type& key, typename Map::mapped_type value) {
    remember(map, key);
    map.insert_or_assign(key, std::move(value));
  }
  template <class Map>
  void erase(Map& map, const typename Map::key_type& key) {
    remember(map, key);
    map.erase(key);
  }
  void roll_back() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) (*step)();
    steps_.clear();
  }

 private:
  template <class Map>
  void remember(Map& map, const typename Map::key_type& key) {
    std::optional<typename Map::mapped_type> before;
    if (const auto found = map.find(key); found != map.end()) before = found->second;
    steps_.emplace_back([&map, key, before = std::move(before)] {
      if (before) {
        map.insert_or_assign(key, *before);
      } else {
        map.erase(key);
      }
    });
  }

  std::vector<std::function<void()>> steps_;
};

}  // namespace mortise::fakes
