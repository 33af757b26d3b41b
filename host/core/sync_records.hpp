// What sync remembers: connections, pairs, intents, runs. Plain values, stored through
// ports/store.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/records.hpp"

namespace mortise::core {

enum class ConnectionStatus : std::uint8_t { connected, needs_reconnect, error, disconnected };

/// Where in the service a connection works. Empty id = not chosen yet.
struct Target {
  std::string id;
  std::string kind;
  std::string title;
  std::string url;
  friend bool operator==(const Target&, const Target&) = default;
};

/// Who a grant belongs to at the service.
struct Identity {
  std::string id;  ///< stable id of the grant's owner (Google `sub`, Notion `bot_id`)
  std::string email;
  std::string name;
  std::string workspace_id;
  std::string workspace_name;
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// One account's authorised link to one service. Tokens are kept apart (ports/grants.hpp).
struct Connection {
  std::string id;  ///< "cnn_..."
  std::string account_id;
  std::string connector;
  ConnectionStatus status = ConnectionStatus::connected;
  std::string reason;  ///< stable detail of a status other than connected, e.g. "invalid_grant"
  Identity identity;
  Target target;
  std::vector<std::string> features;  ///< granted features of the manifest
  JsonText settings = "{}";           ///< {"connector":{...},"mapping":{...}}, overrides only
  bool auto_sync = true;              ///< push saved changes of exported plans by itself
  std::int64_t generation = 0;        ///< counts re-creations, part of once-keys
  std::optional<Instant> last_sync_ms;
  Rev rev = 0;
  Instant created_ms = 0;
  Instant updated_ms = 0;
  friend bool operator==(const Connection&, const Connection&) = default;
};

enum class PairState : std::uint8_t {
  paired,      ///< both sides exist; `remote_id` is set
  id_unknown,  ///< created, the service did not say its id: at parent / ordinal
  set_aside,   ///< kept after a disconnect, for relinking
  tombstone,   ///< removed there; keeps `generation` for a later re-creation
};

/// An item and a record that are one, as both sides were when they last agreed.
struct Pair {
  std::string connection_id;
  std::string plan_id;
  std::string key;  ///< "task:<id>", "week:<id>", "module:<id>", "plan:<id>"
  std::string kind;
  std::string parent_key;  ///< empty: directly in the target
  std::string remote_id;
  std::string remote_parent_id;
  std::int64_t ordinal = 0;
  PairState state = PairState::paired;
  JsonText fields = "{}";  ///< mapped fields as last agreed (what we sent)
  std::string sent_hash;   ///< content hash of `fields`
  std::string seen_hash;   ///< content hash of the service's own form of it
  std::string version;
  std::string memo;
  std::string url;
  std::int64_t generation = 0;
  Instant synced_ms = 0;
  friend bool operator==(const Pair&, const Pair&) = default;
};

enum class WriteAction : std::uint8_t { create, update, remove, move };

/// The journal's line for one write that is about to happen or may have happened.
struct Intent {
  std::string id;  ///< "int_..."
  std::string run_id;
  std::string connection_id;
  std::string plan_id;
  std::string key;
  std::string kind;
  std::string parent_key;
  std::string parent_id;
  WriteAction action = WriteAction::create;
  std::string once_key;
  std::string remote_id;
  std::string expect_version;
  std::int64_t generation = 0;
  std::int64_t ordinal = 0;
  JsonText fields = "{}";
  bool sent = false;  ///< false: open, nothing left the host. true: may have been carried out
  Instant at_ms = 0;
  friend bool operator==(const Intent&, const Intent&) = default;
};

enum class RunKind : std::uint8_t { export_plan, sync };
enum class RunTrigger : std::uint8_t { user, change, schedule, reconnect };
enum class RunState : std::uint8_t {
  queued,
  running,
  waiting,
  succeeded,
  partial,
  failed,
  cancelled
};
enum class RunWait : std::uint8_t { none, budget, retry, approval, reconnect };
enum class UsageState : std::uint8_t { none, reserved, committed, released };

struct RunCounts {
  std::int64_t create = 0, update = 0, remove = 0, unchanged = 0;  ///< wanted
  std::int64_t done = 0, failed = 0, parked = 0, uncertain = 0;    ///< so far
  std::int64_t writes = 0, reads = 0, retries = 0;                 ///< requests sent
  friend bool operator==(const RunCounts&, const RunCounts&) = default;
};

/// One execution of an export or a sync.
struct Run {
  std::string id;  ///< "run_..."
  std::string account_id;
  std::string connection_id;
  std::string plan_id;
  RunKind kind = RunKind::export_plan;
  RunTrigger trigger = RunTrigger::user;
  RunState state = RunState::queued;
  RunWait waiting_for = RunWait::none;
  std::optional<Instant> waiting_until_ms;
  bool cancel_requested = false;
  bool approved = false;  ///< a person approved what a guard had stopped
  std::string guard;      ///< JSON of the Refuse action that waits for approval, or empty
  RunCounts counts;
  std::string error_code;  ///< code_name() of what ended or parks it
  std::string error_reason;
  std::string error_message;
  UsageState usage = UsageState::none;
  std::string usage_month;  ///< "2026-11" in the account's zone
  std::string script_revision;
  std::string url;         ///< where a person can look at the result
  std::string request_id;  ///< of the API call that asked for it
  Rev rev = 0;
  Instant created_ms = 0;
  std::optional<Instant> started_ms;
  std::optional<Instant> finished_ms;
  friend bool operator==(const Run&, const Run&) = default;
};

/// What became of one item of a run.
struct RunItem {
  std::string run_id;
  std::string key;
  std::string kind;
  std::string title;
  std::string action;  ///< create update remove adopt
  std::string result;  ///< done failed parked uncertain not_attempted
  std::string code;
  std::string message;
  std::string url;
  Instant at_ms = 0;
  friend bool operator==(const RunItem&, const RunItem&) = default;
};

/// Units used in one calendar month of an account. `exports()` is what a policy sees.
struct Usage {
  std::string account_id;
  std::string month;  ///< "2026-11"
  std::int64_t reserved = 0;
  std::int64_t committed = 0;
  Rev rev = 0;
  std::int64_t exports() const { return reserved + committed; }
  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace mortise::core
