// The reading side of MemoryStore: one small class per port.
#include <algorithm>
#include <iterator>

#include "core/cursor.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/memory_tables.hpp"

namespace mortise::fakes {
namespace {

using Lock = std::lock_guard<std::mutex>;
using Two = MemoryTables::Two;
using ports::Page;
using ports::PageRequest;

template <class T, class Map>
Result<T> find_in(const Map& map, const typename Map::key_type& key, std::string_view kind) {
  const auto found = map.find(key);
  if (found == map.end()) {
    return Error{Code::not_found, "find " + std::string(kind) + ": there is none with this id"};
  }
  return T(found->second);
}

template <class T>
struct Placed {
  core::Cursor place;  ///< the sort key
  const T* value;      ///< valid under the lock
};

enum class Order : std::uint8_t { rising, falling };

template <class T>
bool before(const Placed<T>& a, const Placed<T>& b) {
  return std::tie(a.place.number, a.place.id) < std::tie(b.place.number, b.place.id);
}

template <class T>
std::vector<T> in_order(std::vector<Placed<T>> all) {
  std::sort(all.begin(), all.end(), before<T>);
  std::vector<T> values;
  for (const Placed<T>& item : all) values.push_back(*item.value);
  return values;
}

template <class T>
Result<Page<T>> page_of(std::vector<Placed<T>> all, const PageRequest& request, Order order) {
  const auto comes_before = [order](const Placed<T>& a, const Placed<T>& b) {
    return order == Order::rising ? before(a, b) : before(b, a);
  };
  std::sort(all.begin(), all.end(), comes_before);
  auto from = all.begin();
  if (!request.cursor.empty()) {
    const auto cursor = core::parse_cursor(request.cursor);
    if (!cursor) return Error{Code::invalid, "list: this is not a cursor", "bad_cursor"};
    from = std::upper_bound(all.begin(), all.end(), Placed<T>{*cursor, nullptr}, comes_before);
  }
  Page<T> page;
  const auto limit = static_cast<std::ptrdiff_t>(std::max<std::size_t>(request.limit, 1));
  const auto to = from + std::min(limit, std::distance(from, all.end()));
  for (auto item = from; item != to; ++item) page.items.push_back(*item->value);
  if (to != all.end()) {
    page.next_cursor = core::cursor_text(std::prev(to)->place.number, std::prev(to)->place.id);
  }
  return page;
}

/// A record whose external id is this one: the live one, else the one removed last.
template <class T>
Result<T> find_external_in(const std::map<std::string, T>& all,
                           const std::map<Two, std::string>& live, const Two& key,
                           std::string_view kind) {
  if (const auto found = live.find(key); found != live.end()) return T(all.at(found->second));
  const T* newest = nullptr;
  for (const auto& [id, value] : all) {
    if (value.external_id.empty() || Two(value.account_id, value.external_id) != key) continue;
    if (newest == nullptr || value.deleted_ms >= newest->deleted_ms) newest = &value;
  }
  if (newest != nullptr) return T(*newest);
  return Error{Code::not_found, "find " + std::string(kind) + " by external id: there is none"};
}

class MemoryAccounts final : public ports::Accounts {
 public:
  explicit MemoryAccounts(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Account> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Account>(tables_.accounts, id, "account");
  }
  Result<Page<core::Account>> list(const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Account>> all;
    for (const auto& [id, value] : tables_.accounts)
      all.push_back({{value.created_ms, id}, &value});
    return page_of(std::move(all), page, Order::rising);
  }

 private:
  const MemoryTables& tables_;
};

class MemoryPlans final : public ports::Plans {
 public:
  explicit MemoryPlans(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Plan> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Plan>(tables_.plans, id, "plan");
  }
  Result<core::Plan> find_external(const std::string& account_id,
                                   const std::string& external_id) const override {
    const Lock lock(tables_.mutex);
    return find_external_in(tables_.plans, tables_.live_plans, {account_id, external_id}, "plan");
  }
  Result<Page<core::Plan>> list(const std::string& account_id,
                                const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Plan>> all;
    for (const auto& [id, value] : tables_.plans) {
      if (value.account_id != account_id || value.deleted_ms) continue;
      all.push_back({{value.created_ms, id}, &value});
    }
    return page_of(std::move(all), page, Order::rising);
  }
  Result<core::Task> find_task(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Task>(tables_.tasks, id, "task");
  }
  Result<core::Task> find_task_external(const std::string& account_id,
                                        const std::string& external_id) const override {
    const Lock lock(tables_.mutex);
    return find_external_in(tables_.tasks, tables_.live_tasks, {account_id, external_id}, "task");
  }
  Result<std::vector<core::Task>> tasks(const std::string& plan_id) const override {
    const Lock lock(tables_.mutex);
    return in_order(live_tasks(plan_id));
  }
  Result<Page<core::Task>> list_tasks(const std::string& plan_id,
                                      const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    return page_of(live_tasks(plan_id), page, Order::rising);
  }

 private:
  std::vector<Placed<core::Task>> live_tasks(const std::string& plan_id) const {
    std::vector<Placed<core::Task>> all;
    for (const auto& [id, value] : tables_.tasks) {
      if (value.plan_id != plan_id || value.deleted_ms) continue;
      all.push_back({{value.position, id}, &value});
    }
    return all;
  }

  const MemoryTables& tables_;
};

class MemoryConnections final : public ports::Connections {
 public:
  explicit MemoryConnections(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Connection> find(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Connection>(tables_.connections, id, "connection");
  }
  Result<std::vector<core::Connection>> list(const std::string& account_id) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Connection>> all;
    for (const auto& [id, value] : tables_.connections) {
      if (value.account_id == account_id) all.push_back({{value.created_ms, id}, &value});
    }
    return in_order(std::move(all));
  }
  Result<std::vector<core::Connection>> list_all() const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Connection>> all;
    for (const auto& [id, value] : tables_.connections) {
      all.push_back({{value.created_ms, id}, &value});
    }
    return in_order(std::move(all));
  }

 private:
  const MemoryTables& tables_;
};

class MemoryGrants final : public ports::Grants {
 public:
  explicit MemoryGrants(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Grant> find(const std::string& connection_id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::Grant>(tables_.grants, connection_id, "grant");
  }
  Result<std::vector<core::Grant>> interrupted() const override {
    const Lock lock(tables_.mutex);
    std::vector<core::Grant> found;
    for (const auto& [id, grant] : tables_.grants) {
      if (grant.refresh_intent_ms) found.push_back(grant);
    }
    return found;
  }
  Result<core::NamedSecret> secret(const std::string& name) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::NamedSecret>(tables_.secrets, name, "secret");
  }
  Result<std::vector<std::string>> secret_names() const override {
    const Lock lock(tables_.mutex);
    std::vector<std::string> names;
    for (const auto& [name, secret] : tables_.secrets) names.push_back(name);
    return names;
  }
  Result<core::ConnectSession> session(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::ConnectSession>(tables_.connect_sessions, id, "connect session");
  }
  Result<core::ConnectSession> session_by_state(const std::string& state_hash) const override {
    const Lock lock(tables_.mutex);
    for (const auto& [id, session] : tables_.connect_sessions) {
      if (!state_hash.empty() && session.state_hash == state_hash) {
        return core::ConnectSession(session);
      }
    }
    return Error{Code::not_found, "find connect session by state: there is none"};
  }

 private:
  const MemoryTables& tables_;
};

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
    for (auto item = tables_.run_items.lower_bound({run_id, ""});
         item != tables_.run_items.end() && item->first.first == run_id; ++item) {
      all.push_back({{item->second.number, ""}, &item->second.value});
    }
    return page_of(std::move(all), page, Order::rising);
  }

 private:
  const MemoryTables& tables_;
};

class MemoryUsages final : public ports::Usages {
 public:
  explicit MemoryUsages(const MemoryTables& tables) : tables_(tables) {}
  Result<core::Usage> find(const std::string& account_id, const std::string& month) const override {
    const Lock lock(tables_.mutex);
    const auto found = tables_.usages.find({account_id, month});
    if (found != tables_.usages.end()) return core::Usage(found->second);
    core::Usage unused;
    unused.account_id = account_id;
    unused.month = month;
    return unused;
  }

 private:
  const MemoryTables& tables_;
};

class MemoryAccess final : public ports::Access {
 public:
  explicit MemoryAccess(const MemoryTables& tables) : tables_(tables) {}
  Result<core::ApiKey> key(const std::string& id) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::ApiKey>(tables_.api_keys, id, "API key");
  }
  Result<std::vector<core::ApiKey>> keys() const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::ApiKey>> all;
    for (const auto& [id, key] : tables_.api_keys) all.push_back({{key.created_ms, id}, &key});
    return in_order(std::move(all));
  }
  Result<core::UserSession> session_by_hash(const std::string& hash) const override {
    const Lock lock(tables_.mutex);
    for (const auto& [id, session] : tables_.user_sessions) {
      if (!hash.empty() && session.hash == hash) return core::UserSession(session);
    }
    return Error{Code::not_found, "find session by hash: there is none"};
  }
  Result<core::IdempotencyRecord> idempotency(const std::string& scope,
                                              const std::string& key) const override {
    const Lock lock(tables_.mutex);
    return find_in<core::IdempotencyRecord>(tables_.idempotency, {scope, key}, "idempotency key");
  }

 private:
  const MemoryTables& tables_;
};

class MemoryOutbox final : public ports::Outbox {
 public:
  explicit MemoryOutbox(const MemoryTables& tables) : tables_(tables) {}
  Result<Page<core::Event>> list(const std::string& account_id,
                                 const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Event>> all;
    for (const auto& [id, event] : tables_.events) {
      if (!account_id.empty() && event.account_id != account_id) continue;
      all.push_back({{event.at_ms, id}, &event});
    }
    return page_of(std::move(all), page, Order::falling);
  }

 private:
  const MemoryTables& tables_;
};

}  // namespace

struct MemoryStore::Readers {
  explicit Readers(const MemoryTables& tables)
      : accounts(tables),
        plans(tables),
        connections(tables),
        grants(tables),
        pairs(tables),
        journal(tables),
        runs(tables),
        usages(tables),
        access(tables),
        outbox(tables) {}
  MemoryAccounts accounts;
  MemoryPlans plans;
  MemoryConnections connections;
  MemoryGrants grants;
  MemoryPairs pairs;
  MemoryJournal journal;
  MemoryRuns runs;
  MemoryUsages usages;
  MemoryAccess access;
  MemoryOutbox outbox;
};

MemoryStore::MemoryStore()
    : tables_(std::make_unique<MemoryTables>()), readers_(std::make_unique<Readers>(*tables_)) {}
MemoryStore::~MemoryStore() = default;

const ports::Accounts& MemoryStore::accounts() const {
  return readers_->accounts;
}
const ports::Plans& MemoryStore::plans() const {
  return readers_->plans;
}
const ports::Connections& MemoryStore::connections() const {
  return readers_->connections;
}
const ports::Grants& MemoryStore::grants() const {
  return readers_->grants;
}
const ports::Pairs& MemoryStore::pairs() const {
  return readers_->pairs;
}
const ports::Journal& MemoryStore::journal() const {
  return readers_->journal;
}
const ports::Runs& MemoryStore::runs() const {
  return readers_->runs;
}
const ports::Usages& MemoryStore::usages() const {
  return readers_->usages;
}
const ports::Access& MemoryStore::access() const {
  return readers_->access;
}
const ports::Outbox& MemoryStore::outbox() const {
  return readers_->outbox;
}

}  // namespace mortise::fakes
