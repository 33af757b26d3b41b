#include "core/timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/bounds.hpp"
#include "core/record_json.hpp"
#include "core/zones.hpp"

namespace mortise::core {
namespace {

constexpr std::int64_t kMinuteMs = 60 * kMillisPerSecond;

struct Span {
  Instant from = 0;
  Instant to = 0;
};

Instant whole_minute(Instant instant) {
  const std::int64_t rest = ((instant % kMinuteMs) + kMinuteMs) % kMinuteMs;
  return rest == 0 ? instant : instant + kMinuteMs - rest;
}

std::int64_t length_ms(const Task& task) {
  return task.duration_s.value_or(kAssumedDurationS) * kMillisPerSecond;
}

bool is_over(const Task& task) {
  return task.status == TaskStatus::done || task.status == TaskStatus::cancelled;
}

bool wants_time(const Task& task) {
  return task.schedule == Schedule{} && task.due.empty() && !is_over(task);
}

// Time that is taken, as spans that do not overlap.
class Occupied {
 public:
  void add(Span span) {
    auto next = spans_.lower_bound(span.from);
    if (next != spans_.begin() && std::prev(next)->second >= span.from) --next;
    while (next != spans_.end() && next->first <= span.to) {
      span.from = std::min(span.from, next->first);
      span.to = std::max(span.to, next->second);
      next = spans_.erase(next);
    }
    spans_.emplace(span.from, span.to);
  }

  // When the first taken span that touches `span` ends; nothing if `span` is free.
  std::optional<Instant> busy_until(Span span) const {
    const auto next = spans_.upper_bound(span.from);
    if (next != spans_.begin() && std::prev(next)->second > span.from) {
      return std::prev(next)->second;
    }
    if (next != spans_.end() && next->first < span.to) return next->second;
    return std::nullopt;
  }

 private:
  std::map<Instant, Instant> spans_;
};

// Places tasks one after the other. The zone is known to exist.
class Planner {
 public:
  Planner(const Availability& availability, std::string_view zone,
          std::optional<std::int64_t> weekly_time_s)
      : availability_(availability), zone_(zone), weekly_time_s_(weekly_time_s) {
    for (const std::vector<DayWindow>& day : availability.days) {
      for (const DayWindow& window : day) {
        longest_ms_ = std::max(longest_ms_, (window.to_s - window.from_s) * kMillisPerSecond);
      }
    }
  }

  Instant at(LocalSeconds local) const { return to_instant(local, zone_).value(); }
  LocalSeconds local(Instant instant) const { return to_local(instant, zone_).value(); }

  void occupy(Span span) {
    occupied_.add(span);
    used_ms_[monday_of(day_of_local(local(span.from)))] += span.to - span.from;
  }

  // The start of the first slot for a task of this length; nothing before the last record day.
  std::optional<Instant> place(std::int64_t task_ms, Instant not_before) {
    const Day last = parse_day(kLastRecordDay).value();
    for (Day day = day_of_local(local(not_before)); day <= last; ++day) {
      if (!week_has_room(monday_of(day), task_ms)) {
        day = monday_of(day) + 6;
        continue;
      }
      for (const Span& window : windows(day)) {
        const std::optional<Instant> start = start_in(window, task_ms, not_before);
        if (!start) continue;
        occupy({*start, *start + task_ms});
        return start;
      }
    }
    return std::nullopt;
  }

 private:
  bool week_has_room(Day monday, std::int64_t task_ms) const {
    if (!weekly_time_s_) return true;
    const auto found = used_ms_.find(monday);
    const std::int64_t used_ms = found == used_ms_.end() ? 0 : found->second;
    return used_ms == 0 || used_ms + task_ms <= *weekly_time_s_ * kMillisPerSecond;
  }

  const std::vector<Span>& windows(Day day) {
    const auto [found, added] = windows_.try_emplace(day);
    if (!added) return found->second;
    const auto weekday = static_cast<std::size_t>(iso_weekday(day) - 1);
    for (const DayWindow& window : availability_.days[weekday]) {
      const LocalSeconds day_begin = midnight(day);
      found->second.push_back({at(day_begin + window.from_s), at(day_begin + window.to_s)});
    }
    return found->second;
  }

  std::optional<Instant> start_in(Span window, std::int64_t task_ms, Instant not_before) const {
    if (task_ms > longest_ms_) {
      const bool free =
          window.from >= not_before && !occupied_.busy_until({window.from, window.from + task_ms});
      return free ? std::optional(window.from) : std::nullopt;
    }
    Instant start = std::max(window.from, not_before);
    while (true) {
      start = first_pass(whole_minute(start));
      if (start + task_ms > window.to) return std::nullopt;
      const std::optional<Instant> busy_until = occupied_.busy_until({start, start + task_ms});
      if (!busy_until) return start;
      start = *busy_until;
    }
  }

  // `instant`, or where the second pass of an hour that exists twice is over.
  Instant first_pass(Instant instant) const {
    while (at(local(instant)) != instant) instant += kMinuteMs;
    return instant;
  }

  const Availability& availability_;
  std::string zone_;
  std::optional<std::int64_t> weekly_time_s_;
  std::int64_t longest_ms_ = 0;
  Occupied occupied_;
  std::unordered_map<Day, std::int64_t> used_ms_;  // by the week's Monday
  std::unordered_map<Day, std::vector<Span>> windows_;
};

Status check(const Availability& availability) {
  bool any = false;
  for (const std::vector<DayWindow>& day : availability.days) {
    std::int64_t before_s = 0;
    for (const DayWindow& window : day) {
      if (window.from_s < before_s || window.to_s <= window.from_s ||
          window.to_s > kSecondsPerDay) {
        return Error{Code::invalid, "working hours must be in order, apart and within a day"};
      }
      before_s = window.to_s;
      any = true;
    }
  }
  if (!any) return Error{Code::invalid, "there are no working hours to plan in"};
  return {};
}

// The time that a stored task takes; nothing if it takes none or cannot be read.
std::optional<Span> taken_by(const Task& task, const std::string& plan_zone) {
  if (task.schedule.kind != ScheduleKind::timed || task.status == TaskStatus::cancelled) {
    return std::nullopt;
  }
  const Result<LocalSeconds> local = parse_local(task.schedule.start);
  if (!local) return std::nullopt;
  const std::string& zone = task.schedule.zone.empty() ? plan_zone : task.schedule.zone;
  const Result<Instant> start = to_instant(*local, zone);
  if (!start) return std::nullopt;
  return Span{*start, *start + length_ms(task)};
}

Day first_day(const Plan& plan, Day today) {
  const Result<Day> start = parse_day(plan.start);
  return start && *start >= today ? *start : today + 1;
}

std::optional<ImpossibleDeadline> check_deadline(const Plan& plan, std::span<const Task> tasks,
                                                 const std::vector<Placement>& placements) {
  if (plan.deadline.empty()) return std::nullopt;
  std::string needed;  // dates compare as text
  for (const Placement& placement : placements) needed = std::max(needed, placement.due);
  for (const Task& task : tasks) {
    const bool computed = task.schedule.kind == ScheduleKind::timed &&
                          task.schedule.origin == ScheduleOrigin::computed;
    if (computed && !is_over(task)) needed = std::max(needed, due_of(task.schedule));
  }
  if (needed <= plan.deadline) return std::nullopt;
  return ImpossibleDeadline{needed};
}

}  // namespace

Result<TimingResult> schedule_plan(const Plan& plan, std::span<const Task> tasks, Day today,
                                   const Availability& availability, std::string_view zone) {
  if (const Status status = check(availability); !status) return status.error();
  const std::string plan_zone = plan.zone.empty() ? std::string(zone) : plan.zone;
  const Result<Instant> begin = to_instant(midnight(first_day(plan, today)), plan_zone);
  if (!begin) return begin.error();

  Planner planner(availability, plan_zone, plan.weekly_time_s);
  for (const Task& task : tasks) {
    if (const std::optional<Span> span = taken_by(task, plan_zone)) planner.occupy(*span);
  }
  TimingResult result;
  Instant behind = *begin;  // the end of the nearest earlier task that planning placed
  for (std::size_t index = 0; index < tasks.size(); ++index) {
    const Task& task = tasks[index];
    if (task.schedule.origin == ScheduleOrigin::computed) {
      if (const auto span = taken_by(task, plan_zone)) behind = std::max(*begin, span->to);
    }
    if (!wants_time(task)) continue;
    const std::optional<Instant> start = planner.place(length_ms(task), behind);
    if (!start) {
      return Error{Code::invalid, fmt::format("plan \"{}\" does not fit before {}",
                                              plan.title.substr(0, 64), kLastRecordDay)};
    }
    behind = *start + length_ms(task);
    Schedule schedule;
    schedule.kind = ScheduleKind::timed;
    schedule.start = format_local(planner.local(*start));
    std::string due = due_of(schedule);
    result.placements.push_back({index, std::move(schedule), std::move(due)});
  }
  result.impossible_deadline = check_deadline(plan, tasks, result.placements);
  return result;
}

void forget_computed_times(std::span<Task> tasks) {
  for (Task& task : tasks) {
    const bool computed = task.schedule.kind == ScheduleKind::timed &&
                          task.schedule.origin == ScheduleOrigin::computed;
    if (!computed || is_over(task)) continue;
    task.schedule = {};
    task.due.clear();
  }
}

Problem as_problem(const ImpossibleDeadline& impossible) {
  return {"/deadline", fmt::format("cannot be met in these working hours: the tasks need until {}",
                                   impossible.needed_date)};
}

}  // namespace mortise::core
