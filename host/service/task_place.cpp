#include "service/task_place.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/plan_shapes.hpp"

namespace mortise::service {
namespace {

bool has_week(const core::Plan& plan, const std::string& week_id) {
  for (const core::Module& module : plan.modules) {
    for (const core::Week& week : module.weeks) {
      if (week.id == week_id) return true;
    }
  }
  return false;
}

}  // namespace

Result<std::size_t> place_in_order(const std::vector<core::Task>& tasks, const core::Plan& plan,
                                   const ports::TaskInsert& insert) {
  if (!insert.week_id.empty() && !has_week(plan, insert.week_id)) {
    return Error{Code::not_found, fmt::format("plan {} has no week {}", plan.id, insert.week_id)};
  }
  if (!insert.after_task_id.empty()) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (tasks[i].id != insert.after_task_id) continue;
      if (insert.week_id.empty() || insert.week_id == tasks[i].week_id) return i + 1;
      return Error{Code::not_found,
                   fmt::format("task {} is not in week {}", insert.after_task_id, insert.week_id)};
    }
    return Error{Code::not_found,
                 fmt::format("plan {} has no task {}", plan.id, insert.after_task_id)};
  }
  if (insert.week_id.empty()) return tasks.size();
  std::size_t end = 0;
  // A week without tasks follows the last task of the weeks before it.
  for (const core::Module& module : plan.modules) {
    for (const core::Week& week : module.weeks) {
      for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (tasks[i].week_id == week.id) end = std::max(end, i + 1);
      }
      if (week.id == insert.week_id) return end;
    }
  }
  return end;
}

std::int64_t make_room(std::vector<core::Task>& tasks, std::size_t index, ports::Changes& changes) {
  const auto position_at = [&](std::size_t i) -> std::optional<std::int64_t> {
    if (i >= tasks.size()) return std::nullopt;
    return tasks[i].position;
  };
  const auto free = core::position_between(index == 0 ? std::nullopt : position_at(index - 1),
                                           position_at(index));
  if (free) return *free;
  const std::int64_t position = tasks[index - 1].position + core::kPositionStep;
  std::int64_t next = position + core::kPositionStep;
  for (std::size_t i = index; i < tasks.size() && tasks[i].position < next; ++i) {
    tasks[i].position = next;
    next += core::kPositionStep;
    changes.push_back(ports::put(tasks[i]));
  }
  return position;
}

}  // namespace mortise::service
