#include "series.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "common/json.hpp"
#include "event_times.hpp"

namespace google_calendar {
namespace {

using common::Json;
using common::list;

/// The part `name` of a rule "FREQ=WEEKLY;COUNT=5", or empty.
std::string_view part(std::string_view rule, std::string_view name) {
  while (!rule.empty()) {
    const std::size_t end = std::min(rule.find(';'), rule.size());
    const std::string_view each = rule.substr(0, end);
    if (each.size() > name.size() && each.substr(0, name.size()) == name &&
        each[name.size()] == '=') {
      return each.substr(name.size() + 1);
    }
    rule.remove_prefix(std::min(end + 1, rule.size()));
  }
  return {};
}

bool has_any(std::string_view rule, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return !part(rule, name).empty(); });
}

/// "20261231" or "20261231T225959Z", in seconds. A day counts to its end, in every zone.
std::optional<std::int64_t> read_until(std::string_view text) {
  if (text.size() < 8) return std::nullopt;
  const std::string date = std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) +
                           "-" + std::string(text.substr(6, 2));
  const auto day = read_day(date);
  return day ? std::optional(*day + 2 * kDay) : std::nullopt;
}

/// The longest that `count` repetitions take; nothing where a filter may thin them out.
std::optional<std::int64_t> longest(std::string_view rule) {
  const auto number = [&](std::string_view name, std::int64_t fallback) {
    const std::string digits(part(rule, name));
    return digits.empty() ? fallback : std::strtoll(digits.c_str(), nullptr, 10);
  };
  const std::int64_t count = number("COUNT", 0);
  const std::int64_t interval = number("INTERVAL", 1);
  constexpr std::int64_t kMost = 100'000;
  if (count < 1 || interval < 1 || count > kMost || interval > kMost) return std::nullopt;
  const std::string_view freq = part(rule, "FREQ");
  if (has_any(rule, {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})) {
    return std::nullopt;
  }
  const bool by_day = has_any(rule, {"BYDAY"});
  if (freq == "WEEKLY") return count * interval * 7 * kDay;
  if (by_day) return std::nullopt;
  if (freq == "DAILY") return count * interval * kDay;
  // The 31st is in every other month at least, the 29th of February in every eighth year.
  if (freq == "MONTHLY") return count * interval * 62 * kDay;
  if (freq == "YEARLY") return count * interval * 8 * 366 * kDay;
  return std::nullopt;
}

}  // namespace

std::optional<SeriesClock> clock_of(const Json& event, const std::string& local) {
  const Json& lines = list(event, "recurrence");
  const auto when = when_of(event);
  if (lines.empty() || !when) return std::nullopt;
  SeriesClock clock;
  clock.whole_day = when->whole_day;
  clock.regular = !when->whole_day;
  clock.zone = when->zone;
  const auto stamp = read_stamp(local);
  if (!when->whole_day && (!stamp || stamp->offset_s)) return std::nullopt;
  clock.wall_s = when->whole_day ? when->start_s : stamp->wall_s;
  clock.offset_s = clock.wall_s - when->start_s;
  for (const Json& each : lines) {
    const std::string line = each.is_string() ? each.get<std::string>() : std::string();
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view rule = std::string_view(line).substr(std::min(colon + 1, line.size()));
    const std::string_view freq = part(rule, "FREQ");
    const bool within_a_day = freq == "HOURLY" || freq == "MINUTELY" || freq == "SECONDLY" ||
                              has_any(rule, {"BYHOUR", "BYMINUTE", "BYSECOND"});
    if (line.rfind("RDATE", 0) == 0 || within_a_day) clock.regular = false;
  }
  return clock;
}

std::string slot_at(const SeriesClock& clock, std::int64_t instant_s) {
  // The wall time nearest to the instant that has the series' time of day.
  const std::int64_t after = instant_s + clock.offset_s - clock.wall_s + kDay / 2;
  const std::int64_t days = after >= 0 ? after / kDay : -((kDay - 1 - after) / kDay);
  return write_local(clock.wall_s + days * kDay);
}

std::optional<std::int64_t> last_start(const Json& event, std::int64_t first_s) {
  std::int64_t last_s = first_s;
  for (const Json& each : list(event, "recurrence")) {
    const std::string line = each.is_string() ? each.get<std::string>() : std::string();
    if (line.rfind("RDATE", 0) == 0) return std::nullopt;
    if (line.rfind("RRULE:", 0) != 0) continue;
    const std::string_view rule = std::string_view(line).substr(6);
    std::optional<std::int64_t> end = read_until(part(rule, "UNTIL"));
    if (const auto length = longest(rule); !end && length) end = first_s + *length;
    if (!end) return std::nullopt;
    last_s = std::max(last_s, *end);
  }
  return last_s;
}

}  // namespace google_calendar
