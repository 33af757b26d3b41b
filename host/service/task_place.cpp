#include "service/task_place.hpp"

#include <algorithm>

#include <fmt/format.h>

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

}  // namespace mortise::service
