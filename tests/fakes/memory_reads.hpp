// The reading side of MemoryStore, one small class per port: accounts, plans, access.
#pragma once

#include "fakes/memory_listing.hpp"

namespace mortise::fakes {

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
    if (tables_.record_error) return Error(*tables_.record_error);
    return find_in<core::Plan>(tables_.plans, id, "plan");
  }
  Result<core::Plan> find_external(const std::string& account_id,
                                   const std::string& external_id) const override {
    const Lock lock(tables_.mutex);
    const Two key(account_id, external_id);
    const auto live = tables_.live_plans.find(key);
    if (live != tables_.live_plans.end()) return core::Plan(tables_.plans.at(live->second));
    const core::Plan* newest = nullptr;
    for (const auto& [id, value] : tables_.plans) {
      if (value.external_id.empty() || Two(value.account_id, value.external_id) != key) continue;
      if (newest == nullptr || value.deleted_ms >= newest->deleted_ms) newest = &value;
    }
    if (newest != nullptr) return core::Plan(*newest);
    return Error{Code::not_found, "find plan by external id: there is none"};
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
  Result<std::vector<core::Task>> tasks(const std::string& plan_id) const override {
    const Lock lock(tables_.mutex);
    return in_order(live_tasks(plan_id));
  }
  Result<Page<core::Task>> list_tasks(const std::string& plan_id,
                                      const PageRequest& page) const override {
    const Lock lock(tables_.mutex);
    return page_of(live_tasks(plan_id), page, Order::rising);
  }
  Result<std::vector<core::Task>> removed_tasks(const std::string& plan_id,
                                                core::Instant since_ms) const override {
    const Lock lock(tables_.mutex);
    std::vector<Placed<core::Task>> all;
    for (const auto& [id, value] : tables_.tasks) {
      if (value.plan_id != plan_id || !value.deleted_ms || *value.deleted_ms < since_ms) continue;
      all.push_back({{*value.deleted_ms, id}, &value});
    }
    std::vector<core::Task> found = in_order(std::move(all));
    std::reverse(found.begin(), found.end());
    return found;
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
    if (tables_.record_error) return Error(*tables_.record_error);
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
    if (tables_.grant_error) return Error(*tables_.grant_error);
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
    if (tables_.access_error) return Error(*tables_.access_error);
    return find_in<core::ApiKey>(tables_.api_keys, id, "API key");
  }
  Result<std::vector<core::ApiKey>> keys() const override {
    const Lock lock(tables_.mutex);
    if (tables_.access_error) return Error(*tables_.access_error);
    std::vector<Placed<core::ApiKey>> all;
    for (const auto& [id, key] : tables_.api_keys) all.push_back({{key.created_ms, id}, &key});
    return in_order(std::move(all));
  }
  Result<core::UserSession> session_by_hash(const std::string& hash) const override {
    const Lock lock(tables_.mutex);
    if (tables_.access_error) return Error(*tables_.access_error);
    for (const auto& [id, session] : tables_.user_sessions) {
      if (!hash.empty() && session.hash == hash) return core::UserSession(session);
    }
    return Error{Code::not_found, "find session by hash: there is none"};
  }
  Result<core::IdempotencyRecord> idempotency(const std::string& scope,
                                              const std::string& key) const override {
    const Lock lock(tables_.mutex);
    if (tables_.access_error) return Error(*tables_.access_error);
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

}  // namespace mortise::fakes
