// Start and end of an event: two sorts, never mixed, end after start.
#include "simulators/google/event.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

struct Moment {
  std::int64_t instant_ms = 0;
  bool whole_day = false;
  std::string zone;
};

struct ReadMoment {
  Moment moment;
  std::optional<Problem> problem;
};

Problem malformed(const std::string& text) {
  return invalid("Invalid value for: Invalid format: \"" + text + "\"");
}

// `label` is "start" or "end", as Google's messages name them.
ReadMoment read_moment(const Json& wanted, const std::string& label, const Calendar& calendar,
                       bool recurring) {
  const auto found = wanted.find(label);
  if (found == wanted.end()) return {{}, missing("Missing " + label + " time.")};
  if (!found->is_object()) return {{}, invalid("Invalid " + label + " time.")};
  const bool has_date = found->contains("date");
  if (has_date == found->contains("dateTime")) {
    return {
        {},
        has_date ? invalid("Invalid " + label + " time.") : missing("Missing " + label + " time.")};
  }
  Moment moment;
  moment.zone = text_of(*found, "timeZone");
  if (!moment.zone.empty() && !known_zone(moment.zone)) {
    return {{}, invalid("Invalid time zone definition for " + label + " time.")};
  }
  if (has_date) {
    const std::string text = text_of(*found, "date");
    const auto midnight = read_date(text);
    if (!midnight) return {{}, malformed(text)};
    moment.whole_day = true;
    moment.instant_ms = to_instant(*midnight, calendar.time_zone());
    return {moment, std::nullopt};
  }
  const std::string text = text_of(*found, "dateTime");
  const auto written = read_date_time(text);
  if (!written) return {{}, malformed(text)};
  const bool zone_needed = recurring || !written->offset_minutes;
  if (zone_needed && moment.zone.empty()) {
    return {{}, missing("Missing time zone definition for " + label + " time.")};
  }
  if (moment.zone.empty()) moment.zone = calendar.time_zone();
  moment.instant_ms = written->offset_minutes ? written->wall_ms - *written->offset_minutes * 60'000
                                              : to_instant(written->wall_ms, moment.zone);
  moment.instant_ms -= moment.instant_ms % 1000;  // events have whole seconds
  return {moment, std::nullopt};
}

}  // namespace

Json kept_time(std::int64_t instant_ms, const std::string& zone, bool whole_day) {
  if (whole_day) return Json{{"date", write_date(to_wall(instant_ms, zone))}};
  return Json{{"dateTime", write_utc(instant_ms)}, {"timeZone", zone}};
}

Json shown_time(const Json& kept, const std::string& zone) {
  const auto instant = read_instant(text_of(kept, "dateTime"));
  if (!instant) return kept;
  return Json{{"dateTime", write_in_zone(*instant, zone)}, {"timeZone", text_of(kept, "timeZone")}};
}

std::optional<Problem> write_times(Event& event, const Json& wanted, const Calendar& calendar,
                                   bool recurring) {
  const ReadMoment start = read_moment(wanted, "start", calendar, recurring);
  if (start.problem) return start.problem;
  const ReadMoment end = read_moment(wanted, "end", calendar, recurring);
  if (end.problem) return end.problem;
  if (start.moment.whole_day != end.moment.whole_day) {
    return invalid("Start and end times must either both be date or both be dateTime.");
  }
  if (end.moment.instant_ms <= start.moment.instant_ms) {
    return Problem{400, "timeRangeEmpty", "The specified time range is empty.", "calendar"};
  }
  const bool whole_day = start.moment.whole_day;
  event.start_ms = start.moment.instant_ms;
  event.end_ms = end.moment.instant_ms;
  const std::string& own = calendar.time_zone();
  event.fields["start"] = kept_time(event.start_ms, whole_day ? own : start.moment.zone, whole_day);
  event.fields["end"] = kept_time(event.end_ms, whole_day ? own : end.moment.zone, whole_day);
  return std::nullopt;
}

std::string zone_of(const Event& event, const Calendar& calendar) {
  const auto start = event.fields.find("start");
  const std::string own = start == event.fields.end() ? "" : text_of(*start, "timeZone");
  return own.empty() ? calendar.time_zone() : own;
}

bool all_day(const Event& event) {
  const auto start = event.fields.find("start");
  return start != event.fields.end() && start->contains("date");
}

}  // namespace mortise::simulators::google
