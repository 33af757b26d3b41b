// One run from queued to its end: recover, map, reconcile, gate, act, commit, in rounds until
// nothing is left to do. Everything it does to the outside is journaled before; everything it
// learns is committed together with what it means (design section 5).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sync/coroutine.hpp"
#include "sync/exchange.hpp"
#include "sync/waits.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {

/// Used by one coroutine; kept alive by whoever awaits play().
class Execution {
 public:
  /// `cancel` is set from outside to end the run early; `waits` and `options` must outlive it.
  Execution(Ports ports, const Options& options, Waits& waits, core::Run run,
            ports::CancelFlag cancel);

  /// Plays the run until it ends, must wait for a person (approval, reconnect), or the host stops.
  /// Answers the run as last committed.
  Task<core::Run> play();

  /// Whether the store took the run's last change; if not, what play() answers is not what is
  /// stored.
  bool stored() const { return stored_; }

  /// Ends a run that is not under way (queued, or waiting for a person) as cancelled.
  Result<core::Run> end_cancelled(const std::string& reason);

 private:
  /// How a round ended.
  enum class Round : std::uint8_t {
    nothing_left,  ///< the other side is as wanted, but for what was given up
    again,         ///< something may be done now
    later,         ///< something must wait before it is tried again
    parked,        ///< a person must do something first; the run says what
    failed,        ///< the run cannot go on; the run says why
  };
  /// One write under way.
  struct Pending {
    core::Action action;
    core::Intent intent;
    bool journaled = false;
    bool reported = false;
    bool done = false;
  };
  enum class Phase : std::uint8_t { removals, rest };
  /// The pairs in every container that a list of changes works from.
  using Children = std::unordered_map<std::string_view, std::vector<const core::Pair*>>;
  /// Adds to the commit that stores the run; called again if another writer came first.
  using With = std::function<void(ports::Changes&, core::Run&)>;

  // execution.cpp: rounds and the run's own record
  Task<Round> play_round();
  Task<Status> ensure_target(const Snapshot& snapshot);
  Round react(const Error& error);
  bool approved(const core::Refuse& refuse) const;
  Round park(core::RunWait wait);
  void tell(std::string_view event) const;
  core::Run finish(Round how);
  void count_wanted(const core::ChangeList& changes);
  void leave_out_given_up(core::ChangeList& changes) const;
  void settle_usage(ports::Changes& changes, core::Run& run, core::UsageState to);
  Status save_run(const With& with = {}, ports::Durability durability = ports::Durability::relaxed);
  void set_state(core::RunState state, core::RunWait wait, std::optional<core::Instant> until_ms);
  void fail(const Error& error);
  bool stopped() const;
  ports::Call call_for(const Snapshot& snapshot, ports::Operation operation) const;
  std::string new_id(std::string_view prefix);

  // act.cpp: carrying changes out
  Task<Round> act(const Snapshot& snapshot, const core::ChangeList& changes);
  Task<std::optional<Round>> act_phase(const Snapshot& snapshot, const core::ChangeList& changes,
                                       Phase phase, std::set<std::string>& left_standing);
  core::Intent intent_of(const core::Action& action, const ports::Write& write,
                         std::size_t ordinal);
  Task<Status> act_batch(ports::Call call, std::vector<Pending>& pending);
  Status journal(std::vector<Pending>& pending,
                 const std::vector<ports::ConnectorRequest>& requests);
  Status commit_outcomes(std::vector<Pending>& pending,
                         const std::vector<ports::Outcome>& outcomes);
  void commit_written(const Pending& pending, const ports::Outcome& outcome, core::Run& run,
                      ports::Changes& changes);
  void commit_removed(const Pending& pending, core::Run& run, ports::Changes& changes);
  void note_failure(const Pending& pending, const Error& error);
  void give_up(const core::Action& action, const Error& error);
  void park_item(const ports::ParkedItem& item);
  Status forget_gone(const core::ChangeList& changes);
  std::vector<const core::Pair*> content_of(const std::string& key) const;
  core::RunItem run_item(const core::Action& action, std::string result) const;

  // recover.cpp: what an earlier process, or a lost answer, left open
  Task<Status> recover(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> recover_by_key(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> recover_by_listing(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Status settle_intents(const std::vector<core::Intent>& intents,
                        const std::map<std::string, ports::Item>& found);

  // resolve.cpp: ids and versions that must be read
  Task<Status> resolve_ids(Snapshot& snapshot, const core::ChangeList& changes);
  Task<Status> resolve_children(Snapshot& snapshot, std::string parent_key);
  Task<Status> refresh_versions(const Snapshot& snapshot);
  Task<Result<Report>> list_children(const Snapshot& snapshot, std::string container_id,
                                     std::string container_kind);

  Ports ports_;
  const Options& options_;
  Waits& waits_;
  core::Run run_;
  ports::CancelFlag cancel_;
  std::unique_ptr<Exchange> exchange_;
  Traffic traffic_before_;                         ///< of earlier processes
  std::shared_ptr<const ports::Mapping> mapping_;  ///< the revision the run started with
  std::map<std::string, core::RemoteNews> news_;
  bool news_changed_ = false;
  std::set<std::string> stale_;            ///< keys whose version must be read again
  std::map<std::string, int> attempts_;    ///< failed tries per key
  std::map<std::string, Error> given_up_;  ///< keys this run will not try again
  Children children_;                      ///< of the snapshot that act() works from
  std::vector<core::RunItem> unsaved_items_;
  std::optional<Error> last_error_;
  bool try_later_ = false;
  bool counted_ = false;
  bool stored_ = true;
  std::int64_t retry_after_ms_ = 0;
  std::int64_t done_before_round_ = 0;
};

}  // namespace mortise::sync
