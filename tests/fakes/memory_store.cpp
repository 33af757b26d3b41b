#include "fakes/memory_store.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "fakes/memory_erase.hpp"
#include "fakes/memory_prune.hpp"
#include "fakes/memory_tables.hpp"

namespace mortise::fakes {
namespace {

using core::Rev;

Error conflict(const std::string& what, Rev expected, Rev stored) {
  return Error{Code::conflict,
               "commit " + what + ": expected rev " + std::to_string(expected) + ", stored is " +
                   std::to_string(stored),
               "rev_conflict"};
}

/// Applies one commit, change by change, each seeing the ones before it.
class Writer {
 public:
  Writer(MemoryTables& tables, Undo& undo) : tables_(tables), undo_(undo) {}

  Status operator()(const ports::Put<core::Account>& put) {
    return put_rev(tables_.accounts, put.value.id, put.value, "account");
  }

  Status operator()(const ports::Put<core::Plan>& put) {
    core::Plan plan = put.value;
    const auto before = stored(tables_.plans, plan.id);
    plan.tasks_rev = before ? before->tasks_rev : 0;
    if (auto status = put_rev(tables_.plans, plan.id, plan, "plan"); !status) return status;
    return move_external(tables_.live_plans, before, plan, "plan");
  }

  Status operator()(const ports::Put<core::Task>& put) {
    const core::Task& task = put.value;
    const auto before = stored(tables_.tasks, task.id);
    if (auto status = put_rev(tables_.tasks, task.id, task, "task"); !status) return status;
    if (auto status = move_external(tables_.live_tasks, before, task, "task"); !status) {
      return status;
    }
    if (!touch_plan(task.plan_id)) {
      return Error{Code::conflict,
                   "commit task '" + task.id + "': its plan '" + task.plan_id + "' is not stored",
                   "rev_conflict"};
    }
    if (before && before->plan_id != task.plan_id) touch_plan(before->plan_id);
    return {};
  }

  Status operator()(const ports::Put<core::Connection>& put) {
    return put_rev(tables_.connections, put.value.id, put.value, "connection");
  }
  Status operator()(const ports::Put<core::Grant>& put) {
    return put_rev(tables_.grants, put.value.connection_id, put.value, "grant");
  }
  Status operator()(const ports::Put<core::ConnectSession>& put) {
    return put_rev(tables_.connect_sessions, put.value.id, put.value, "connect session");
  }
  Status operator()(const ports::Put<core::ApiKey>& put) {
    return put_rev(tables_.api_keys, put.value.id, put.value, "API key");
  }
  Status operator()(const ports::Put<core::UserSession>& put) {
    return put_rev(tables_.user_sessions, put.value.id, put.value, "session");
  }
  Status operator()(const ports::Put<core::IdempotencyRecord>& put) {
    return put_rev(tables_.idempotency, {put.value.scope, put.value.key}, put.value,
                   "idempotency key");
  }
  Status operator()(const ports::Put<core::Run>& put) {
    return put_rev(tables_.runs, put.value.id, put.value, "run");
  }
  Status operator()(const ports::Put<core::Usage>& put) {
    return put_rev(tables_.usages, {put.value.account_id, put.value.month}, put.value, "usage");
  }
  Status operator()(const ports::Put<core::Conflict>& put) {
    return put_rev(tables_.conflicts, put.value.id, put.value, "conflict");
  }
  Status operator()(const ports::Put<core::Channel>& put) {
    return put_rev(tables_.channels, put.value.id, put.value, "channel");
  }

  Status operator()(const ports::Put<core::NamedSecret>& put) {
    undo_.set(tables_.secrets, put.value.name, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::Pair>& put) {
    const core::Pair& pair = put.value;
    const MemoryTables::Three id{pair.connection_id, pair.plan_id, pair.key};
    erase_pair(id);
    undo_.set(tables_.pairs, id, pair);
    undo_.set(tables_.pairs_by_key, {pair.key, pair.connection_id, pair.plan_id}, id);
    return {};
  }
  Status operator()(const ports::Put<core::Intent>& put) {
    put_numbered(tables_.intents, put.value.id, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::RunItem>& put) {
    put_numbered(tables_.run_items, {put.value.run_id, put.value.key, put.value.action}, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::Event>& put) {
    undo_.set(tables_.events, put.value.id, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::Sighting>& put) {
    undo_.set(tables_.sightings, {put.value.connection_id, put.value.remote_id}, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::Bookmark>& put) {
    undo_.set(tables_.bookmarks, {put.value.connection_id, put.value.container_id}, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::SyncState>& put) {
    undo_.set(tables_.sync_states, put.value.connection_id, put.value);
    return {};
  }
  Status operator()(const ports::Put<core::Notification>& put) {
    undo_.set(tables_.notifications, put.value.id, put.value);
    return {};
  }

  Status operator()(const ports::ErasePair& erase) {
    erase_pair({erase.connection_id, erase.plan_id, erase.key});
    return {};
  }
  Status operator()(const ports::EraseIntent& erase) {
    undo_.erase(tables_.intents, erase.id);
    return {};
  }
  Status operator()(const ports::EraseGrant& erase) {
    undo_.erase(tables_.grants, erase.connection_id);
    return {};
  }
  Status operator()(const ports::EraseSecret& erase) {
    undo_.erase(tables_.secrets, erase.name);
    return {};
  }
  Status operator()(const ports::EraseIdempotency& erase) {
    undo_.erase(tables_.idempotency, {erase.scope, erase.key});
    return {};
  }
  Status operator()(const ports::EraseSession& erase) {
    undo_.erase(tables_.user_sessions, erase.id);
    undo_.erase(tables_.connect_sessions, erase.id);
    return {};
  }
  Status operator()(const ports::EraseSighting& erase) {
    undo_.erase(tables_.sightings, {erase.connection_id, erase.remote_id});
    return {};
  }
  Status operator()(const ports::SetPairState& set) {
    std::vector<core::Pair> all;
    for (const auto& [id, pair] : tables_.pairs) {
      if (pair.connection_id == set.connection_id && pair.state == set.from) all.push_back(pair);
    }
    for (core::Pair& pair : all) {
      pair.state = set.to;
      if (Status put = (*this)(ports::Put<core::Pair>{std::move(pair)}); !put) return put;
    }
    return {};
  }
  Status operator()(const ports::EraseSightings& erase) {
    erase_under(tables_.sightings, erase.connection_id);
    return {};
  }
  Status operator()(const ports::EraseBookmarks& erase) {
    erase_under(tables_.bookmarks, erase.connection_id);
    return {};
  }
  Status operator()(const ports::EraseChannel& erase) {
    undo_.erase(tables_.channels, erase.id);
    return {};
  }
  Status operator()(const ports::HandleNotifications& handle) {
    std::vector<core::Notification> handled;
    for (const auto& [id, waiting] : tables_.notifications) {
      if (waiting.connection_id != handle.connection_id || waiting.handled_ms) continue;
      const bool named = std::find(handle.ids.begin(), handle.ids.end(), id) != handle.ids.end();
      if (named) handled.push_back(waiting);
    }
    for (core::Notification& notification : handled) {
      notification.handled_ms = handle.at_ms;
      undo_.set(tables_.notifications, notification.id, notification);
    }
    return {};
  }
  Status operator()(const ports::EraseAccount& erase) {
    for (const MemoryTables::Three& pair : erase_memory(tables_, undo_, erase.account_id)) {
      erase_pair(pair);
    }
    return {};
  }
  Status operator()(const ports::Prune& prune) {
    for (const MemoryTables::Three& pair : prune_memory(tables_, undo_, prune)) erase_pair(pair);
    return {};
  }

  Status operator()(const ports::ExpectRev& expect) {
    using Of = ports::ExpectRev::Of;
    switch (expect.of) {
      case Of::account:
        return expect_rev(tables_.accounts, expect, "account");
      case Of::plan:
        return expect_rev(tables_.plans, expect, "plan");
      case Of::task:
        return expect_rev(tables_.tasks, expect, "task");
      case Of::connection:
        return expect_rev(tables_.connections, expect, "connection");
      case Of::grant:
        return expect_rev(tables_.grants, expect, "grant");
      case Of::run:
        return expect_rev(tables_.runs, expect, "run");
      case Of::conflict:
        return expect_rev(tables_.conflicts, expect, "conflict");
      case Of::channel:
        return expect_rev(tables_.channels, expect, "channel");
    }
    return Error{Code::internal, "commit: ExpectRev of an unknown kind"};
  }
  Status operator()(const ports::ExpectNoTwin& expect) {
    const auto one = stored(tables_.connections, expect.connection_id);
    if (!one) return {};
    for (const auto& [id, twin] : tables_.connections) {
      if (id == one->id || twin.account_id != one->account_id) continue;
      if (twin.connector != one->connector || twin.identity.id != one->identity.id) continue;
      return Error{Code::conflict,
                   "commit " + name("connection", one->id) + ": '" + id + "' has its identity",
                   "rev_conflict"};
    }
    return {};
  }

 private:
  static std::string name(std::string_view kind, const std::string& key) {
    return std::string(kind) + " '" + key + "'";
  }
  static std::string name(std::string_view kind, const MemoryTables::Two& key) {
    return std::string(kind) + " '" + key.first + "/" + key.second + "'";
  }

  template <class Map, class T>
  Status put_rev(Map& map, const typename Map::key_type& key, T value, std::string_view kind) {
    const auto found = map.find(key);
    const Rev stored = found == map.end() ? 0 : found->second.rev;
    if (stored != value.rev) return conflict(name(kind, key), value.rev, stored);
    ++value.rev;
    undo_.set(map, key, std::move(value));
    return {};
  }

  template <class Map>
  Status expect_rev(const Map& map, const ports::ExpectRev& expect, std::string_view kind) {
    const auto found = map.find(expect.id);
    const Rev stored = found == map.end() ? 0 : found->second.rev;
    if (stored != expect.rev) return conflict(name(kind, expect.id), expect.rev, stored);
    return {};
  }

  template <class Map, class T>
  void put_numbered(Map& map, const typename Map::key_type& key, const T& value) {
    const auto found = map.find(key);
    const std::int64_t number = found == map.end() ? tables_.next_number++ : found->second.number;
    undo_.set(map, key, Numbered<T>{number, value});
  }

  void erase_pair(const MemoryTables::Three& id) {
    const auto found = tables_.pairs.find(id);
    if (found == tables_.pairs.end()) return;
    const core::Pair pair = found->second;
    undo_.erase(tables_.pairs, id);
    undo_.erase(tables_.pairs_by_key, {pair.key, pair.connection_id, pair.plan_id});
  }

  template <class T>
  void erase_under(std::map<MemoryTables::Two, T>& map, const std::string& first) {
    for (auto entry = map.lower_bound({first, ""});
         entry != map.end() && entry->first.first == first;) {
      const MemoryTables::Two key = entry->first;
      ++entry;
      undo_.erase(map, key);
    }
  }

  template <class T>
  static std::optional<T> stored(const std::map<std::string, T>& map, const std::string& id) {
    const auto found = map.find(id);
    return found == map.end() ? std::nullopt : std::optional<T>(found->second);
  }

  /// External ids are unique per account among what is not removed.
  template <class T>
  Status move_external(std::map<MemoryTables::Two, std::string>& live,
                       const std::optional<T>& before, const T& after, std::string_view kind) {
    const auto has_one = [](const T& value) {
      return !value.external_id.empty() && !value.deleted_ms;
    };
    if (before && has_one(*before)) undo_.erase(live, {before->account_id, before->external_id});
    if (!has_one(after)) return {};
    const MemoryTables::Two key{after.account_id, after.external_id};
    if (live.contains(key)) {
      return Error{Code::conflict,
                   "commit " + name(kind, after.id) + ": external id '" + after.external_id +
                       "' is in use in account '" + after.account_id + "'",
                   "external_id_taken"};
    }
    undo_.set(live, key, after.id);
    return {};
  }

  bool touch_plan(const std::string& id) {
    const auto found = tables_.plans.find(id);
    if (found == tables_.plans.end()) return false;
    core::Plan plan = found->second;
    ++plan.tasks_rev;
    undo_.set(tables_.plans, id, std::move(plan));
    return true;
  }

  MemoryTables& tables_;
  Undo& undo_;
};

}  // namespace

Status MemoryStore::commit(ports::Changes changes, ports::Durability durability) {
  std::unique_lock lock(tables_->mutex);
  if (const Gatekeeper gatekeeper = tables_->gatekeeper) {
    lock.unlock();
    if (auto status = gatekeeper(changes, durability); !status) return status;
    lock.lock();
  }
  Undo undo;
  Writer writer(*tables_, undo);
  for (const ports::Change& change : changes) {
    if (auto status = std::visit(writer, change); !status) {
      undo.roll_back();
      return status;
    }
  }
  ++tables_->commits;
  if (durability == ports::Durability::full) ++tables_->full_commits;
  return {};
}

void MemoryStore::before_commit(Gatekeeper gatekeeper) {
  const std::lock_guard lock(tables_->mutex);
  tables_->gatekeeper = std::move(gatekeeper);
}

void MemoryStore::fail_access(std::optional<Error> error) {
  const std::lock_guard lock(tables_->mutex);
  tables_->access_error = std::move(error);
}

void MemoryStore::fail_records(std::optional<Error> error) {
  const std::lock_guard lock(tables_->mutex);
  tables_->record_error = std::move(error);
}

void MemoryStore::fail_grants(std::optional<Error> error) {
  const std::lock_guard lock(tables_->mutex);
  tables_->grant_error = std::move(error);
}

std::int64_t MemoryStore::commits() const {
  const std::lock_guard lock(tables_->mutex);
  return tables_->commits;
}

std::int64_t MemoryStore::full_commits() const {
  const std::lock_guard lock(tables_->mutex);
  return tables_->full_commits;
}

}  // namespace mortise::fakes
