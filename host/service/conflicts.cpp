// The verb of StoredPlans about conflicts: the value that was not kept comes back.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/item_key.hpp"
#include "core/occurrence.hpp"
#include "core/patch.hpp"
#include "core/record_json.hpp"
#include "core/recurrence.hpp"
#include "service/plan_editing.hpp"
#include "service/saving.hpp"

namespace mortise::service {
namespace {

using core::Conflict;
using core::Json;
using core::Task;
using ports::Answer;
using ports::Refusal;

Error gone(const std::string& what) {
  return {Code::conflict, what + " that the conflict is about is not there any more",
          "task_removed"};
}

}  // namespace

/// The task as an undo makes it: an edit like any other.
Answer<Task> StoredPlans::undone(const Task& current, const Conflict& conflict, const Json& undo,
                                 ports::Changes& changes) const {
  const std::string slot = core::slot_of(conflict.key);
  if (slot.empty()) return patched(current, core::replacing(undo, core::to_json(current)), changes);
  if (!core::recurs(current)) return refuse(gone("the occurrence"));
  auto zone = zone_of_plan(current.plan_id);
  if (!zone) return refuse(std::move(zone).error());
  auto happens = core::is_occurrence(current, slot, *zone);
  if (!happens) return refuse(std::move(happens).error());
  if (!*happens) return refuse(gone("the occurrence"));
  auto occurrence = core::occurrence_task(current, slot);
  if (!occurrence) return refuse(std::move(occurrence).error());
  auto read =
      core::edit_occurrence(current, slot, core::replacing(undo, core::to_json(*occurrence)));
  if (!read) return refuse(read.problems, "the occurrence");
  Task task = std::move(*read.value);
  if (task != current) task.updated_ms = clock_.now_ms();
  return task;
}

Answer<Conflict> StoredPlans::undo_conflict(const std::string& conflict_id,
                                            const std::string& request_id) {
  std::optional<Task> edited;
  auto answer = retried<Conflict>([&]() -> Answer<Conflict> {
    edited.reset();
    auto conflict = store_.conflicts().find(conflict_id);
    if (!conflict) return refuse(std::move(conflict).error());
    if (conflict->undone_ms) {
      return refuse({Code::conflict, "this conflict was undone already", "undone_already"});
    }
    auto undo = core::parse_json(conflict->undo);
    if (!undo) return refuse(std::move(undo).error());
    if (undo->empty()) {
      return refuse({Code::conflict, "there is no other value to bring back", "nothing_to_undo"});
    }
    auto current = live_task(conflict->task_id, std::nullopt);
    if (!current && current.error().code == Code::not_found) return refuse(gone("the task"));
    if (!current) return refuse(std::move(current).error());
    ports::Changes changes;
    auto made = undone(*current, *conflict, *undo, changes);
    if (auto* refusal = std::get_if<Refusal>(&made)) return std::move(*refusal);
    if (Task& task = std::get<Task>(made); task != *current) {
      changes.push_back(ports::put(task));
      edited = std::move(task);
    }
    conflict->undone_ms = clock_.now_ms();
    changes.push_back(ports::put(*conflict));
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    ++conflict->rev;
    return std::move(*conflict);
  });
  if (edited && std::holds_alternative<Conflict>(answer)) {
    changed_.plan_saved(edited->account_id, edited->plan_id, request_id);
  }
  return answer;
}

}  // namespace mortise::service
