// Editing plans: validated, timed, committed, then announced. A save never waits for a provider.
#pragma once

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/plan_shapes.hpp"
#include "core/timing.hpp"
#include "ports/clock.hpp"
#include "ports/service.hpp"
#include "ports/store.hpp"

namespace mortise::service {

struct EditingSettings {
  std::string host_zone;             ///< for accounts and plans without a zone
  core::Availability working_hours;  ///< when unscheduled tasks may be placed
};

/// Thread-safe. All collaborators must outlive it.
class StoredPlans final : public ports::PlanEditing {
 public:
  StoredPlans(ports::Store& store, ports::Changed& changed, const ports::Clock& clock,
              ports::Random& random, EditingSettings settings);

  ports::Answer<core::Account> put_account(const std::string& account_id,
                                           const core::JsonText& body,
                                           std::optional<core::Rev> if_match,
                                           const std::string& request_id = {}) override;
  ports::Answer<ports::ImportReport> import(const std::string& account_id,
                                            const core::JsonText& document,
                                            const std::string& request_id = {}) override;
  ports::Answer<core::Plan> edit_plan(const std::string& plan_id, const core::JsonText& patch,
                                      std::optional<core::Rev> if_match,
                                      const std::string& request_id = {}) override;
  ports::Answer<core::Task> add_task(const ports::TaskInsert& insert) override;
  ports::Answer<core::Task> edit_task(const ports::TaskEdit& edit) override;
  ports::Answer<core::Plan> reschedule(const std::string& plan_id,
                                       const std::string& request_id = {}) override;

  // removals.cpp
  ports::Answer<core::Plan> remove_plan(const std::string& plan_id,
                                        std::optional<ports::RemoteItems> remote,
                                        std::optional<core::Rev> if_match,
                                        const std::string& request_id = {}) override;
  ports::Answer<core::Task> remove_task(const std::string& task_id,
                                        std::optional<core::Rev> if_match,
                                        const std::string& request_id = {}) override;
  ports::Answer<core::Task> restore_task(const std::string& task_id,
                                         const std::string& request_id = {}) override;
  ports::Answer<core::Plan> restore_plan(const std::string& plan_id,
                                         const std::string& request_id = {}) override;

  // conflicts.cpp
  ports::Answer<core::Conflict> undo_conflict(const std::string& conflict_id,
                                              const std::string& request_id = {}) override;

  // occurrences.cpp
  Result<std::vector<core::Occurrence>> occurrences(
      const ports::OccurrenceWindow& window) const override;
  ports::Answer<core::Task> edit_occurrence(const ports::OccurrenceEdit& edit) override;
  ports::Answer<core::Task> cancel_occurrence(const ports::OccurrenceEdit& edit) override;
  ports::Answer<core::Task> split_series(const ports::OccurrenceEdit& edit) override;

 private:
  /// A plan with its live tasks and the zone they are timed in.
  struct Opened {
    core::Plan plan;
    std::vector<core::Task> tasks;
    std::string zone;
  };
  Result<Opened> open(const std::string& plan_id) const;
  Result<std::string> zone_of(const core::Plan& plan) const;
  /// Gives every task that has no time one. Answers the indexes of those tasks, or a refusal when
  /// the deadline cannot be met.
  ports::Answer<std::vector<std::size_t>> place(Opened& opened) const;
  Result<core::Task> live_task(const std::string& task_id, std::optional<core::Rev> if_match) const;
  /// Those with items, or what is left of them, at any service.
  Result<std::set<std::string>> exported_plans(const std::string& account_id) const;
  Result<std::string> zone_of_plan(const std::string& plan_id) const;
  /// The task with a patch applied, and timed anew if it lost its time. Other tasks that move along
  /// are put into `changes`.
  ports::Answer<core::Task> patched(const core::Task& current, const core::Json& patch,
                                    ports::Changes& changes) const;
  /// Error `conflict` (`sync_under_way`) while a run may be writing items of the plan.
  Status expect_quiet(const std::set<std::string>& connections) const;
  /// The pairs of a plan, in all of its account's connections.
  Result<std::vector<core::Pair>> pairs_of(const core::Plan& plan) const;
  ports::Answer<core::Task> undone(const core::Task& current, const core::Conflict& conflict,
                                   const core::Json& undo, ports::Changes& changes) const;
  /// After an edit of a task: drops the overrides that belong to no occurrence any more. `brought`:
  /// the edit brought them, so it is refused instead.
  ports::Answer<std::monostate> settle_overrides(const core::Task& before, core::Task& after,
                                                 bool brought) const;

  /// A recurring task and the zone it counts in, if it names none.
  struct OpenedSeries {
    core::Task task;
    std::string zone;
  };
  Result<OpenedSeries> open_series(const std::string& task_id,
                                   std::optional<core::Rev> if_match) const;
  Result<OpenedSeries> open_occurrence(const std::string& task_id, const std::string& slot,
                                       std::optional<core::Rev> if_match) const;
  template <class Change>
  ports::Answer<core::Task> save_occurrence(const ports::OccurrenceEdit& edit,
                                            const Change& change);
  ports::Answer<core::Task> split_once(const ports::OccurrenceEdit& edit, const core::Json& patch);
  /// `stored`: whether there was anything to commit.
  ports::Answer<ports::ImportReport> import_once(const std::string& account_id,
                                                 const core::Json& document, bool& stored);
  core::NewId new_id();

  ports::Store& store_;
  ports::Changed& changed_;
  const ports::Clock& clock_;
  ports::Random& random_;
  const EditingSettings settings_;
};

}  // namespace mortise::service
