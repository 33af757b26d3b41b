// Where in a plan's order a new task goes. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "ports/service.hpp"

namespace mortise::service {

/// The index in `tasks` (the live ones, in order) that the new task takes. Error: `not_found` for a
/// week or a task that the plan does not have.
Result<std::size_t> place_in_order(const std::vector<core::Task>& tasks, const core::Plan& plan,
                                   const ports::TaskInsert& insert);

/// The position of a new task at this index. Where there is no room, those behind move on: they are
/// changed in `tasks` and put into `changes`.
std::int64_t make_room(std::vector<core::Task>& tasks, std::size_t index, ports::Changes& changes);

}  // namespace mortise::service
