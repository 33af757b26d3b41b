// Answers questions about zones, one a line, through the functions that the host uses:
//   instant <zone> <local>           the instant, in seconds
//   local <zone> <seconds>           what the clock shows
//   move <zone> <local> <zone>       the same instant on another clock
//   daily <zone> <local> <n>         a task that repeats daily: n pairs slot=seconds
//   day <zone> <date>                an all-day task that repeats: seconds of its first start and
//   end
// zones_against_zoneinfo.py asks.
#include <iostream>
#include <sstream>
#include <string>

#include "core/recurrence.hpp"
#include "core/zones.hpp"

using namespace mortise;
using namespace mortise::core;

namespace {

constexpr Instant kLate = 4'500'000'000'000;  // in 2112

Result<std::string> occurrences_of(Task task, const std::string& zone, int count, bool with_end) {
  task.recurrence = {"RRULE:FREQ=DAILY;COUNT=" + std::to_string(count)};
  const auto found = occurrences(task, zone, 0, kLate, static_cast<std::size_t>(count));
  if (!found) return found.error();
  std::string text;
  for (const Occurrence& each : *found) {
    if (!text.empty()) text += ' ';
    if (!with_end) text += each.slot + '=';
    text += std::to_string(each.start_ms / 1000);
    if (with_end) text += ' ' + std::to_string(each.end_ms / 1000);
  }
  return text;
}

Result<std::string> answer(std::istringstream& line) {
  std::string verb, zone, what;
  line >> verb >> zone >> what;
  Task task;
  task.schedule = {ScheduleKind::timed, ScheduleOrigin::person, what, "", zone};
  if (verb == "daily") {
    int count = 0;
    line >> count;
    return occurrences_of(std::move(task), "UTC", count, false);
  }
  if (verb == "day") {
    task.schedule = {ScheduleKind::all_day, ScheduleOrigin::person, what, "", ""};
    return occurrences_of(std::move(task), zone, 1, true);
  }
  if (verb == "local") {
    const Result<LocalSeconds> local = to_local(std::stoll(what) * 1000, zone);
    if (!local) return local.error();
    return format_local(*local);
  }
  const Result<LocalSeconds> local = parse_local(what);
  if (!local) return local.error();
  const Result<Instant> instant = to_instant(*local, zone);
  if (!instant) return instant.error();
  if (verb == "instant") return std::to_string(*instant / 1000);
  std::string other;
  line >> other;
  const Result<LocalSeconds> moved = to_local(*instant, other);
  if (!moved) return moved.error();
  return format_local(*moved);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string text;
  while (std::getline(std::cin, text)) {
    std::istringstream line(text);
    const Result<std::string> result = answer(line);
    std::cout << (result ? *result : "error: " + result.error().message) << '\n';
  }
}
