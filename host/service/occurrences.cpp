// The verbs of StoredPlans about single occurrences of recurring tasks.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "service/plan_editing.hpp"
#include "service/saving.hpp"
#include "service/task_place.hpp"

namespace mortise::service {
namespace {

using core::Json;
using core::Task;
using ports::Answer;
using ports::Refusal;

Error not_recurring(const Task& task) {
  return {Code::conflict, fmt::format("task {} does not repeat", task.id), "not_recurring"};
}

// What the patch says of all that follows, it says of the first of them, too.
void say_of_first(Task& following, const std::string& slot, const Json& patch) {
  const core::Override* const first = core::find_override(following, slot);
  if (first == nullptr) return;
  core::Override changed = *first;
  Json changes = core::parse_json(changed.changes).value();
  for (const auto& [name, value] : patch.items()) changes.erase(name);
  changed.changes = core::canonical_json(changes).value();
  core::put_override(following, std::move(changed));
}

}  // namespace

Result<StoredPlans::OpenedSeries> StoredPlans::open_series(
    const std::string& task_id, std::optional<core::Rev> if_match) const {
  auto task = live_task(task_id, if_match);
  if (!task) return std::move(task).error();
  if (!core::recurs(*task)) return not_recurring(*task);
  auto zone = zone_of_plan(task->plan_id);
  if (!zone) return std::move(zone).error();
  return OpenedSeries{std::move(*task), std::move(*zone)};
}

Result<StoredPlans::OpenedSeries> StoredPlans::open_occurrence(
    const std::string& task_id, const std::string& slot, std::optional<core::Rev> if_match) const {
  auto series = open_series(task_id, if_match);
  if (!series) return series;
  auto happens = core::is_occurrence(series->task, slot, series->zone);
  if (!happens) return std::move(happens).error();
  if (*happens) return series;
  return Error{Code::not_found,
               fmt::format("task {} does not happen at {}", task_id, slot.substr(0, 64))};
}

Result<std::vector<core::Occurrence>> StoredPlans::occurrences(
    const ports::OccurrenceWindow& window) const {
  auto series = open_series(window.task_id, std::nullopt);
  if (!series) return std::move(series).error();
  return core::occurrences(series->task, series->zone, window.from_ms, window.to_ms, window.limit);
}

Answer<Task> StoredPlans::edit_occurrence(const ports::OccurrenceEdit& edit) {
  auto patch = core::parse_json(edit.patch);
  if (!patch) return refuse(std::move(patch).error());
  return save_occurrence(edit, [&](Task series) {
    return core::edit_occurrence(std::move(series), edit.slot, *patch);
  });
}

Answer<Task> StoredPlans::cancel_occurrence(const ports::OccurrenceEdit& edit) {
  return save_occurrence(edit, [&](Task series) {
    core::Read<Task> read;
    auto cancelled = core::cancel_occurrence(std::move(series), edit.slot);
    if (cancelled) {
      read.value = std::move(*cancelled);
    } else {
      core::add_problem(read.problems, "", cancelled.error().message);
    }
    return read;
  });
}

template <class Change>
Answer<Task> StoredPlans::save_occurrence(const ports::OccurrenceEdit& edit, const Change& change) {
  bool stored = false;
  auto answer = retried<Task>([&]() -> Answer<Task> {
    auto series = open_occurrence(edit.task_id, edit.slot, edit.if_match);
    if (!series) return refuse(std::move(series).error());
    core::Read<Task> read = change(series->task);
    if (!read) return refuse(read.problems, "the occurrence");
    Task task = std::move(*read.value);
    if (task == series->task) return task;
    stored = true;
    task.updated_ms = clock_.now_ms();
    if (Status saved = store_.commit({ports::put(task)}); !saved) {
      return refuse(std::move(saved).error());
    }
    ++task.rev;
    return task;
  });
  if (const auto* task = std::get_if<Task>(&answer); task != nullptr && stored) {
    changed_.plan_saved(task->account_id, task->plan_id, edit.request_id);
  }
  return answer;
}

Answer<Task> StoredPlans::split_series(const ports::OccurrenceEdit& edit) {
  auto patch = core::parse_json(edit.patch);
  if (!patch) return refuse(std::move(patch).error());
  auto answer = retried<Task>([&] { return split_once(edit, *patch); });
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    // What follows the first occurrence is the whole series.
    if (refusal->error.reason != "first_occurrence") return answer;
    return edit_task({edit.task_id, edit.patch, edit.if_match, edit.request_id});
  }
  const Task& following = std::get<Task>(answer);
  changed_.plan_saved(following.account_id, following.plan_id, edit.request_id);
  return answer;
}

Answer<Task> StoredPlans::split_once(const ports::OccurrenceEdit& edit, const Json& patch) {
  auto series = open_occurrence(edit.task_id, edit.slot, edit.if_match);
  if (!series) return refuse(std::move(series).error());
  auto split = core::split_series(series->task, edit.slot, series->zone);
  if (!split) return refuse(std::move(split).error());
  split->following.external_id.clear();
  say_of_first(split->following, edit.slot, patch);
  core::Read<Task> read = core::apply_patch(split->following, patch);
  if (!read) return refuse(read.problems, "the task");
  Task following = std::move(*read.value);
  auto settled = settle_overrides(split->following, following, patch.contains("overrides"));
  if (auto* refusal = std::get_if<Refusal>(&settled)) return std::move(*refusal);

  auto opened = open(series->task.plan_id);
  if (!opened) return refuse(std::move(opened).error());
  ports::Changes changes;
  std::vector<Task>& tasks = opened->tasks;
  if (auto full = refuse_full(tasks.size())) return std::move(*full);
  std::size_t index = 0;
  while (index < tasks.size() && tasks[index].id != series->task.id) ++index;
  if (index == tasks.size()) {  // it was removed since
    return refuse({Code::not_found, fmt::format("task {} was removed", edit.task_id)});
  }
  tasks[index] = split->before;
  tasks[index].updated_ms = clock_.now_ms();
  following.position = make_room(tasks, index + 1, changes);
  following.id = new_id()(core::kTaskPrefix);
  following.rev = 0;
  following.created_ms = following.updated_ms = clock_.now_ms();
  changes.push_back(ports::put(tasks[index]));
  changes.push_back(ports::put(following));
  if (Status saved = store_.commit(std::move(changes)); !saved) {
    return refuse(std::move(saved).error());
  }
  ++following.rev;
  return following;
}

}  // namespace mortise::service
