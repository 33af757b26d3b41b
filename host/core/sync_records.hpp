// What sync remembers: connections, pairs, intents, runs. Plain values, stored through
// ports/store.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/records.hpp"
#include "core/secret.hpp"

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

/// Which way changes travel by themselves. What a person exports is written in any case.
enum class Direction : std::uint8_t { both, push, pull };

/// One account's authorised link to one service. Tokens are kept apart (core::Grant).
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
  bool auto_sync = true;  ///< changes travel by themselves; off: only what a person starts
  Direction direction = Direction::both;
  std::int64_t interval_s = 0;              ///< between two polls; 0 = the host's default
  std::vector<std::string> left_out_plans;  ///< ids of plans that do not travel by themselves
  std::int64_t generation = 0;              ///< not used; pairs count re-creations
  std::optional<Instant> last_sync_ms;
  Rev rev = 0;
  Instant created_ms = 0;
  Instant updated_ms = 0;
  friend bool operator==(const Connection&, const Connection&) = default;
};

/// What is known of an item that the service was asked about.
enum class ItemState : std::uint8_t {
  present,
  deleted,       ///< the service says that it was removed
  absent,        ///< not in a complete listing, or not found
  out_of_scope,  ///< exists, but outside of what is looked at; its absence would mean nothing
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
  JsonText seen;           ///< the service's own form of them; empty = it has not said yet
  std::string sent_hash;   ///< content hash of `fields`
  std::string seen_hash;   ///< content hash of `seen`, or of `fields` while that is empty
  std::string version;
  std::string memo;
  std::string url;
  std::int64_t generation = 0;
  Instant synced_ms = 0;
  bool appeared = false;  ///< made by somebody there, not by us
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
enum class RunTrigger : std::uint8_t { user, change, schedule, reconnect, notification };
enum class RunState : std::uint8_t {
  queued,
  running,
  waiting,
  succeeded,
  partial,
  failed,
  cancelled
};
inline bool is_finished(RunState state) {
  return state == RunState::succeeded || state == RunState::partial || state == RunState::failed ||
         state == RunState::cancelled;
}
enum class RunWait : std::uint8_t { none, budget, retry, approval, reconnect };
enum class UsageState : std::uint8_t { none, reserved, committed, released };

struct RunCounts {
  std::int64_t create = 0, update = 0, remove = 0, unchanged = 0;  ///< wanted
  std::int64_t done = 0, failed = 0, parked = 0, uncertain = 0;    ///< so far, there
  std::int64_t received = 0, conflicts = 0;                        ///< so far, here
  std::int64_t writes = 0, reads = 0, retries = 0;                 ///< requests sent
  friend bool operator==(const RunCounts&, const RunCounts&) = default;
};

/// One execution of an export or a sync.
struct Run {
  std::string id;  ///< "run_..."
  std::string account_id;
  std::string connection_id;
  std::string plan_id;  ///< empty: everything that the connection keeps in step
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
  std::string request_id;  ///< of the API call that asked for it, or saved last what it pushes
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
  /// There: create update remove adopt. Here: receive (a task changed), appear (a task was made),
  /// take_away (a task was removed), restore, link, conflict. `map`: it could not be mapped.
  /// `look`: a container could not be read.
  std::string action;
  std::string result;  ///< done failed parked uncertain
  std::string code;
  std::string message;
  std::string url;
  /// What set it off: a notification's id, "poll", "write" (a write met an edit there), or empty:
  /// an edit here.
  std::string cause;
  std::string provider_request;  ///< the service's own name of the request, where it gives one
  Rev task_rev = 0;              ///< of the task that it speaks of, 0 for containers
  Rev plan_rev = 0;              ///< of its plan, as it was mapped
  Instant at_ms = 0;
  friend bool operator==(const RunItem&, const RunItem&) = default;
};

/// What the service was seen to hold and both sides have not agreed on yet. One per item; what was
/// seen last counts.
struct Sighting {
  std::string connection_id;
  std::string remote_id;
  ItemState state = ItemState::present;
  std::string kind;
  std::string key;        ///< ours, where the service gave it back
  std::string parent_id;  ///< of the container; empty: the target itself
  std::string series;     ///< id of the recurring item that it belongs to, or empty
  std::string slot;       ///< original start within the series
  std::string version;
  JsonText fields = "{}";  ///< in the kind's vocabulary
  std::string memo;
  std::string url;
  Instant edited_ms = 0;  ///< as the service says, 0 = unknown
  Instant seen_ms = 0;
  std::string cause;  ///< as RunItem::cause
  friend bool operator==(const Sighting&, const Sighting&) = default;
};

/// How far a container of a connection was read. One per container that is watched by itself.
struct Bookmark {
  std::string connection_id;
  std::string container_id;  ///< empty: the target itself
  std::string cursor;        ///< the connector's, opaque; empty: read it all
  std::string tag;           ///< what the cursor depends on; another one makes it worthless
  Instant edited_ms = 0;     ///< the container's last edit as the service said, 0 = unknown
  Instant read_ms = 0;       ///< when it was last read
  Instant complete_ms = 0;   ///< when all of it was last read; with `edited_ms`: surely after that
  friend bool operator==(const Bookmark&, const Bookmark&) = default;
};

/// An error_reason: the place that a connection works in was not found.
inline constexpr const char* kTargetGone = "target_gone";

/// How the sync of a connection stands. Written by its runs only.
struct SyncState {
  std::string connection_id;
  std::optional<Instant> started_ms;   ///< when a run last began to look at all that is there
  std::optional<Instant> complete_ms;  ///< when both sides last agreed on everything
  std::int64_t failures = 0;           ///< in a row
  std::string error_code;              ///< of the last run, empty if it went well
  std::string error_reason;
  std::string error_message;
  friend bool operator==(const SyncState&, const SyncState&) = default;
};

/// Both sides had changed the same thing: what was kept, and what was not.
struct Conflict {
  std::string id;  ///< "cfl_..."
  std::string account_id;
  std::string connection_id;
  std::string plan_id;
  std::string task_id;
  std::string key;
  std::string title;
  std::string run_id;
  std::string policy;  ///< newest local remote merge script, or "unmappable"
  /// [{"field","base","here","there","kept": "here" | "there" | "both"}]
  JsonText fields = "[]";
  JsonText undo = "{}";  ///< merge patch (RFC 7396) of task fields that brings the other value back
  Instant at_ms = 0;
  std::optional<Instant> undone_ms;
  Rev rev = 0;
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

enum class ChannelState : std::uint8_t {
  opening,  ///< asked for; the service may know it already
  open,
  closing,  ///< replaced, or not wanted any more: to be stopped there
};

/// A service's push subscription for one target of a connection.
struct Channel {
  std::string id;  ///< what the service names in its notifications
  std::string connection_id;
  std::string target_id;
  ChannelState state = ChannelState::opening;
  Secret secret;         ///< what notifications must carry
  std::string resource;  ///< the service's own name of what is watched
  Instant opened_ms = 0;
  std::optional<Instant> expires_ms;
  std::optional<Instant> notified_ms;  ///< when one last came
  std::int64_t failures = 0;           ///< of renewing or closing, in a row
  std::string error_message;
  Rev rev = 0;
};

/// Something happened there. Stored before it is answered.
struct Notification {
  std::string id;  ///< "ntf_..."
  std::string connector;
  std::string connection_id;
  std::string channel_id;         ///< empty where the service has one subscription for all
  std::string provider_id;        ///< the service's own name of it, or empty
  std::vector<std::string> hint;  ///< ids of items or containers that changed, if said
  Instant received_ms = 0;
  std::optional<Instant> handled_ms;  ///< set = a run has looked; kept to know duplicates
  friend bool operator==(const Notification&, const Notification&) = default;
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
