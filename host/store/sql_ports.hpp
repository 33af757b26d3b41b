// The reading ports on SQL: one class and one .cpp per port. Thread-safe; what they are built on
// must outlive them.
#pragma once

#include "ports/store.hpp"
#include "store/readers.hpp"

namespace mortise::store {

class SqlAccounts final : public ports::Accounts {
 public:
  explicit SqlAccounts(const Reading& reading) : reading_(reading) {}
  Result<core::Account> find(const std::string& id) const override;
  Result<ports::Page<core::Account>> list(const ports::PageRequest& page) const override;

 private:
  Reading reading_;
};

class SqlPlans final : public ports::Plans {
 public:
  explicit SqlPlans(const Reading& reading) : reading_(reading) {}
  Result<core::Plan> find(const std::string& id) const override;
  Result<core::Plan> find_external(const std::string& account_id,
                                   const std::string& external_id) const override;
  Result<ports::Page<core::Plan>> list(const std::string& account_id,
                                       const ports::PageRequest& page) const override;
  Result<core::Task> find_task(const std::string& id) const override;
  Result<std::vector<core::Task>> tasks(const std::string& plan_id) const override;
  Result<ports::Page<core::Task>> list_tasks(const std::string& plan_id,
                                             const ports::PageRequest& page) const override;
  Result<std::vector<core::Task>> removed_tasks(const std::string& plan_id,
                                                core::Instant since_ms) const override;

 private:
  Reading reading_;
};

class SqlConnections final : public ports::Connections {
 public:
  explicit SqlConnections(const Reading& reading) : reading_(reading) {}
  Result<core::Connection> find(const std::string& id) const override;
  Result<std::vector<core::Connection>> list(const std::string& account_id) const override;
  Result<std::vector<core::Connection>> list_all() const override;

 private:
  Reading reading_;
};

class SqlGrants final : public ports::Grants {
 public:
  explicit SqlGrants(const Reading& reading) : reading_(reading) {}
  Result<core::Grant> find(const std::string& connection_id) const override;
  Result<std::vector<core::Grant>> interrupted() const override;
  Result<core::NamedSecret> secret(const std::string& name) const override;
  Result<std::vector<std::string>> secret_names() const override;
  Result<core::ConnectSession> session(const std::string& id) const override;
  Result<core::ConnectSession> session_by_state(const std::string& state_hash) const override;

 private:
  Reading reading_;
};

class SqlPairs final : public ports::Pairs {
 public:
  explicit SqlPairs(const Reading& reading) : reading_(reading) {}
  Result<std::vector<core::Pair>> of_plan(const std::string& connection_id,
                                          const std::string& plan_id) const override;
  Result<std::vector<core::Pair>> of_connection(const std::string& connection_id) const override;
  Result<std::vector<core::Pair>> of_key(const std::string& key) const override;
  Result<std::vector<std::string>> plans(const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlJournal final : public ports::Journal {
 public:
  explicit SqlJournal(const Reading& reading) : reading_(reading) {}
  Result<std::vector<core::Intent>> open_intents(const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlRuns final : public ports::Runs {
 public:
  explicit SqlRuns(const Reading& reading) : reading_(reading) {}
  Result<core::Run> find(const std::string& id) const override;
  Result<std::vector<core::Run>> unfinished() const override;
  Result<std::vector<core::Run>> unfinished(const std::string& connection_id) const override;
  Result<std::vector<core::Run>> newest_finished(const std::string& account_id) const override;
  Result<ports::Page<core::Run>> list(const std::string& account_id,
                                      const std::string& connection_id,
                                      const ports::PageRequest& page) const override;
  Result<ports::Page<core::RunItem>> items(const std::string& run_id,
                                           const ports::PageRequest& page) const override;
  Result<ports::Page<core::RunItem>> items_of_key(const std::string& key,
                                                  const ports::PageRequest& page) const override;

 private:
  Reading reading_;
};

class SqlSightings final : public ports::Sightings {
 public:
  explicit SqlSightings(const Reading& reading) : reading_(reading) {}
  Result<std::vector<core::Sighting>> of_connection(
      const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlBookmarks final : public ports::Bookmarks {
 public:
  explicit SqlBookmarks(const Reading& reading) : reading_(reading) {}
  Result<std::vector<core::Bookmark>> of_connection(
      const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlSyncStates final : public ports::SyncStates {
 public:
  explicit SqlSyncStates(const Reading& reading) : reading_(reading) {}
  Result<core::SyncState> find(const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlConflicts final : public ports::Conflicts {
 public:
  explicit SqlConflicts(const Reading& reading) : reading_(reading) {}
  Result<core::Conflict> find(const std::string& id) const override;
  Result<ports::Page<core::Conflict>> list(const std::string& account_id,
                                           const std::string& connection_id,
                                           const std::string& task_id,
                                           const ports::PageRequest& page) const override;

 private:
  Reading reading_;
};

class SqlChannels final : public ports::Channels {
 public:
  explicit SqlChannels(const Reading& reading) : reading_(reading) {}
  Result<core::Channel> find(const std::string& id) const override;
  Result<std::vector<core::Channel>> of_connection(const std::string& connection_id) const override;

 private:
  Reading reading_;
};

class SqlInbox final : public ports::Inbox {
 public:
  explicit SqlInbox(const Reading& reading) : reading_(reading) {}
  Result<std::vector<core::Notification>> pending(const std::string& connection_id) const override;
  Result<std::optional<core::Instant>> oldest_pending(
      const std::string& connection_id) const override;
  Result<std::optional<core::Instant>> latest(const std::string& connection_id) const override;
  Result<std::vector<std::string>> connections_with_pending() const override;
  Result<bool> seen(const std::string& connector, const std::string& provider_id) const override;

 private:
  Reading reading_;
};

class SqlUsages final : public ports::Usages {
 public:
  explicit SqlUsages(const Reading& reading) : reading_(reading) {}
  Result<core::Usage> find(const std::string& account_id, const std::string& month) const override;

 private:
  Reading reading_;
};

class SqlAccess final : public ports::Access {
 public:
  explicit SqlAccess(const Reading& reading) : reading_(reading) {}
  Result<core::ApiKey> key(const std::string& id) const override;
  Result<std::vector<core::ApiKey>> keys() const override;
  Result<core::UserSession> session_by_hash(const std::string& hash) const override;
  Result<core::IdempotencyRecord> idempotency(const std::string& scope,
                                              const std::string& key) const override;

 private:
  Reading reading_;
};

class SqlOutbox final : public ports::Outbox {
 public:
  explicit SqlOutbox(const Reading& reading) : reading_(reading) {}
  Result<ports::Page<core::Event>> list(const std::string& account_id,
                                        const ports::PageRequest& page) const override;

 private:
  Reading reading_;
};

}  // namespace mortise::store
