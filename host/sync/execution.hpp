// One run from queued to its end: recover, pull, and for each plan map, reconcile, receive, act,
// commit, in rounds until nothing is left to do. Everything it does to the outside is journaled
// before; everything it learns is committed together with what it means (design section 5).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/places.hpp"
#include "sync/coroutine.hpp"
#include "sync/exchange.hpp"
#include "sync/scene.hpp"
#include "sync/settled.hpp"
#include "sync/waits.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {

/// The item is gone: its pair is a tombstone from now on, and what was seen of it is history.
void bury(const core::Pair& pair, core::Instant now_ms, ports::Changes& changes);

/// The keys of what stands there, or was written and not named yet.
std::set<std::string> living_keys(const std::vector<core::Pair>& pairs);

/// Repeating such a write makes nothing new, so that reconciling again is all that is needed.
bool harmless(const core::Intent& intent, const ports::Manifest& manifest);

/// An object; one without members where the text says none.
core::Json parsed(const core::JsonText& text);

/// Used by one coroutine; kept alive by whoever awaits play().
class Execution {
 public:
  /// Told of a plan that changed here because of what the service said.
  using Received = std::function<void(const std::string& plan_id)>;

  /// `cancel` is set from outside to end the run early; `options`, `waits` and `settled` must
  /// outlive it.
  Execution(Ports ports, const Options& options, Waits& waits, Settled& settled, core::Run run,
            ports::CancelFlag cancel, Received received);

  /// Plays the run until it ends, must wait for a person (approval, reconnect), or the host stops.
  /// Answers the run as last committed.
  Task<core::Run> play();

  /// Whether the store took the run's last change; if not, what play() answers is not what is
  /// stored.
  bool stored() const { return stored_; }
  /// Whether it did what a person had approved.
  bool was_approved() const { return was_approved_ || run_.approved; }

  /// Ends a run that is not under way (queued, or waiting for a person) as cancelled.
  Result<core::Run> end_cancelled(const std::string& reason);

 private:
  /// How a round ended. Where plans end differently the later one counts: a question is put before
  /// the run ends, and what failed is tried again with the answer.
  enum class Round : std::uint8_t {
    nothing_left,  ///< the other side is as wanted, but for what was given up
    again,         ///< something may be done now
    later,         ///< something must wait before it is tried again
    stuck,         ///< nothing moves any more: waiting would not help
    failed,        ///< it cannot go on; the run says why
    asks,          ///< a guard wants a person's word; the run's guard says what about
    parked,        ///< a person must reconnect first
  };
  /// One write under way.
  struct Pending {
    core::Action action;
    core::Intent intent;
    bool journaled = false;
    bool reported = false;
    bool done = false;
    bool doubted = false;  ///< the intent is of an earlier try, which may have happened
    std::string provider_request = {};  ///< RunItem::provider_request
  };
  enum class Phase : std::uint8_t { removals, rest };
  /// Adds to the commit that stores the run; called again if another writer came first.
  using With = std::function<void(ports::Changes&, core::Run&)>;

  // rounds.cpp: what is done in which order
  Task<Round> play_pass();
  Task<Round> play_plan(std::string plan_id);
  Task<std::optional<Round>> settle_doubts(std::string plan_id);
  void begin_plan(std::string plan_id);
  Task<Round> play_round();
  Result<bool> is_settled(const Link& link, const std::string& plan_id);
  void note_settled(const Snapshot& snapshot, const Wanted& wanted, std::int64_t items);
  Status keep_exported(const Snapshot& snapshot, const Wanted& wanted);
  std::optional<Round> ready(const Link& link);
  Status check_place() const;
  Result<std::vector<std::string>> plans_in_scope(const Link& link) const;

  // execution.cpp: the run's own record
  std::int64_t progress() const { return run_.counts.done + run_.counts.received; }
  enum class Target : std::uint8_t { chosen_only, may_make };
  Task<Status> ensure_target(const Link& link, Target how);
  Error place_not_found(const core::Target& target) const;
  Round react(const Error& error);
  bool approved(const core::Refuse& refuse) const;
  core::Instant gone_ms() const;
  Round park(core::RunWait wait);
  void note_state(ports::Changes& changes, const core::Run& run, bool in_step) const;
  void tell(std::string_view event) const;
  core::Run finish(Round how, bool cancelled);
  Error why_left(Round how) const;
  void count_wanted(const core::ChangeList& changes);
  std::string counted_as(const core::Action& action) const;
  void leave_out_given_up(const Snapshot& snapshot, core::ChangeList& changes) const;
  void settle_usage(ports::Changes& changes, core::Run& run, core::UsageState to);
  Status save_run(const With& with = {}, ports::Durability durability = ports::Durability::relaxed);
  void set_state(core::RunState state, core::RunWait wait, std::optional<core::Instant> until_ms);
  void fail(const Error& error);
  void forget_error();
  bool stopped() const;
  ports::Call call_for(const Link& link, ports::Operation operation) const;
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
  void leave_behind(const core::Pair& old, core::Contents& contents, ports::Changes& changes) const;
  core::Pair pair_of(const core::Action& action) const;
  void commit_written(const Pending& pending, const ports::Outcome& outcome, core::Run& run,
                      ports::Changes& changes);
  void commit_removed(const Pending& pending, core::Run& run, ports::Changes& changes);
  void note_failure(const Pending& pending, const Error& error);
  void note_doubt(const Pending& pending, const Error& error);
  std::int64_t given_up_for_certain() const;
  void give_up(const Pending& pending, const Error& error);
  static void note_requests(const std::vector<std::vector<std::uint32_t>>& carried,
                            const std::vector<ports::ConnectorReply>& replies,
                            std::vector<Pending>& pending);
  void park_item(const ports::ParkedItem& item);
  Status forget_gone(const core::ChangeList& changes);
  core::RunItem run_item(const Pending& pending, std::string result) const;

  // recover.cpp: what an earlier process, or a lost answer, left open
  Result<std::vector<core::Intent>> open_intents() const;
  static std::vector<core::Intent> take_repeatable(std::vector<core::Intent>& intents,
                                                   const ports::Manifest& manifest);
  Task<Result<bool>> settle_repeatable(const Snapshot& snapshot, const Wanted& wanted,
                                       std::vector<core::Intent> doubts);
  Task<Status> recover(Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> look_for(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> recover_removals(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> recover_by_key(const Snapshot& snapshot, std::vector<core::Intent> intents);
  Task<Status> recover_by_listing(const Snapshot& snapshot, std::vector<core::Intent> intents);
  core::RunItem found_out(const core::Intent& intent, const char* action, const char* done,
                          const std::string& url) const;
  Status settle_intents(const Snapshot& snapshot, const std::vector<core::Intent>& intents,
                        const std::map<std::string, ports::Item>& found);

  // resolve.cpp: ids and versions that must be read
  Task<Result<bool>> resolve_ids(Snapshot& snapshot, const core::ChangeList& changes);
  bool find_unread(const Snapshot& snapshot, const core::ChangeList& changes);
  Status forget_lost(const Snapshot& snapshot, const core::ChangeList& changes);
  bool find_hidden(const Snapshot& snapshot, const core::ChangeList& changes);
  Result<bool> must_look_first(const Snapshot& snapshot, const core::ChangeList& changes);
  Task<Result<bool>> is_shared(const Snapshot& snapshot, Scene& scene,
                               const std::set<std::string>& leaving, core::Pair container,
                               std::unordered_set<std::string>& visited);
  Task<Result<bool>> spare_containers(Snapshot& snapshot, core::ChangeList& changes);
  Task<Status> resolve_children(Snapshot& snapshot, std::string parent_key);
  Task<Status> look_again(Snapshot& snapshot);
  Status take_a_look(Snapshot& snapshot, const std::vector<ports::Item>& items);
  Status adopt_met(Snapshot& snapshot, const std::vector<ports::Item>& items,
                   ports::Changes& changes);
  ports::Changes agree_on_echoes(Snapshot& snapshot, const std::vector<ports::Item>& items);
  ports::Changes overrule(Snapshot& snapshot, const std::vector<ports::Item>& items) const;
  std::optional<core::Pair> overruled(const Snapshot& snapshot, const ports::Item& item,
                                      const std::vector<ports::Item>& items) const;
  Scene::About about(const Snapshot& snapshot) const;
  Scene scene_of(const Snapshot& snapshot) const;
  Task<Result<Report>> list_children(const Link& link, std::string container_id,
                                     std::string container_kind);
  Task<Result<Report>> list_all_in(const Link& link, std::string container_id,
                                   std::string container_kind);

  // pull.cpp: what changed there since the last look
  bool wants_pull() const;
  Task<Round> pull(const Link& link);
  Task<Round> look_everywhere(const Link& link);
  enum class Look : std::uint8_t { since_last, at_all };
  Task<Status> pull_listing(const Link& link, Scene& scene, core::Bookmark mark,
                            std::string container_kind, Look look);
  Task<Status> pull_named(const Link& link, Scene& scene);
  void give_up_look(const core::Pair& container, Error error);
  Task<Status> pull_containers(const Link& link, Scene& scene,
                               const std::vector<core::Bookmark>& bookmarks);
  Task<Result<bool>> pull_edited(const Link& link, Scene& scene,
                                 const std::vector<core::Bookmark>& bookmarks, Look look,
                                 std::vector<std::string> ids);
  Task<Status> pull_tree(const Link& link, Scene& scene, std::string container_id,
                         std::string container_kind, std::unordered_set<std::string>& visited);
  bool hinted(const Scene& scene, const core::Pair& container) const;
  Task<Result<bool>> check_listing(const Link& link, Scene& scene, const Report& report,
                                   std::string container_id, std::string container_key,
                                   std::unordered_set<std::string> listed);
  Task<Status> check_absences(const Link& link, Scene& scene,
                              std::vector<const core::Pair*> missing);
  Status save_scene(Scene& scene);

  // resets.cpp: what a service forgets of single occurrences
  static std::set<std::string> reset_there(const Snapshot& snapshot,
                                           const std::vector<core::Receive>& news);
  bool find_reset(const Snapshot& snapshot, const std::vector<core::Receive>& news);
  void agree_on_reset(const Snapshot& snapshot, const core::Pair& series,
                      const Result<core::Task>& task, ports::Changes& changes) const;
  core::Pair forgotten(const Snapshot& snapshot, core::Pair occurrence, const core::Pair& series,
                       const Result<core::Task>& task) const;

  // receive.cpp: what that means here
  struct Reception;
  struct Appearance {
    std::optional<core::Task> task;  ///< none: it cannot become one, the item says why
    core::Pair pair;
    core::RunItem item;
  };
  bool may_progress(const Link& link);
  Result<core::Task> task_of(const Snapshot& snapshot, const std::string& key) const;
  bool overtaken(const Reception& reception) const;
  Status receive(const Snapshot& snapshot, const std::vector<core::Receive>& news);
  Status change_task(Reception& reception);
  Status change_occurrence(Reception& reception, const core::Task& series, const std::string& slot);
  void keep_ours(Reception& reception, const std::vector<std::string>& names) const;
  void forget_ticked(Reception& reception, const core::Task& ticked) const;
  struct WayBack;
  Result<WayBack> way_back(const Snapshot& snapshot, const std::string& kind,
                           const core::Json& take, const core::Task& task);
  Result<WayBack> way_back_of_rest(const Snapshot& snapshot, const std::string& kind,
                                   const core::Json& take, const core::Task& task,
                                   const Error& trouble);
  void bring_back(Reception& reception, const core::Task& task);
  void cannot_take_over(Reception& reception, const std::string& trouble) const;
  core::Pair agreed_pair(const Reception& reception) const;
  void drop_occurrences(const Reception& reception, ports::Changes& changes, core::Run& run);
  void commit_reception(const Reception& reception, ports::Changes& changes, core::Run& run);
  void record_conflict(const Reception& reception, ports::Changes& changes);
  core::RunItem received_item(const Reception& reception) const;

  // conflicts.cpp: what is told
  core::Conflict conflict_about(const std::string& key, std::string title, std::string policy,
                                const std::vector<core::FieldConflict>& fields);
  /// What both sides had said of one item, and what became of it here: `patch`, of `before`.
  struct Dispute {
    const Snapshot& snapshot;
    const core::Receive& news;
    const std::vector<core::FieldConflict>& conflicts;
    bool unmappable;
    const core::Json& patch;
    const std::optional<core::Task>& before;
  };
  core::Json undo_of(const Dispute& dispute, const core::Task& now) const;

  // strangers.cpp: what no pair knows
  Result<std::vector<core::Receive>> link_strangers(const Snapshot& snapshot,
                                                    const core::ChangeList& changes);
  std::vector<core::Receive> occurrences_changed_there(const Snapshot& snapshot) const;
  std::optional<core::Receive> occurrence_changed_there(const Snapshot& snapshot,
                                                        const std::string& key,
                                                        const core::Sighting& sighting) const;
  core::Receive linked(const Snapshot& snapshot, const core::WantedItem& item,
                       const core::Sighting& there, core::Agreement before,
                       const core::MergeRules& rules) const;
  core::Pair pair_with(const core::Sighting& there) const;
  core::Agreement as_in_series(const Snapshot& snapshot, const core::Pair& occurrence,
                               const core::Pair& series, const core::Task& task) const;
  void take_over(const core::Pair& appeared, ports::Changes& changes) const;
  Result<bool> let_appear(const Link& link);
  bool stands_for_task(const core::Sighting& stranger, const std::string& account_id,
                       const std::set<std::string>& paired) const;
  Appearance appearance(const Snapshot& calendar, const core::Sighting& stranger,
                        std::int64_t position);

  Ports ports_;
  const Options& options_;
  Waits& waits_;
  Settled& settled_;
  core::Run run_;
  ports::CancelFlag cancel_;
  std::unique_ptr<Exchange> exchange_;
  Traffic traffic_before_;                         ///< of earlier processes
  std::shared_ptr<const ports::Mapping> mapping_;  ///< the revision the run started with
  Received received_;
  std::string plan_id_;  ///< the plan of the round under way
  bool pulled_ = false;
  bool asked_ = false;  ///< the pass under way has its question for a person
  std::optional<std::map<std::string, std::string>> pulled_pairs_;  ///< pairs_digests() then
  std::string place_;                  ///< the id of the target that it works in
  bool wrote_there_ = false;           ///< something stands in it that this run wrote
  int target_misses_ = 0;              ///< creations in a row that did not find it
  core::Rev connection_rev_ = 0;       ///< when the round under way began
  std::string cause_;                  ///< RunItem::cause of what was pulled
  std::set<std::string> hints_;        ///< what notifications gave as changed
  bool narrow_ = false;                ///< the look under way is at that alone
  bool looks_everywhere_ = false;      ///< none will be any more
  bool looked_at_all_ = false;         ///< one was not
  bool cut_off_ = false;               ///< a listing ended before all was told
  std::vector<core::Bookmark> marks_;  ///< to be committed with what was seen
  std::optional<bool> may_progress_;   ///< the tier's word on outside progress, once asked
  std::set<std::string> lost_;         ///< keys that a write did not find
  std::set<std::string> looked_for_;   ///< containers of these
  std::set<std::string> uncertain_;    ///< keys whose write may have happened; not looked up yet
  std::map<std::string, std::string>
      doubts_;                ///< of the plan: once_key of creations that may have
                              ///< happened -> intent, which another try goes on with
  bool look_again_ = false;   ///< reading ids showed more than ids
  bool look_around_ = false;  ///< what else happened there must be known before anything is written
  std::map<std::string, core::Pair>
      appeared_;                 ///< by remote id: what may be a task's item after all
  std::set<std::string> stale_;  ///< keys whose version must be read again
  std::set<std::string> read_;   ///< keys of which that was done, as none was known
  /// Keys of occurrences that were read as their series changed there, with what it is by then.
  std::set<std::pair<std::string, std::string>> read_reset_;
  /// By id, what no pair knows and is to be looked at; with the creation that met it, if one did.
  std::map<std::string, core::Action> in_the_way_;
  std::multimap<std::string, core::JsonText> attempted_;  ///< of these, fields that may be there
  std::map<std::string, int> attempts_;                   ///< failed tries per key
  std::map<std::string, Error> given_up_;                 ///< keys this run will not try again
  const Snapshot* acting_on_ = nullptr;                   ///< what act() works from
  std::set<std::string> undecided_;                       ///< containers of what may stay in them
  std::optional<core::Contents> contents_;                ///< of that snapshot
  std::unordered_map<std::string_view, core::Rev> task_revs_;  ///< of the same, by task
  std::vector<core::RunItem> unsaved_items_;
  std::optional<Error> last_error_;
  bool try_later_ = false;
  std::set<std::string> counted_;  ///< counted_as() of what is wanted and not done yet, and plans
  bool stored_ = true;
  core::RunState stored_state_;  ///< of the run, as it was read or saved last
  bool was_approved_ = false;
  std::int64_t retry_after_ms_ = 0;
};

}  // namespace mortise::sync
