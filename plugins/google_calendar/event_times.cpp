#include "event_times.hpp"

#include <algorithm>

#include "common/json.hpp"

namespace google_calendar {
namespace {

using common::flag;
using common::Json;
using common::member;
using common::text;

constexpr std::int64_t kHalfAnHour = 1800;

/// The local start, where it is known.
std::string local_start(const When& when, const Clues& clues) {
  if (!when.start.offset_s || when.zone == clues.shown_in) return write_local(when.start.wall_s);
  if (is_utc(when.zone)) return write_local(when.start_s);
  constexpr std::size_t kLocal = 19;
  const std::string before = write_utc(when.start_s) + " ";
  const std::string after = " " + when.zone;
  const std::string& memo = clues.memo;
  const bool proven = memo.size() == before.size() + kLocal + after.size() &&
                      memo.rfind(before, 0) == 0 &&
                      memo.compare(memo.size() - after.size(), after.size(), after) == 0;
  const std::string local = proven ? memo.substr(before.size(), kLocal) : std::string();
  return read_stamp(local) ? local : std::string();
}

}  // namespace

std::optional<When> when_of(const Json& event) {
  const Json& start = member(event, "start");
  const Json& end = member(event, "end");
  When when;
  if (const auto day = read_day(text(start, "date"))) {
    const auto last = read_day(text(end, "date"));
    when.whole_day = true;
    when.start_s = *day;
    when.length_s = last ? std::max(kDay, *last - *day) : kDay;
    return when;
  }
  const auto from = read_stamp(text(start, "dateTime"));
  if (!from) return std::nullopt;
  const auto to = read_stamp(text(end, "dateTime"));
  when.start = *from;
  when.start_s = from->instant_s();
  when.length_s = to ? std::max<std::int64_t>(0, to->instant_s() - when.start_s) : 0;
  when.zone = text(start, "timeZone");
  return when;
}

std::string memo_of(const When& when, const std::string& local) {
  return write_utc(when.start_s) + " " + local + " " + when.zone;
}

std::string read_times(const Json& event, const Clues& clues, Json& fields, std::string& memo) {
  const auto found = when_of(event);
  if (!found) return {};
  When when = *found;
  if (when.whole_day) {
    fields["start"] = write_day(when.start_s);
    fields["showWithoutTime"] = true;
    fields["duration"] = write_days(when.length_s);
    return {};
  }
  fields["duration"] = write_duration(when.length_s);
  if (when.zone.empty()) when.zone = clues.shown_in;
  if (when.zone.empty()) {
    fields["start"] = text(member(event, "start"), "dateTime");
    return {};
  }
  fields["timeZone"] = when.zone;
  const std::string local = local_start(when, clues);
  if (local.empty()) return when.zone;
  fields["start"] = local;
  memo = memo_of(when, local);
  return {};
}

void spell_times(const Json& fields, bool patch, std::int64_t ends_ms, Json& body) {
  const std::string start = text(fields, "start");
  const auto stamp = read_stamp(start);
  const auto duration = read_duration(text(fields, "duration"));
  const auto day = read_day(std::string_view(start).substr(0, 10));
  if (day && (flag(fields, "showWithoutTime") || !stamp)) {
    const std::int64_t days =
        std::max<std::int64_t>(1, (duration.value_or(kDay) + kDay - 1) / kDay);
    body["start"] = {{"date", write_day(*day)}};
    body["end"] = {{"date", write_day(*day + days * kDay)}};
  } else if (stamp) {
    // Google refuses events without length.
    const std::int64_t length = std::max<std::int64_t>(duration.value_or(kHalfAnHour), 60);
    const auto spell = [&](std::int64_t later) {
      Json time{{"dateTime", stamp->offset_s ? write_utc(stamp->instant_s() + later)
                                             : write_local(stamp->wall_s + later)}};
      if (const std::string zone = text(fields, "timeZone"); !zone.empty()) time["timeZone"] = zone;
      return time;
    };
    body["start"] = spell(0);
    body["end"] = spell(length);
    if (ends_ms != 0 && length == duration) body["end"]["dateTime"] = write_utc(ends_ms / 1000);
  }
  if (!patch) return;
  for (const char* end : {"start", "end"}) {
    if (!body.contains(end)) continue;
    const bool whole_day = body[end].contains("date");
    for (const char* other : {"dateTime", "timeZone"}) {
      if (whole_day) body[end][other] = nullptr;
    }
    if (!whole_day) body[end]["date"] = nullptr;
  }
}

}  // namespace google_calendar
