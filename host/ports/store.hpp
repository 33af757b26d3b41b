// The store as the domain sees it: small reading ports, and one way to write: commit(Changes).
// Nothing here speaks of SQL. One contract suite (tests/contract) runs on every implementation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <mortise/result.hpp>

#include "core/auth_records.hpp"
#include "core/records.hpp"
#include "core/sync_records.hpp"

namespace mortise::ports {

/// A page of a listing; `next_cursor` is empty at the end. Order is by creation unless said
/// otherwise.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;
};
struct PageRequest {
  std::size_t limit = 50;
  std::string cursor;
};

/// Reading ports. All thread-safe; all answer what was last committed. `not_found` where one is
/// asked for by id and there is none. Tasks and plans that were removed softly are left out of
/// listings but found by id (`deleted_ms` says so).
class Accounts {
 public:
  virtual ~Accounts() = default;
  virtual Result<core::Account> find(const std::string& id) const = 0;
  virtual Result<Page<core::Account>> list(const PageRequest& page) const = 0;
};

class Plans {
 public:
  virtual ~Plans() = default;
  virtual Result<core::Plan> find(const std::string& id) const = 0;
  virtual Result<core::Plan> find_external(const std::string& account_id,
                                           const std::string& external_id) const = 0;
  virtual Result<Page<core::Plan>> list(const std::string& account_id,
                                        const PageRequest& page) const = 0;
  virtual Result<core::Task> find_task(const std::string& id) const = 0;
  /// Every live task of a plan, by position.
  virtual Result<std::vector<core::Task>> tasks(const std::string& plan_id) const = 0;
  virtual Result<Page<core::Task>> list_tasks(const std::string& plan_id,
                                              const PageRequest& page) const = 0;
  /// Tasks of a plan that were removed at `since_ms` or later, the last one first.
  virtual Result<std::vector<core::Task>> removed_tasks(const std::string& plan_id,
                                                        core::Instant since_ms) const = 0;
};

class Connections {
 public:
  virtual ~Connections() = default;
  virtual Result<core::Connection> find(const std::string& id) const = 0;
  /// All of an account, disconnected ones included.
  virtual Result<std::vector<core::Connection>> list(const std::string& account_id) const = 0;
  virtual Result<std::vector<core::Connection>> list_all() const = 0;
};

/// Tokens, named secrets, connect sessions: read only by net/ and service/, never by plugins or
/// scripts.
class Grants {
 public:
  virtual ~Grants() = default;
  virtual Result<core::Grant> find(const std::string& connection_id) const = 0;
  /// Connections whose refresh was begun and not finished when the host stopped.
  virtual Result<std::vector<core::Grant>> interrupted() const = 0;
  virtual Result<core::NamedSecret> secret(const std::string& name) const = 0;
  virtual Result<std::vector<std::string>> secret_names() const = 0;
  virtual Result<core::ConnectSession> session(const std::string& id) const = 0;
  virtual Result<core::ConnectSession> session_by_state(const std::string& state_hash) const = 0;
};

class Pairs {
 public:
  virtual ~Pairs() = default;
  /// All pairs of a plan in a connection, tombstones and set-aside ones included.
  virtual Result<std::vector<core::Pair>> of_plan(const std::string& connection_id,
                                                  const std::string& plan_id) const = 0;
  /// All pairs of a connection, by plan, then by key.
  virtual Result<std::vector<core::Pair>> of_connection(const std::string& connection_id) const = 0;
  /// The pairs of one key over all connections (for a task's `sync`).
  virtual Result<std::vector<core::Pair>> of_key(const std::string& key) const = 0;
  /// Plans that have ever been exported through a connection: those with pairs, tombstones
  /// included.
  virtual Result<std::vector<std::string>> plans(const std::string& connection_id) const = 0;
};

class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<std::vector<core::Intent>> open_intents(
      const std::string& connection_id) const = 0;
};

class Runs {
 public:
  virtual ~Runs() = default;
  virtual Result<core::Run> find(const std::string& id) const = 0;
  /// queued, running or waiting, oldest first.
  virtual Result<std::vector<core::Run>> unfinished() const = 0;
  virtual Result<std::vector<core::Run>> unfinished(const std::string& connection_id) const = 0;
  /// Of each connection of an account the newest run that is finished, if there is one; by id.
  virtual Result<std::vector<core::Run>> newest_finished(const std::string& account_id) const = 0;
  /// Newest first. Empty ids do not filter.
  virtual Result<Page<core::Run>> list(const std::string& account_id,
                                       const std::string& connection_id,
                                       const PageRequest& page) const = 0;
  virtual Result<Page<core::RunItem>> items(const std::string& run_id,
                                            const PageRequest& page) const = 0;
  /// What became of one thing in all runs of all connections, newest first. The key of a series
  /// ("task:x") also finds its occurrences' items ("task:x/<slot>"), not the other way round.
  virtual Result<Page<core::RunItem>> items_of_key(const std::string& key,
                                                   const PageRequest& page) const = 0;
};

class Sightings {
 public:
  virtual ~Sightings() = default;
  /// By remote id.
  virtual Result<std::vector<core::Sighting>> of_connection(
      const std::string& connection_id) const = 0;
};

class Bookmarks {
 public:
  virtual ~Bookmarks() = default;
  /// By container, so the target's own is the first.
  virtual Result<std::vector<core::Bookmark>> of_connection(
      const std::string& connection_id) const = 0;
};

class SyncStates {
 public:
  virtual ~SyncStates() = default;
  /// A connection that never synced answers an empty one.
  virtual Result<core::SyncState> find(const std::string& connection_id) const = 0;
};

class Conflicts {
 public:
  virtual ~Conflicts() = default;
  virtual Result<core::Conflict> find(const std::string& id) const = 0;
  /// Newest first. Empty ids do not filter.
  virtual Result<Page<core::Conflict>> list(const std::string& account_id,
                                            const std::string& connection_id,
                                            const std::string& task_id,
                                            const PageRequest& page) const = 0;
};

/// Push channels with their secrets: read only by service/ and what verifies notifications.
class Channels {
 public:
  virtual ~Channels() = default;
  virtual Result<core::Channel> find(const std::string& id) const = 0;
  /// The one opened first comes first.
  virtual Result<std::vector<core::Channel>> of_connection(
      const std::string& connection_id) const = 0;
};

/// Notifications that were answered and wait for the run that looks (HandleNotifications).
class Inbox {
 public:
  virtual ~Inbox() = default;
  /// Not handled yet, oldest first.
  virtual Result<std::vector<core::Notification>> pending(
      const std::string& connection_id) const = 0;
  /// When the oldest of them came; nothing if none waits.
  virtual Result<std::optional<core::Instant>> oldest_pending(
      const std::string& connection_id) const = 0;
  /// When the newest that is kept came, handled or not; nothing if none is.
  virtual Result<std::optional<core::Instant>> latest(const std::string& connection_id) const = 0;
  virtual Result<std::vector<std::string>> connections_with_pending() const = 0;
  /// Whether the service's own name of a notification is known, handled or not. Known until it is
  /// pruned. An empty name never is.
  virtual Result<bool> seen(const std::string& connector, const std::string& provider_id) const = 0;
};

class Usages {
 public:
  virtual ~Usages() = default;
  /// A month nobody used answers zeros with rev 0.
  virtual Result<core::Usage> find(const std::string& account_id,
                                   const std::string& month) const = 0;
};

class Access {
 public:
  virtual ~Access() = default;
  virtual Result<core::ApiKey> key(const std::string& id) const = 0;
  virtual Result<std::vector<core::ApiKey>> keys() const = 0;
  virtual Result<core::UserSession> session_by_hash(const std::string& hash) const = 0;
  virtual Result<core::IdempotencyRecord> idempotency(const std::string& scope,
                                                      const std::string& key) const = 0;
};

class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Newest first; empty account = all.
  virtual Result<Page<core::Event>> list(const std::string& account_id,
                                         const PageRequest& page) const = 0;
};

/// Puts a value. Values with a `rev`: `rev` is what was read (0 = must not exist yet); the stored
/// value gets rev + 1; anything else in the store is a `conflict` and nothing of the commit
/// happens. Values without a `rev` (Pair, Intent, RunItem, NamedSecret, Event, Sighting, Bookmark,
/// SyncState, Notification) replace what has the same key.
template <class T>
struct Put {
  T value;
};

/// Removes by key; what is not there is fine. Keys: Task, Plan, Run ... by id.
struct ErasePair {
  std::string connection_id, plan_id, key;
};
struct EraseIntent {
  std::string id;
};
/// What a connection's pairs in one state become; all else of them stays, also what a run commits
/// meanwhile.
struct SetPairState {
  std::string connection_id;
  core::PairState from, to;
};
struct EraseGrant {
  std::string connection_id;
};
struct EraseSecret {
  std::string name;
};
struct EraseIdempotency {
  std::string scope, key;
};
struct EraseSession {
  std::string id;
};  ///< a UserSession or ConnectSession
struct EraseSighting {
  std::string connection_id, remote_id;
};
struct EraseSightings {
  std::string connection_id;
};
struct EraseBookmarks {
  std::string connection_id;
};
struct EraseChannel {
  std::string id;
};

/// Everything of an account: the row, plans, tasks, connections with all that hangs on them, runs,
/// usage, conflicts, events and sessions. What an Idempotency-Key keeps is the caller's, and ends
/// by itself.
struct EraseAccount {
  std::string account_id;
};

/// Marks these of what waits in the inbox of a connection. (Not by time: two may come in one
/// millisecond, and a clock may be set back.)
struct HandleNotifications {
  std::string connection_id;
  std::vector<std::string> ids;
  core::Instant at_ms = 0;
};

/// Retention: removes what ended before `before_ms`, oldest first, of each kind at most `at_most`
/// rows, so that no commit takes long. Kinds: ended runs (a run goes after its items; both count),
/// events, handled notifications, conflicts (undone or not), and tombstones whose task (else whose
/// plan) is not there or was removed before `before_ms`, too.
struct Prune {
  core::Instant before_ms = 0;
  std::int64_t at_most = 1000;
};

/// Fails the commit with `conflict` unless the stored revision is this one; writes nothing itself.
struct ExpectRev {
  enum class Of : std::uint8_t {
    account,
    plan,
    task,
    connection,
    grant,
    run,
    conflict,
    channel
  } of;
  std::string id;
  core::Rev rev = 0;
};

/// Fails the commit with `conflict` where the connection's account has another one of the same
/// identity at the same service; writes nothing itself.
struct ExpectNoTwin {
  std::string connection_id;
};

using Change = std::variant<
    Put<core::Account>, Put<core::Plan>, Put<core::Task>, Put<core::Connection>, Put<core::Grant>,
    Put<core::ConnectSession>, Put<core::NamedSecret>, Put<core::ApiKey>, Put<core::UserSession>,
    Put<core::IdempotencyRecord>, Put<core::Pair>, Put<core::Intent>, Put<core::Run>,
    Put<core::RunItem>, Put<core::Usage>, Put<core::Event>, Put<core::Sighting>,
    Put<core::Bookmark>, Put<core::SyncState>, Put<core::Conflict>, Put<core::Channel>,
    Put<core::Notification>, ErasePair, SetPairState, EraseIntent, EraseGrant, EraseSecret,
    EraseIdempotency, EraseSession, EraseSighting, EraseSightings, EraseBookmarks, EraseChannel,
    EraseAccount, HandleNotifications, Prune, ExpectRev, ExpectNoTwin>;
using Changes = std::vector<Change>;

template <class T>
Change put(T value) {
  return Put<T>{std::move(value)};
}

/// relaxed: survives a crash of the process, perhaps not of the machine. full: survives both.
enum class Durability : std::uint8_t { relaxed, full };

/// Thread-safe. commit() blocks until the changes are committed together, or not at all. A
/// Put<Task> also moves its plan's `tasks_rev`. Errors: `conflict` (reason `rev_conflict`, message
/// names what), `unavailable` (disk full, closing), `internal`.
class Store {
 public:
  virtual ~Store() = default;
  virtual const Accounts& accounts() const = 0;
  virtual const Plans& plans() const = 0;
  virtual const Connections& connections() const = 0;
  virtual const Grants& grants() const = 0;
  virtual const Pairs& pairs() const = 0;
  virtual const Journal& journal() const = 0;
  virtual const Runs& runs() const = 0;
  virtual const Sightings& sightings() const = 0;
  virtual const Bookmarks& bookmarks() const = 0;
  virtual const SyncStates& sync_states() const = 0;
  virtual const Conflicts& conflicts() const = 0;
  virtual const Channels& channels() const = 0;
  virtual const Inbox& inbox() const = 0;
  virtual const Usages& usages() const = 0;
  virtual const Access& access() const = 0;
  virtual const Outbox& outbox() const = 0;
  virtual Status commit(Changes changes, Durability durability = Durability::relaxed) = 0;
};

}  // namespace mortise::ports
