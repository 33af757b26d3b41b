// The use cases about plans, exports and runs, as the API and the command line reach them.
// (Connecting and disconnecting: service_connect.hpp.)
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "core/recurrence.hpp"
#include "core/sync_records.hpp"
#include "ports/mapper.hpp"
#include "ports/store.hpp"

namespace mortise::ports {

/// Where an account stands in the current month.
struct QuotaView {
  std::string tier;
  std::string month;
  std::optional<std::int64_t> limit;  ///< empty = unlimited
  std::int64_t used = 0;              ///< reserved and committed
  core::Instant resets_ms = 0;
  std::string upgrade_url;  ///< from configuration; may be empty
};

/// A complaint that points into the caller's document (RFC 6901 pointer).
struct Complaint {
  std::string pointer;
  std::string detail;
};

/// What a use case answers when it could not: `complaints` for documents (422), `quota` for limits
/// (403).
struct Refusal {
  Error error;
  std::vector<Complaint> complaints;
  std::optional<QuotaView> quota;
};

/// A value or a refusal.
template <class T>
using Answer = std::variant<T, Refusal>;

struct ExportRequest {
  std::string account_id;
  std::string plan_id;
  std::string connection_id;
  core::RunKind kind = core::RunKind::export_plan;  ///< `sync`: one plan in step, not counted
  core::RunTrigger trigger = core::RunTrigger::user;
  std::string request_id;
  /// Of a preview: what a run by this mapping would do. Null: by the active one.
  std::shared_ptr<const Mapping> mapping = {};
};

/// One line of a preview.
struct PreviewItem {
  std::string key;
  std::string kind;
  std::string title;
  std::string action;     ///< there: create update remove; here: receive restore take_away
  core::JsonText before;  ///< the changed fields as last agreed, JSON object
  core::JsonText after;   ///< the changed fields as they would become
};

/// What a run would do, and cost. Nothing is written for it.
struct Preview {
  std::int64_t create = 0, update = 0, remove = 0, unchanged = 0, parked = 0;
  std::int64_t receive = 0;            ///< tasks that would change here
  std::int64_t writes = 0, reads = 0;  ///< requests
  std::int64_t seconds = 0;            ///< about
  std::string guard;                   ///< why it would stop and ask, or empty
  /// Why start() would refuse it now, reason and message; empty if it would not.
  std::string refused_reason, refused_message;
  std::string summary;  ///< "12 create, 3 update, 0 delete; 18 writes, 2 reads, about 7 s"
  std::vector<PreviewItem> items;        ///< all of them
  std::vector<ParkedItem> parked_items;  ///< what the mapping could not map, and why
};

/// Starting and watching exports. Thread-safe. start() accepts (reserves quota, stores the queued
/// run durably) and returns at once. Where an export of the plan through the connection is under
/// way, it answers that one, which is not counted again.
class Exports {
 public:
  virtual ~Exports() = default;
  virtual Answer<core::Run> start(const ExportRequest& request) = 0;
  /// "Sync now" for all that a connection keeps in step: pulls and pushes, not counted. One that is
  /// queued already is the answer. Errors: `conflict` (`needs_reconnect`, `not_connected`).
  virtual Result<core::Run> sync(const std::string& connection_id,
                                 const std::string& request_id) = 0;
  virtual Answer<Preview> preview(const ExportRequest& request) = 0;
  virtual Result<QuotaView> usage(const std::string& account_id) = 0;
  /// Asks a run to stop; what is under way ends first.
  virtual Result<core::Run> cancel(const std::string& run_id) = 0;
  /// For a run that a guard stopped: go on, or end without doing it. `guard`: as it was read;
  /// empty: whatever it asks. Errors `conflict`: `not_waiting`; `guard_changed` if it asks
  /// something else.
  virtual Result<core::Run> approve(const std::string& run_id, const core::JsonText& guard) = 0;
  virtual Result<core::Run> discard(const std::string& run_id) = 0;
};

/// Told after something was committed, to start what follows. Thread-safe, quick.
class Changed {
 public:
  virtual ~Changed() = default;
  /// `request_id`: of the API call that saved it; empty if it was none.
  virtual void plan_saved(const std::string& account_id, const std::string& plan_id,
                          const std::string& request_id) = 0;
  /// It was connected, or disconnected: what waits for it goes on, or ends.
  virtual void connection_ready(const std::string& connection_id) = 0;
};

/// Pushes live events to whoever listens (SSE). Topics: "run:<id>", "account:<id>". Thread-safe,
/// never blocks on a slow listener.
class Publisher {
 public:
  virtual ~Publisher() = default;
  virtual void publish(const std::string& topic, const std::string& event,
                       const core::JsonText& data) = 0;
};

struct TaskEdit {
  std::string task_id;
  core::JsonText patch;  ///< merge patch (RFC 7396) of the API's task fields
  std::optional<core::Rev> if_match;
  std::string request_id = {};
};

struct TaskInsert {
  std::string plan_id;
  std::string week_id;        ///< empty: at the plan's end
  std::string after_task_id;  ///< empty: at the end of the week
  core::JsonText task;
  std::string request_id = {};
};

/// One occurrence of a recurring task, by its slot (core/occurrence.hpp).
struct OccurrenceEdit {
  std::string task_id;
  std::string slot;
  core::JsonText patch;  ///< merge patch (RFC 7396) of the API's task fields
  std::optional<core::Rev> if_match;
  std::string request_id = {};
};

struct OccurrenceWindow {
  std::string task_id;
  core::Instant from_ms = 0;
  core::Instant to_ms = 0;
  std::size_t limit = 0;
};

/// What becomes of a removed plan's items at the services.
enum class RemoteItems : std::uint8_t {
  keep,   ///< they are the person's own from now on
  remove  ///< the next sync takes away what stands there
};

/// What an import did.
struct ImportReport {
  core::Plan plan;
  std::int64_t added = 0, changed = 0, removed = 0, unchanged = 0;
};

/// Editing plans. Thread-safe. Every save is committed before it answers, and never fails because a
/// provider does; connected services are told afterwards through `Changed`. `request_id`: of the
/// API call; the runs that carry the save to the services bear it.
class PlanEditing {
 public:
  virtual ~PlanEditing() = default;
  /// `if_match` 0: there must be none yet. A changed zone travels with the exported plans.
  virtual Answer<core::Account> put_account(const std::string& account_id,
                                            const core::JsonText& body,
                                            std::optional<core::Rev> if_match,
                                            const std::string& request_id) = 0;
  /// A new plan, or the next version of one (same external id): ids and set times are kept. Accepts
  /// the canonical and the roadmap shape; unscheduled tasks get their times.
  virtual Answer<ImportReport> import(const std::string& account_id, const core::JsonText& document,
                                      const std::string& request_id) = 0;
  /// Error `conflict` (`external_id_taken`) if another plan has the external id that it is given.
  virtual Answer<core::Plan> edit_plan(const std::string& plan_id, const core::JsonText& patch,
                                       std::optional<core::Rev> if_match,
                                       const std::string& request_id) = 0;
  /// `remote` may be left out only if nothing of the plan stands at a service. Error `conflict`
  /// (`remote_choice_needed`).
  virtual Answer<core::Plan> remove_plan(const std::string& plan_id,
                                         std::optional<RemoteItems> remote,
                                         std::optional<core::Rev> if_match,
                                         const std::string& request_id) = 0;
  virtual Answer<core::Task> add_task(const TaskInsert& insert) = 0;
  virtual Answer<core::Task> edit_task(const TaskEdit& edit) = 0;
  virtual Answer<core::Task> remove_task(const std::string& task_id,
                                         std::optional<core::Rev> if_match,
                                         const std::string& request_id) = 0;
  /// A removed task comes back, whoever removed it; one that is there stays as it is. Errors
  /// `conflict`: `plan_removed`, `external_id_taken`.
  virtual Answer<core::Task> restore_task(const std::string& task_id,
                                          const std::string& request_id) = 0;
  /// Brings a removed plan back with the tasks that went along with it; what was removed before
  /// stays removed. Where its items were kept as the person's own, an export makes it anew, beside
  /// them. Error `conflict` (`external_id_taken`) if another plan or task has its external id now.
  virtual Answer<core::Plan> restore_plan(const std::string& plan_id,
                                          const std::string& request_id) = 0;
  /// Brings back what a conflict had not kept, as an ordinary edit of its task. Errors `conflict`:
  /// `undone_already`, `nothing_to_undo`, `task_removed` (or the occurrence).
  virtual Answer<core::Conflict> undo_conflict(const std::string& conflict_id,
                                               const std::string& request_id) = 0;
  /// Computes all times anew; times that a person set stay.
  virtual Answer<core::Plan> reschedule(const std::string& plan_id,
                                        const std::string& request_id) = 0;

  /// Of a recurring task. Errors of all four: `conflict` (`not_recurring`); `not_found` also for a
  /// slot that does not happen. Edits answer the series as saved.
  virtual Result<std::vector<core::Occurrence>> occurrences(
      const OccurrenceWindow& window) const = 0;
  virtual Answer<core::Task> edit_occurrence(const OccurrenceEdit& edit) = 0;
  /// Its `patch` is not looked at.
  virtual Answer<core::Task> cancel_occurrence(const OccurrenceEdit& edit) = 0;
  /// "This and following": ends the series before the slot and answers the new task that goes on
  /// from there, patched. At the first occurrence: the task itself, patched. Error `conflict`
  /// (`off_rule`): core::split_series().
  virtual Answer<core::Task> split_series(const OccurrenceEdit& edit) = 0;
};

}  // namespace mortise::ports
