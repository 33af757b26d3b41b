// When the tasks of a plan happen (requirements D). Pure: the day, the working hours and the zone
// are given. Times once computed are stored by the caller and stay; this only places what has none.
//
// Which tasks are placed: those without a schedule and without a due day of their own, that are
// neither done nor cancelled, unless a person took the time away (kind none, origin person). All
// others are left alone; timed ones, the person's and the stored, count as occupied, cancelled ones
// do not.
//
// Where a task goes: the first free slot in working hours
// - from the plan's start, if that is today or later, else from tomorrow: never into the past;
// - after the end of the nearest task before it that planning has placed, now or earlier. So a
// fresh plan
//   is in order, and a task inserted later is put between its neighbours if there is room, else at
//   the first free slot after them, and nobody moves. Times that a person set order nothing;
// - within one window: a task that the rest of a window cannot hold goes to a later one. Only a
// task that
//   is longer than every window of the week overruns: it starts where a window starts and goes on
//   past its end, over free time only;
// - in a calendar week (Monday to Sunday in the plan's zone) that has room for it under
// `weekly_time_s`,
//   counting every task that starts in it. A task longer than that has a week to itself;
// - at a whole minute.
// A task without a duration is taken for an hour. Roadmap `week` and `day` are order, not dates.
//
// Summer time: windows are local, 18:00 stays 18:00; durations are elapsed time. Nothing starts in
// the second pass of an hour that exists twice, because its local time means the first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/problem.hpp"
#include "core/records.hpp"
#include "core/time.hpp"

namespace mortise::core {

/// Part of a day on the wall clock: seconds since midnight, `to_s` exclusive and at most 86,400.
struct DayWindow {
  std::int64_t from_s = 0;
  std::int64_t to_s = 0;
  friend bool operator==(const DayWindow&, const DayWindow&) = default;
};

/// The weekly pattern of working hours, Monday first; the windows of a day in order, not
/// overlapping.
struct Availability {
  std::array<std::vector<DayWindow>, 7> days;
  friend bool operator==(const Availability&, const Availability&) = default;
};

inline constexpr std::int64_t kAssumedDurationS = 3'600;

/// The time of one task that had none. `schedule` is timed and computed, in the plan's zone.
struct Placement {
  std::size_t task = 0;  ///< index into the tasks
  Schedule schedule;
  std::string due;
};

/// The deadline cannot be met with these hours; with `needed_date` in its place it can.
struct ImpossibleDeadline {
  std::string needed_date;
};

struct TimingResult {
  std::vector<Placement>
      placements;  ///< in the order of the tasks; all of them, also past the deadline
  std::optional<ImpossibleDeadline> impossible_deadline;
};

/// `tasks`: the live ones of the plan, in order. `today` is in the plan's zone; `zone` is for a
/// plan that names none. Errors: `invalid` for an unknown zone, hours that are none or overlap, or
/// a plan that would last beyond 2199.
Result<TimingResult> schedule_plan(const Plan& plan, std::span<const Task> tasks, Day today,
                                   const Availability& availability, std::string_view zone);

/// Before planning anew on request: takes away every computed time of a task that is not done or
/// cancelled. What a person set stays.
void forget_computed_times(std::span<Task> tasks);

/// The complaint about /deadline, with the date that would work.
Problem as_problem(const ImpossibleDeadline& impossible);

}  // namespace mortise::core
