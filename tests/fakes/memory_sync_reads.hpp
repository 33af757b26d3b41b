// The reading side of MemoryStore, one small class per port: what sync remembers.
#pragma once

#include <optional>
#include <set>

#include "fakes/memory_listing.hpp"

namespace mortise::fakes {

/// The values whose key begins with `first`, by the second part.
template <class T>
std::vector<T> values_under(const std::map<MemoryTables::Two, T>& map, const std::string& first) {
  std::vector<T> found;
  for (auto entry = map.lower_bound({first, ""}); entry != map.end(); ++entry) {
    if (entry->first.first != first) break;
    found.push_back(entry->second);
  }
  return found;
}

class MemoryPairs final : public ports::Pairs {
 public:
  explicit MemoryPairs(const MemoryTables& tables) : tables_(tables) {}
  Result<std::vector<core::Pair>> of_plan(const std::string& connection_id,
                                          const std::string& plan_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<core::Pair> found;
    for (auto pair = tables_.pairs.lower_bound({connection_id, plan_id, ""});
         pair != tables_.pairs.end(); ++pair) {
      if (pair->second.connection_id != connection_id || pair->second.plan_id != plan_id) break;
      found.push_back(pair->second);
    }
    return found;
  }
  Result<std::vector<core::Pair>> of_key(const std::string& key) const override {
    const Lock lock(tables_.mutex);
    std::vector<core::Pair> found;
    for (auto entry = tables_.pairs_by_key.lower_bound({key, "", ""});
         entry != tables_.pairs_by_key.end() && std::get<0>(entry->first) == key; ++entry) {
      found.push_back(tables_.pairs.at(entry->second));
    }
    return found;
  }
  Result<std::vector<core::Pair>> of_connection(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<core::Pair> found;
    for (auto pair = tables_.pairs.lower_bound({connection_id, "", ""});
         pair != tables_.pairs.end() && pair->second.connection_id == connection_id; ++pair) {
      found.push_back(pair->second);
    }
    return found;
  }
  Result<std::vector<std::string>> plans(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<std::string> found;
    for (auto pair = tables_.pairs.lower_bound({connection_id, "", ""});
         pair != tables_.pairs.end() && pair->second.connection_id == connection_id; ++pair) {
      if (found.empty() || found.back() != pair->second.plan_id) {
        found.push_back(pair->second.plan_id);
      }
    }
    return found;
  }

 private:
  const MemoryTables& tables_;
};

class MemoryJournal final : public ports::Journal {
 public:
  explicit MemoryJournal(const MemoryTables& tables) : tables_(tables) {}
  Result<std::vector<core::Intent>> open_intents(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Intent>> all;
    for (const auto& [id, intent] : tables_.intents) {
      if (intent.value.connection_id == connection_id) {
        all.push_back({{intent.number, id}, &intent.value});
      }
    }
    return in_order(std::move(all));
  }

 private:
  const MemoryTables& tables_;
};

class MemoryRuns final : public ports::Runs {
 public:
  explicit MemoryRuns(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Run> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Run>(tables_.runs, id, "run");
  }
  Result<std::vector<core::Run>> unfinished() const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Run>> all;
    for (const auto& [id, run] : tables_.runs) {
      if (run.state <= core::RunState::waiting) all.push_back({{run.created_ms, id}, &run});
    }
    return in_order(std::move(all));
  }
  Result<std::vector<core::Run>> unfinished(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Run>> all;
    for (const auto& [id, run] : tables_.runs) {
      if (run.connection_id != connection_id || run.state > core::RunState::waiting) continue;
      all.push_back({{run.created_ms, id}, &run});
    }
    return in_order(std::move(all));
  }
  Result<std::vector<core::Run>> newest_finished(const std::string& account_id) const override {
    const Lock lock(tables_.mutex);
    std::map<std::string, Placed<core::Run>> newest;  // by connection
    for (const auto& [id, run] : tables_.runs) {
      const auto connection = tables_.connections.find(run.connection_id);
      if (connection == tables_.connections.end() || connection->second.account_id != account_id ||
          !core::is_finished(run.state)) {
        continue;
      }
      const Placed<core::Run> each{{run.created_ms, id}, &run};
      const auto [known, is_first] = newest.try_emplace(run.connection_id, each);
      if (!is_first && before(known->second, each)) known->second = each;
    }
    std::vector<Placed<core::Run>> all;
    for (const auto& [connection_id, run] : newest) {
      all.push_back({{0, run.place.id}, run.value});
    }
    return in_order(std::move(all));
  }
  Result<Page<core::Run>> list(const std::string& account_id, const std::string& connection_id,
                               const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Run>> all;
    for (const auto& [id, run] : tables_.runs) {
      if (!account_id.empty() && run.account_id != account_id) continue;
      if (!connection_id.empty() && run.connection_id != connection_id) continue;
      all.push_back({{run.created_ms, id}, &run});
    }
    return page_of(std::move(all), page, Order::falling);
  }
  Result<Page<core::RunItem>> items(const std::string& run_id,
                                    const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::RunItem>> all;
    for (auto item = tables_.run_items.lower_bound({run_id, "", ""});
         item != tables_.run_items.end() && std::get<0>(item->first) == run_id; ++item) {
      all.push_back({{item->second.number, ""}, &item->second.value});
    }
    return page_of(std::move(all), page, Order::rising);
  }
  Result<Page<core::RunItem>> items_of_key(const std::string& key,
                                           const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    const bool is_series = key.find('/') == std::string::npos;
    std::vector<Placed<core::RunItem>> all;
    for (const auto& [id, item] : tables_.run_items) {
      const std::string series = item.value.key.substr(0, item.value.key.find('/'));
      if ((is_series ? series : item.value.key) != key) continue;
      all.push_back({{item.number, ""}, &item.value});
    }
    return page_of(std::move(all), page, Order::falling);
  }

 private:
  const MemoryTables& tables_;
};

class MemorySightings final : public ports::Sightings {
 public:
  explicit MemorySightings(const MemoryTables& tables) : tables_(tables) {}
  Result<std::vector<core::Sighting>> of_connection(
      const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    return values_under(tables_.sightings, connection_id);
  }

 private:
  const MemoryTables& tables_;
};

class MemoryBookmarks final : public ports::Bookmarks {
 public:
  explicit MemoryBookmarks(const MemoryTables& tables) : tables_(tables) {}
  Result<std::vector<core::Bookmark>> of_connection(
      const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    return values_under(tables_.bookmarks, connection_id);
  }

 private:
  const MemoryTables& tables_;
};

class MemorySyncStates final : public ports::SyncStates {
 public:
  explicit MemorySyncStates(const MemoryTables& tables) : tables_(tables) {}
  Result<core::SyncState> find(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    const auto found = tables_.sync_states.find(connection_id);
    if (found != tables_.sync_states.end()) return core::SyncState(found->second);
    core::SyncState unwritten;
    unwritten.connection_id = connection_id;
    return unwritten;
  }

 private:
  const MemoryTables& tables_;
};

class MemoryConflicts final : public ports::Conflicts {
 public:
  explicit MemoryConflicts(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Conflict> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Conflict>(tables_.conflicts, id, "conflict");
  }
  Result<Page<core::Conflict>> list(const std::string& account_id, const std::string& connection_id,
                                    const std::string& task_id,
                                    const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Conflict>> all;
    for (const auto& [id, conflict] : tables_.conflicts) {
      if (!account_id.empty() && conflict.account_id != account_id) continue;
      if (!connection_id.empty() && conflict.connection_id != connection_id) continue;
      if (!task_id.empty() && conflict.task_id != task_id) continue;
      all.push_back({{conflict.at_ms, id}, &conflict});
    }
    return page_of(std::move(all), page, Order::falling);
  }

 private:
  const MemoryTables& tables_;
};

class MemoryChannels final : public ports::Channels {
 public:
  explicit MemoryChannels(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Channel> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Channel>(tables_.channels, id, "channel");
  }
  Result<std::vector<core::Channel>> of_connection(
      const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Channel>> all;
    for (const auto& [id, channel] : tables_.channels) {
      if (channel.connection_id == connection_id)
        all.push_back({{channel.opened_ms, id}, &channel});
    }
    return in_order(std::move(all));
  }

 private:
  const MemoryTables& tables_;
};

class MemoryInbox final : public ports::Inbox {
 public:
  explicit MemoryInbox(const MemoryTables& tables) : tables_(tables) {}
  Result<std::vector<core::Notification>> pending(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    return in_order(pending_of(connection_id));
  }
  Result<std::optional<core::Instant>> oldest_pending(
      const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    const auto waiting = pending_of(connection_id);
    if (waiting.empty()) return std::optional<core::Instant>();
    const auto oldest =
        std::min_element(waiting.begin(), waiting.end(), before<core::Notification>);
    return std::optional(oldest->value->received_ms);
  }
  Result<std::optional<core::Instant>> latest(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    std::optional<core::Instant> latest;
    for (const auto& [id, notification] : tables_.notifications) {
      if (notification.connection_id != connection_id) continue;
      latest = std::max(latest, std::optional(notification.received_ms));
    }
    return latest;
  }
  Result<std::vector<std::string>> connections_with_pending() const override {
    const Lock lock(tables_.mutex);
    std::set<std::string> found;
    for (const auto& [id, notification] : tables_.notifications) {
      if (!notification.handled_ms) found.insert(notification.connection_id);
    }
    return std::vector<std::string>(found.begin(), found.end());
  }
  Result<bool> seen(const std::string& connector, const std::string& provider_id) const override {
    const Lock lock(tables_.mutex);
    if (provider_id.empty()) return false;
    for (const auto& [id, notification] : tables_.notifications) {
      if (notification.connector == connector && notification.provider_id == provider_id) {
        return true;
      }
    }
    return false;
  }

 private:
  std::vector<Placed<core::Notification>> pending_of(const std::string& connection_id) const {
    std::vector<Placed<core::Notification>> all;
    for (const auto& [id, notification] : tables_.notifications) {
      if (notification.connection_id != connection_id || notification.handled_ms) continue;
      all.push_back({{notification.received_ms, id}, &notification});
    }
    return all;
  }

  const MemoryTables& tables_;
};

}  // namespace mortise::fakes
