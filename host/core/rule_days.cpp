// The one place that includes libical. It counts days: dates without times and zones, so neither
// its zone tables nor its rules for clock changes take part.
#include <date/date.h>
#include <libical/ical.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "core/recurrence_lines.hpp"

namespace mortise::core {
namespace {

struct IteratorFree {
  void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};
using Iterator = std::unique_ptr<icalrecur_iterator, IteratorFree>;

icaltimetype to_ical(Day day) {
  const date::year_month_day ymd{date::sys_days(date::days(day))};
  icaltimetype time = icaltime_null_time();
  time.year = static_cast<int>(ymd.year());
  time.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  time.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  time.is_date = 1;
  return time;
}

Day to_day(const icaltimetype& time) {
  return date::sys_days(date::year(time.year) / time.month / time.day).time_since_epoch().count();
}

// Null: a combination of parts that the RFC does not have, or one that finds nothing.
Iterator iterate(const std::string& parts, Day start, Day last) {
  icalrecurrencetype rule = icalrecurrencetype_from_string(parts.c_str());
  Iterator iterator;
  if (rule.freq != ICAL_NO_RECURRENCE) {
    rule.until = to_ical(last);  // bounds its search
    iterator.reset(icalrecur_iterator_new(rule, to_ical(start)));
  }
  icalrecurrencetype_clear(&rule);
  return iterator;
}

std::optional<Day> next(const Iterator& iterator) {
  const icaltimetype time = icalrecur_iterator_next(iterator.get());
  if (icaltime_is_null_time(time)) return std::nullopt;
  return to_day(time);
}

std::string without_interval(std::string parts) {
  const std::size_t begin = parts.find("INTERVAL=");
  if (begin == parts.npos) return parts;
  return parts.erase(begin, std::min(parts.find(';', begin), parts.size() - 1) - begin + 1);
}

}  // namespace

bool happens(const Rule& rule) {
  // Forty years hold every kind of year and month; libical gives up soon after.
  const Day start = parse_day("2540-01-01").value();
  const Iterator iterator =
      iterate(without_interval(rule.parts), start, parse_day("2580-12-31").value());
  return iterator && next(iterator).has_value();
}

Result<std::vector<Day>> rule_days(const Rule& rule, Day start, Day last, std::size_t most) {
  std::vector<Day> days;
  const Iterator iterator = iterate(rule.parts, start, last);
  while (iterator) {
    if (rule.count && days.size() == static_cast<std::size_t>(*rule.count)) break;
    const std::optional<Day> day = next(iterator);
    if (!day || *day > last) break;
    if (days.size() == most) {
      return Error{Code::too_large, fmt::format("a series is counted to {} occurrences", most)};
    }
    days.push_back(*day);
  }
  return days;
}

}  // namespace mortise::core
