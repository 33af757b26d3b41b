#include "simulators/google/recurrence.hpp"

#include <libical/ical.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <set>

#include "simulators/google/event.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::size_t kMostOccurrences = 2000;
constexpr int kMostSteps = 20000;
constexpr std::int64_t kDay = 86'400'000;

struct Line {
  std::string name;   // RRULE, EXRULE, RDATE, EXDATE
  std::string zone;   // TZID, "" if none
  std::string value;  // after the colon
};

std::optional<Line> read_line(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  Line line{text.substr(0, std::min(colon, text.find(';'))), "", text.substr(colon + 1)};
  const auto zone = text.find(";TZID=");
  if (zone < colon)
    line.zone = text.substr(zone + 6, std::min(colon, text.find(';', zone + 1)) - zone - 6);
  return line;
}

icaltimetype to_ical(std::int64_t wall_ms, bool whole_day) {
  return icaltime_from_timet_with_zone(static_cast<time_t>(wall_ms / 1000), whole_day ? 1 : 0,
                                       nullptr);
}

std::int64_t from_ical(const icaltimetype& time) {
  return std::int64_t{icaltime_as_timet(time)} * 1000;
}

using Iterator = std::unique_ptr<icalrecur_iterator, void (*)(icalrecur_iterator*)>;

Iterator iterate(const icalrecurrencetype& rule, const icaltimetype& start) {
  return {icalrecur_iterator_new(rule, start), icalrecur_iterator_free};
}

// A series' clock: occurrences repeat on the wall of one zone, whatever the offset is that day.
struct Wall {
  std::string zone;
  std::int64_t start_ms = 0;
  bool whole_day = false;

  Wall(const Event& series, const Calendar& calendar)
      : zone(all_day(series) ? calendar.time_zone() : zone_of(series, calendar)),
        start_ms(to_wall(series.start_ms, zone)),
        whole_day(all_day(series)) {}
};

std::set<std::int64_t> by_rule(const std::string& rule_text, const Wall& wall,
                               std::int64_t until_wall) {
  std::set<std::int64_t> starts;
  icalrecurrencetype rule = icalrecurrencetype_from_string(rule_text.c_str());
  if (rule.freq == ICAL_NO_RECURRENCE) return starts;
  if (!icaltime_is_null_time(rule.until) && icaltime_is_utc(rule.until)) {
    rule.until = to_ical(to_wall(from_ical(rule.until), wall.zone), wall.whole_day);
  }
  const Iterator next = iterate(rule, to_ical(wall.start_ms, wall.whole_day));
  if (!next) return starts;
  for (int step = 0; step < kMostSteps; ++step) {
    const icaltimetype time = icalrecur_iterator_next(next.get());
    if (icaltime_is_null_time(time) || from_ical(time) > until_wall) break;
    starts.insert(from_ical(time));
  }
  return starts;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// One entry of an RDATE or EXDATE as a time on the series' wall.
std::optional<std::int64_t> listed_start(const std::string& text, const Line& line,
                                         const Wall& wall) {
  const icaltimetype time = icaltime_from_string(text.c_str());
  if (icaltime_is_null_time(time)) return std::nullopt;
  const std::int64_t start = from_ical(time);
  if (icaltime_is_utc(time)) return to_wall(start, wall.zone);
  if (!line.zone.empty() && line.zone != wall.zone && known_zone(line.zone)) {
    return to_wall(to_instant(start, line.zone), wall.zone);
  }
  return start;
}

std::set<std::int64_t> by_list(const Line& line, const Wall& wall) {
  std::set<std::int64_t> starts;
  for (const std::string& text : split(line.value, ',')) {
    if (const auto start = listed_start(text, line, wall)) starts.insert(*start);
  }
  return starts;
}

// A rule that ends before the slot, and the same rule from the slot on.
void cut_rule(const Line& line, const Wall& wall, std::int64_t slot_wall, CutLines& lines) {
  const std::int64_t slot_ms = to_instant(slot_wall, wall.zone);
  std::string before = line.name + ":";
  std::string after = before;
  for (const std::string& part : split(line.value, ';')) {
    const bool count = part.compare(0, 6, "COUNT=") == 0;
    const bool until = part.compare(0, 6, "UNTIL=") == 0;
    if (!count && !until) before += part + ";";
    if (!count) after += part + ";";
    if (!count) continue;
    const auto gone = by_rule(line.value, wall, slot_wall - 1).size();
    const auto all = static_cast<std::size_t>(std::strtoul(part.c_str() + 6, nullptr, 10));
    after += "COUNT=" + std::to_string(std::max(all, gone + 1) - gone) + ";";
  }
  before += "UNTIL=" + (wall.whole_day ? write_slot(slot_wall - kDay, true)
                                       : write_slot(slot_ms - 1000, false));
  after.pop_back();
  lines.before.push_back(before);
  lines.after.push_back(after);
}

void cut_list(const std::string& text, const Line& line, const Wall& wall, std::int64_t slot_wall,
              CutLines& lines) {
  std::string before, after;
  for (const std::string& entry : split(line.value, ',')) {
    const bool earlier = listed_start(entry, line, wall).value_or(slot_wall) < slot_wall;
    std::string& side = earlier ? before : after;
    side += (side.empty() ? "" : ",") + entry;
  }
  const std::string head = text.substr(0, text.find(':') + 1);
  if (!before.empty()) lines.before.push_back(head + before);
  if (!after.empty()) lines.after.push_back(head + after);
}

// The calendar has no rhythm below a day, and a rule must happen at all ("every 31st of February"
// would be searched for until the end of time at every look).
bool usable(const icalrecurrencetype& rule, const Event& event) {
  if (rule.freq != ICAL_DAILY_RECURRENCE && rule.freq != ICAL_WEEKLY_RECURRENCE &&
      rule.freq != ICAL_MONTHLY_RECURRENCE && rule.freq != ICAL_YEARLY_RECURRENCE) {
    return false;
  }
  const Iterator next = iterate(rule, to_ical(event.start_ms, all_day(event)));
  return next != nullptr && !icaltime_is_null_time(icalrecur_iterator_next(next.get()));
}

Problem bad_line(const std::string& text) {
  return invalid("Invalid recurrence rule: " + text);
}

}  // namespace

std::optional<Problem> check_recurrence(const Event& event) {
  const Json& lines = event.fields.at("recurrence");
  if (!lines.is_array()) return invalid("Invalid value for: recurrence");
  for (const Json& entry : lines) {
    if (!entry.is_string()) return invalid("Invalid value for: recurrence");
    const auto& text = entry.get_ref<const std::string&>();
    const auto line = read_line(text);
    if (!line) return bad_line(text);
    if (line->name == "RDATE" || line->name == "EXDATE") continue;
    if (line->name != "RRULE" && line->name != "EXRULE") return bad_line(text);
    const icalrecurrencetype rule = icalrecurrencetype_from_string(line->value.c_str());
    if (!usable(rule, event)) return bad_line(text);
    const bool bounded = !icaltime_is_null_time(rule.until);
    if (bounded && (icaltime_is_date(rule.until) != 0) != all_day(event)) return bad_line(text);
    if (bounded && !all_day(event) && !icaltime_is_utc(rule.until)) return bad_line(text);
  }
  return std::nullopt;
}

std::vector<std::int64_t> occurrences(const Event& series, const Calendar& calendar,
                                      std::int64_t from_ms, std::int64_t to_ms) {
  const Wall wall(series, calendar);
  const std::int64_t length = series.end_ms - series.start_ms;
  constexpr std::int64_t kFarAway = std::numeric_limits<std::int64_t>::max() / 2;
  const std::int64_t until = to_ms > kFarAway ? kFarAway : to_wall(to_ms, wall.zone);
  std::set<std::int64_t> starts{wall.start_ms};
  std::set<std::int64_t> left_out;
  for (const Json& entry : series.fields.at("recurrence")) {
    const auto line = read_line(entry.get<std::string>());
    if (!line) continue;
    const bool rule = line->name == "RRULE" || line->name == "EXRULE";
    const std::set<std::int64_t> found =
        rule ? by_rule(line->value, wall, until) : by_list(*line, wall);
    (line->name[0] == 'E' ? left_out : starts).insert(found.begin(), found.end());
  }
  std::vector<std::int64_t> inside;
  for (const std::int64_t start : starts) {
    if (left_out.count(start) > 0) continue;
    const std::int64_t instant = to_instant(start, wall.zone);
    if (instant + length > from_ms && instant < to_ms) inside.push_back(instant);
    if (inside.size() == kMostOccurrences) break;
  }
  return inside;
}

std::optional<std::int64_t> read_slot(const Event& series, const Calendar& calendar,
                                      const std::string& text) {
  const Wall wall(series, calendar);
  if (wall.whole_day) {
    const auto day = read_date(text);
    return day ? std::optional(to_instant(*day, wall.zone)) : std::nullopt;
  }
  const auto written = read_date_time(text);
  if (!written) return std::nullopt;
  return written->offset_minutes ? written->wall_ms - *written->offset_minutes * 60'000
                                 : to_instant(written->wall_ms, wall.zone);
}

bool has_slot(const Event& series, const Calendar& calendar, const Event& exception) {
  const Json original = exception.fields.value("originalStartTime", Json::object());
  const auto day = read_date(text_of(original, "date"));
  const auto slot = day ? std::optional(to_instant(*day, calendar.time_zone()))
                        : read_instant(text_of(original, "dateTime"));
  if (!slot) return false;
  const auto found = occurrences(series, calendar, *slot, *slot + 1);
  return std::find(found.begin(), found.end(), *slot) != found.end();
}

CutLines cut_lines(const Event& series, const Calendar& calendar, std::int64_t slot_ms) {
  const Wall wall(series, calendar);
  const std::int64_t slot_wall = to_wall(slot_ms, wall.zone);
  CutLines lines;
  for (const Json& entry : series.fields.at("recurrence")) {
    const auto text = entry.get<std::string>();
    const auto line = read_line(text);
    if (!line) continue;
    if (line->name == "RRULE") {
      cut_rule(*line, wall, slot_wall, lines);
    } else if (line->name == "EXRULE") {
      lines.before.push_back(text);
      lines.after.push_back(text);
    } else {
      cut_list(text, *line, wall, slot_wall, lines);
    }
  }
  return lines;
}

bool same_rhythm(const Event& before, const Event& after) {
  const auto rules_of = [](const Event& event) {
    std::multiset<std::string> rules;
    for (const Json& entry : event.fields.value("recurrence", Json::array())) {
      const auto line = read_line(entry.get<std::string>());
      if (!line || line->name == "RDATE" || line->name == "EXDATE") continue;
      icalrecurrencetype rule = icalrecurrencetype_from_string(line->value.c_str());
      rule.until = icaltime_null_time();
      rule.count = 0;
      const std::unique_ptr<char, decltype(&free)> text(icalrecurrencetype_as_string_r(&rule),
                                                        &free);
      rules.insert(line->name + ":" + text.get());
    }
    return rules;
  };
  return rules_of(before) == rules_of(after);
}

std::string occurrence_id(const Event& series, const Calendar& calendar, std::int64_t start_ms) {
  const bool whole_day = all_day(series);
  return series.id + "_" +
         write_slot(whole_day ? to_wall(start_ms, calendar.time_zone()) : start_ms, whole_day);
}

Event occurrence(const Event& series, const Calendar& calendar, std::int64_t start_ms) {
  const Wall wall(series, calendar);
  Event one = series;
  one.id = occurrence_id(series, calendar, start_ms);
  one.start_ms = start_ms;
  // A day of a series may have 23 or 25 hours: whole days are added on the wall.
  one.end_ms = wall.whole_day ? to_instant(to_wall(start_ms, wall.zone) +
                                               to_wall(series.end_ms, wall.zone) - wall.start_ms,
                                           wall.zone)
                              : start_ms + (series.end_ms - series.start_ms);
  one.fields.erase("recurrence");
  one.fields["recurringEventId"] = series.id;
  one.fields["start"] = kept_time(one.start_ms, wall.zone, wall.whole_day);
  one.fields["end"] = kept_time(one.end_ms, wall.zone, wall.whole_day);
  one.fields["originalStartTime"] = one.fields["start"];
  return one;
}

std::optional<Event> find_occurrence(const Calendar& calendar, const std::string& id) {
  const auto cut = id.rfind('_');
  if (cut == std::string::npos) return std::nullopt;
  const auto series = calendar.events.find(id.substr(0, cut));
  if (series == calendar.events.end() || !series->second.recurring()) return std::nullopt;
  const icaltimetype time = icaltime_from_string(id.c_str() + cut + 1);
  if (icaltime_is_null_time(time)) return std::nullopt;
  const bool whole_day = all_day(series->second);
  const std::int64_t start =
      whole_day ? to_instant(from_ical(time), calendar.time_zone()) : from_ical(time);
  const auto slots = occurrences(series->second, calendar, start, start + 1);
  const bool there = std::find(slots.begin(), slots.end(), start) != slots.end();
  if (!there || occurrence_id(series->second, calendar, start) != id) return std::nullopt;
  return occurrence(series->second, calendar, start);
}

}  // namespace mortise::simulators::google
