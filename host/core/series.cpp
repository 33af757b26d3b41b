#include "core/series.hpp"

#include <algorithm>
#include <set>

#include "core/bounds.hpp"
#include "core/occurrence.hpp"
#include "core/recurrence.hpp"
#include "core/zones.hpp"

namespace mortise::core {
namespace {

constexpr std::int64_t kDayMs = kSecondsPerDay * kMillisPerSecond;

// Whether a wall time can be an instant in between: zones are less than a day away from UTC. Saves
// asking the zone about every occurrence since the series began.
bool maybe_within(LocalSeconds wall, Instant first, Instant last) {
  return wall * kMillisPerSecond > first - kDayMs && wall * kMillisPerSecond < last + kDayMs;
}

}  // namespace

Result<Series> Series::of(const Task& task, std::string_view zone) {
  if (!recurs(task)) return Error{Code::invalid, "this task does not repeat"};
  Series series;
  series.zone_ = task.schedule.zone.empty() ? zone : task.schedule.zone;
  series.by_day_ = core::by_day(task);
  const std::string start = std::string(start_of(task)) + (series.by_day_ ? "T00:00:00" : "");
  const Result<LocalSeconds> wall = parse_local(start);
  if (!wall) return wall.error();
  series.start_ = *wall;
  if (const auto known = to_instant(0, series.zone_); !known) return known.error();
  Result<RecurrenceLines> lines = read_recurrence_lines(task.recurrence);
  if (!lines) return lines.error();
  series.lines_ = std::move(*lines);
  return series;
}

Instant Series::key(LocalSeconds wall) const {
  return by_day_ ? wall * kMillisPerSecond : to_instant(wall, zone_).value();
}

Result<Instant> Series::key_of(std::string_view slot) const {
  const Result<LocalSeconds> wall = parse_local(std::string(slot) + (by_day_ ? "T00:00:00" : ""));
  if (!wall) return wall.error();
  return key(*wall);
}

LocalSeconds Series::shown(Instant key) const {
  return by_day_ ? key / kMillisPerSecond : to_local(key, zone_).value();
}

std::string Series::spell(LocalSeconds shown) const {
  return by_day_ ? format_day(day_of_local(shown)) : format_local(shown);
}

Result<std::map<Instant, Slot>> Series::slots(Instant first, Instant last) const {
  std::map<Instant, Slot> found;
  add(found, start_, first, last);
  std::size_t left = kMostCounted;
  for (const Rule& rule : lines_.rules) {
    const auto walls = rule_walls(rule, last, left);
    if (!walls) return walls.error();
    left -= walls->size();
    for (const LocalSeconds wall : *walls) add(found, wall, first, last);
  }
  for (const DateList& dates : lines_.dates) {
    if (dates.leaves_out) continue;
    for (const Stamp& stamp : dates.stamps) {
      add(found, wall_of(stamp, dates.zone), first, last);
    }
  }
  leave_out(found);
  return found;
}

Result<std::vector<LocalSeconds>> Series::rule_walls(const Rule& rule, Instant last,
                                                     std::size_t most) const {
  const std::int64_t time_s = time_of_day_s(start_);
  const Instant end = rule.until ? std::min(last, until_key(*rule.until)) : last;
  std::vector<LocalSeconds> walls;
  // A day later: where the zone is east of Greenwich, the wall is ahead.
  const Day last_day =
      std::min(day_of_local(end / kMillisPerSecond) + 1, parse_day(kLastRecordDay).value());
  const auto days = rule_days(rule, day_of_local(start_), last_day, most);
  if (!days) return days.error();
  for (const Day day : *days) {
    const LocalSeconds wall = midnight(day) + time_s;
    if (wall * kMillisPerSecond > end - kDayMs && key(wall) > end) break;
    walls.push_back(wall);
  }
  return walls;
}

Instant Series::until_key(const Stamp& until) const {
  if (by_day_) return midnight(day_in(until)) * kMillisPerSecond;
  if (until.form == StampForm::utc) return until.seconds * kMillisPerSecond;
  if (until.form == StampForm::local) return key(until.seconds);
  return key(until.seconds + kSecondsPerDay) - kMillisPerSecond;
}

Stamp Series::fitting_until(const Stamp& until) const {
  if (by_day_) return {StampForm::date, midnight(day_in(until))};
  return {StampForm::utc, until_key(until) / kMillisPerSecond};
}

Stamp Series::until_before(Instant slot_key) const {
  const LocalSeconds seconds = slot_key / kMillisPerSecond;
  if (by_day_) return {StampForm::date, seconds - kSecondsPerDay};
  return {StampForm::utc, seconds - 1};
}

LocalSeconds Series::wall_of(const Stamp& stamp, const std::string& line_zone) const {
  if (by_day_) return midnight(day_in(stamp));
  if (stamp.form == StampForm::date) return stamp.seconds + time_of_day_s(start_);
  if (stamp.form == StampForm::utc) {
    return to_local(stamp.seconds * kMillisPerSecond, zone_).value();
  }
  if (line_zone.empty() || line_zone == zone_) return stamp.seconds;
  return to_local(to_instant(stamp.seconds, line_zone).value(), zone_).value();
}

void Series::add(std::map<Instant, Slot>& found, LocalSeconds wall, Instant first,
                 Instant last) const {
  if (!maybe_within(wall, first, last)) return;
  const Instant at = key(wall);
  if (at < first || at > last) return;
  found.emplace(at, Slot{wall, shown(at)});
}

void Series::leave_out(std::map<Instant, Slot>& found) const {
  std::set<Day> days;  // a date leaves out its whole day
  for (const DateList& dates : lines_.dates) {
    if (!dates.leaves_out) continue;
    for (const Stamp& stamp : dates.stamps) {
      if (stamp.form == StampForm::date && !by_day_) {
        days.insert(day_of_local(stamp.seconds));
      } else {
        found.erase(key(wall_of(stamp, dates.zone)));
      }
    }
  }
  if (days.empty()) return;
  std::erase_if(found,
                [&](const auto& entry) { return days.contains(day_of_local(entry.second.shown)); });
}

// The day of a stamp for a series of days; an instant is the day that it is in the zone.
Day Series::day_in(const Stamp& stamp) const {
  if (stamp.form != StampForm::utc) return day_of_local(stamp.seconds);
  return day_of_local(to_local(stamp.seconds * kMillisPerSecond, zone_).value());
}

}  // namespace mortise::core
