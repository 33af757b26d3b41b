// The records of core/sync_records.hpp as the API shows them. (Accounts, plans,
// tasks and runs: core/record_json.hpp.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/services.hpp"
#include "core/json.hpp"
#include "core/sync_records.hpp"

namespace mortise::api {

core::Json conflict_json(const core::Conflict& conflict);
core::Json run_item_json(const core::RunItem& item);

/// `active_run`: the unfinished run of this connection, or empty. `state` sums status and run up in
/// the words of the provider cards: connected, syncing, error, needs_reconnect, disconnected.
core::Json connection_json(const core::Connection& connection, const ports::Connectors& connectors,
                           const std::string& active_run);
core::Json target_json(const core::Target& target);
core::Json connector_json(const ports::Manifest& manifest, const ports::Mapper& mapper);

/// How tasks of one plan stand in the connections that the plan was exported to. Reads the store
/// once per connection and once per task.
class TaskSync {
 public:
  TaskSync(const ports::Store& store, const core::Plan& plan);
  /// A JSON array: per connection state (synced, pending, failed, paused), url, synced_at, error.
  core::Json of(const core::Task& task) const;

 private:
  struct Link {
    core::Connection connection;
    std::vector<core::RunItem> failures;  ///< of the newest finished run
  };
  const ports::Store& store_;
  std::vector<Link> links_;
};

}  // namespace mortise::api
