#include "core/recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "core/series.hpp"
#include "core/zones.hpp"

namespace mortise::core {
namespace {

constexpr std::int64_t kDayMs = kSecondsPerDay * kMillisPerSecond;

/// When a task that is an occurrence starts and ends.
Result<std::pair<Instant, Instant>> span_of(const Task& task, std::string_view zone) {
  const std::string& own = task.schedule.zone;
  const std::string in_zone(own.empty() ? zone : std::string_view(own));
  if (!by_day(task)) {
    const Result<LocalSeconds> start = parse_local(task.schedule.start);
    if (!start) return start.error();
    const Result<Instant> at = to_instant(*start, in_zone);
    if (!at) return at.error();
    return std::pair(*at, *at + task.duration_s.value_or(0) * kMillisPerSecond);
  }
  const Result<Day> day = parse_day(start_of(task));
  if (!day) return day.error();
  const Day end =
      parse_day(task.schedule.end).ok() ? parse_day(task.schedule.end).value() : *day + 1;
  const Result<Instant> start_ms = to_instant(midnight(*day), in_zone);
  const Result<Instant> end_ms = to_instant(midnight(end), in_zone);
  if (!start_ms) return start_ms.error();
  if (!end_ms) return end_ms.error();
  return std::pair(*start_ms, *end_ms);
}

// How long an occurrence lasts that differs in nothing.
std::int64_t length_ms(const Task& task) {
  if (!by_day(task)) return task.duration_s.value_or(0) * kMillisPerSecond;
  const Result<Day> start = parse_day(task.schedule.start), end = parse_day(task.schedule.end);
  return start && end ? (*end - *start) * kDayMs : kDayMs;
}

// The last slot that matters for a window up to `to`: a later one may have been moved into it. An
// override that was of another kind of series matters to none.
Instant last_key(const Series& series, const Task& task, Instant to) {
  if (task.overrides.empty()) return to;
  const Result<Instant> last = series.key_of(task.overrides.back().slot);
  return last ? std::max(to, *last) : to;
}

// The first one: an earlier one may have been moved later.
Instant first_key(const Series& series, const Task& task, Instant from) {
  if (task.overrides.empty()) return from;
  const Result<Instant> first = series.key_of(task.overrides.front().slot);
  return first ? std::min(from, *first) : from;
}

DateList part_of(const DateList& dates, const Series& series, Instant slot_key, bool following) {
  DateList part{dates.leaves_out, dates.zone, {}};
  for (const Stamp& stamp : dates.stamps) {
    const bool is_later = series.key(series.wall_of(stamp, dates.zone)) >= slot_key;
    if (is_later == following) part.stamps.push_back(stamp);
  }
  return part;
}

/// The two lists of lines that a series' lines become.
struct DividedLines {
  std::vector<std::string> before;
  std::vector<std::string> following;
};

Result<DividedLines> divide_lines(const Series& series, Instant slot_key) {
  DividedLines divided;
  for (const Rule& rule : series.lines().rules) {
    const auto earlier = series.rule_walls(rule, slot_key - 1, kMostCounted);
    if (!earlier) return earlier.error();
    const auto count = static_cast<std::int64_t>(earlier->size());
    const bool ended = (rule.count && count >= *rule.count) ||
                       (rule.until && series.until_key(*rule.until) < slot_key);
    if (ended) {
      divided.before.push_back(to_line(rule));
      continue;
    }
    divided.before.push_back(to_line({rule.parts, series.until_before(slot_key), std::nullopt}));
    Rule rest = rule;
    if (rest.count) rest.count = *rule.count - count;
    divided.following.push_back(to_line(rest));
  }
  for (const DateList& dates : series.lines().dates) {
    const DateList before = part_of(dates, series, slot_key, false);
    const DateList following = part_of(dates, series, slot_key, true);
    if (!before.stamps.empty()) divided.before.push_back(to_line(before));
    if (!following.stamps.empty()) divided.following.push_back(to_line(following));
  }
  return divided;
}

// Whether both happen at the same times from the slot on. Rules repeat after 28 years at the latest
// but for turns of a century; what differs at all differs soon.
Result<bool> same_following(const Series& whole, const Series& following, Instant slot_key) {
  constexpr Instant kEnough = Instant{28} * 366 * kDayMs;
  const auto wanted = whole.slots(slot_key, slot_key + kEnough);
  if (!wanted) return wanted.error();
  const auto got = following.slots(slot_key, slot_key + kEnough);
  if (!got) return got.error();
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  return std::equal(wanted->begin(), wanted->end(), got->begin(), got->end(), same_key);
}

void start_at(Task& task, const Slot& slot) {
  Schedule& schedule = task.schedule;
  if (schedule.kind == ScheduleKind::none) {
    task.due = format_day(day_of_local(slot.wall));
    return;
  }
  const Result<Day> start = parse_day(schedule.start), end = parse_day(schedule.end);
  const Day day = day_of_local(slot.wall);
  schedule.start = schedule.kind == ScheduleKind::timed ? format_local(slot.wall) : format_day(day);
  if (start && end) schedule.end = format_day(day + (*end - *start));
  schedule.origin = ScheduleOrigin::person;
  task.due = due_of(schedule);
}

}  // namespace

Result<bool> is_occurrence(const Task& task, std::string_view slot, std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series) return series.error();
  if (!is_slot_of(task, slot)) return false;
  const Result<Instant> key = series->key_of(slot);
  if (!key) return key.error();
  const auto slots = series->slots(*key, *key);
  if (!slots) return slots.error();
  const auto found = slots->find(*key);
  return found != slots->end() && series->spell(found->second.shown) == slot;
}

std::optional<Instant> instant_of_slot(const Task& task, std::string_view slot,
                                       std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series || series->by_day() || !is_slot_of(task, slot)) return std::nullopt;
  const Result<Instant> key = series->key_of(slot);
  return key ? std::optional(*key) : std::nullopt;
}

std::string shown_slot(const Task& task, std::string_view slot, std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series || !is_slot_of(task, slot)) return std::string(slot);
  const Result<Instant> key = series->key_of(slot);
  return key ? series->spell(series->shown(*key)) : std::string(slot);
}

Result<std::vector<Occurrence>> occurrences(const Task& task, std::string_view zone, Instant from,
                                            Instant to, std::size_t limit) {
  const Result<Series> series = Series::of(task, zone);
  if (!series) return series.error();
  // Days are counted as if in UTC: zones are up to 14 hours away from it.
  const Instant last = last_key(*series, task, to + (series->by_day() ? kDayMs : 0));
  const Instant first = first_key(*series, task, from - length_ms(task) - kDayMs);
  const auto slots = series->slots(first, last);
  if (!slots) return slots.error();
  Task plain = task;
  plain.overrides.clear();
  std::vector<Occurrence> found;
  for (const auto& [ignored_key, slot] : *slots) {
    const std::string name = series->spell(slot.shown);
    const bool differs = find_override(task, name) != nullptr;
    Result<Task> occurrence = occurrence_task(differs ? task : plain, name);
    if (!occurrence) return occurrence.error();
    const auto span = span_of(*occurrence, zone);
    if (!span) return span.error();
    const auto [start, end] = *span;
    const bool inside = start < to && (end > from || start >= from);
    if (inside) found.push_back({name, std::move(*occurrence), start, end});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.start_ms < b.start_ms; });
  if (found.size() > limit) found.resize(limit);
  return found;
}

Result<std::vector<std::size_t>> lost_overrides(const Task& before, const Task& after,
                                                std::string_view zone) {
  std::vector<std::size_t> lost;
  if (after.overrides.empty()) return lost;
  if (!recurs(after)) {
    for (std::size_t index = 0; index < after.overrides.size(); ++index) lost.push_back(index);
    return lost;
  }
  const Result<Series> is = Series::of(after, zone);
  if (!is) return is.error();
  const Result<Series> was = recurs(before) ? Series::of(before, zone) : is;
  if (!was) return was.error();
  const Instant last = last_key(*is, after, is->start_key());
  const auto slots = is->slots(first_key(*is, after, last), last);
  if (!slots) return slots.error();
  for (std::size_t index = 0; index < after.overrides.size(); ++index) {
    const std::string& slot = after.overrides[index].slot;
    const Result<Instant> then =
        find_override(before, slot) != nullptr ? was->key_of(slot) : is->key_of(slot);
    const Result<Instant> now = is->key_of(slot);
    const auto found = now ? slots->find(*now) : slots->end();
    const bool stays = then && now && *then == *now && found != slots->end() &&
                       is->spell(found->second.shown) == slot;
    if (!stays) lost.push_back(index);
  }
  return lost;
}

namespace {

/// Of a task that was moved behind the end of its rule, or whose rule was cut short before its
/// start: it happens once. Services refuse such rules.
void drop_ended_rules(Task& task, std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series) return;
  const auto ended = [&](const Rule& rule) {
    return rule.until && series->until_key(*rule.until) < series->start_key();
  };
  std::vector<std::string> lines;
  bool repeats = false;
  for (const std::string& line : task.recurrence) {
    const RecurrenceLines read = read_recurrence_lines({line}).value();
    if (std::any_of(read.rules.begin(), read.rules.end(), ended)) continue;
    repeats = repeats || !read.rules.empty() ||
              std::any_of(read.dates.begin(), read.dates.end(),
                          [](const DateList& dates) { return !dates.leaves_out; });
    lines.push_back(line);
  }
  if (lines.size() == task.recurrence.size()) return;
  if (!repeats) lines.clear();
  task.recurrence = std::move(lines);
}

}  // namespace

Status settle_series(const Task& before, Task& after, std::string_view zone) {
  const bool same = before.schedule == after.schedule && start_of(before) == start_of(after) &&
                    before.recurrence == after.recurrence && before.overrides == after.overrides;
  if (same) return {};
  drop_ended_rules(after, zone);
  const auto lost = lost_overrides(before, after, zone);
  if (!lost) return lost.error();
  for (auto index = lost->rbegin(); index != lost->rend(); ++index) {
    after.overrides.erase(after.overrides.begin() + static_cast<std::ptrdiff_t>(*index));
  }
  return {};
}

Result<SplitSeries> split_series(const Task& task, std::string_view slot, std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series) return series.error();
  const Result<bool> happens = is_occurrence(task, slot, zone);
  if (!happens) return happens.error();
  if (!*happens)
    return Error{Code::not_found, fmt::format("the series does not happen at {}", slot)};
  const Instant key = series->key_of(slot).value();
  const auto slots = series->slots(series->start_key(), key);
  if (!slots) return slots.error();
  if (slots->begin()->first == key) {
    return Error{Code::conflict, "this is the first occurrence: all of the series follows",
                 "first_occurrence"};
  }
  const Result<DividedLines> lines = divide_lines(*series, key);
  if (!lines) return lines.error();
  SplitSeries split{task, task};
  split.before.recurrence = lines->before;
  split.following.recurrence = lines->following;
  start_at(split.following, slots->at(key));
  const auto is_before = [&](const Override& each) {
    return series->key_of(each.slot).value() < key;
  };
  std::erase_if(split.following.overrides, is_before);
  std::erase_if(split.before.overrides, [&](const Override& each) { return !is_before(each); });
  if (split.following.recurrence.empty()) {  // one occurrence is left: it is no series any more
    Result<Task> last = occurrence_task(task, slot);
    if (!last) return last.error();
    split.following = std::move(*last);
  } else {
    const Result<Series> rest = Series::of(split.following, zone);
    if (!rest) return rest.error();
    const Result<bool> same = same_following(*series, *rest, key);
    if (!same) return same.error();
    if (!*same) {
      return Error{Code::conflict,
                   "the rest of this series cannot begin here; choose an occurrence of its rule",
                   "off_rule"};
    }
  }
  return split;
}

std::vector<std::string> recurrence_lines(const Task& task, std::string_view zone) {
  const Result<Series> series = Series::of(task, zone);
  if (!series) return task.recurrence;
  std::vector<std::string> lines;
  for (const std::string& line : task.recurrence) {
    const RecurrenceLines read = read_recurrence_lines({line}).value();
    lines.push_back(line);
    for (Rule rule : read.rules) {
      const StampForm wanted = series->by_day() ? StampForm::date : StampForm::utc;
      if (!rule.until || rule.until->form == wanted) continue;
      rule.until = series->fitting_until(*rule.until);
      lines.back() = to_line(rule);
    }
    for (DateList dates : read.dates) {
      const bool fits = std::all_of(
          dates.stamps.begin(), dates.stamps.end(),
          [&](const auto& stamp) { return (stamp.form == StampForm::date) == series->by_day(); });
      if (fits) continue;
      for (Stamp& stamp : dates.stamps) {
        stamp = {series->by_day() ? StampForm::date : StampForm::local,
                 series->wall_of(stamp, dates.zone)};
      }
      dates.zone = series->zone();
      lines.back() = to_line(dates);
    }
  }
  return lines;
}

}  // namespace mortise::core
