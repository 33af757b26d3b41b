#include "times.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace google_calendar {
namespace {

constexpr std::int64_t kLongest = 36'525 * kDay;

/// `count` digits at `at`, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// "+01:00" or "Z" or nothing at all; outer nullopt: something else.
std::optional<std::optional<std::int64_t>> read_offset(std::string_view text) {
  if (text.empty()) return std::optional<std::int64_t>();
  if (text == "Z" || text == "z") return std::optional<std::int64_t>(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return std::optional<std::int64_t>(text[0] == '-' ? -seconds : seconds);
}

std::chrono::year_month_day day_of(std::int64_t wall_s) {
  using namespace std::chrono;
  return year_month_day(sys_days(floor<days>(seconds(wall_s))));
}

}  // namespace

std::optional<std::int64_t> read_day(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = digits(text, 0, 4);
  const auto m = digits(text, 5, 2);
  const auto d = digits(text, 8, 2);
  if (!y || !m || !d) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  return duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
}

std::optional<Stamp> read_stamp(std::string_view text) {
  if (text.size() < 19 || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
  const auto day = read_day(text.substr(0, 10));
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!day || !hour || !minute || !second || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::size_t rest = 19;
  if (rest < text.size() && text[rest] == '.') {
    ++rest;
    while (rest < text.size() && text[rest] >= '0' && text[rest] <= '9') ++rest;
  }
  const auto offset = read_offset(text.substr(rest));
  if (!offset) return std::nullopt;
  return Stamp{*day + *hour * 3600 + *minute * 60 + *second, *offset};
}

std::string write_day(std::int64_t wall_s) {
  const auto date = day_of(wall_s);
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::string write_local(std::int64_t wall_s) {
  const std::int64_t in_day = ((wall_s % kDay) + kDay) % kDay;
  char text[16];
  std::snprintf(text, sizeof text, "T%02d:%02d:%02d", static_cast<int>(in_day / 3600),
                static_cast<int>(in_day / 60 % 60), static_cast<int>(in_day % 60));
  return write_day(wall_s) + text;
}

std::string write_utc(std::int64_t instant_s) {
  return write_local(instant_s) + "Z";
}

std::optional<std::int64_t> read_duration(std::string_view text) {
  if (text.size() < 3 || text[0] != 'P') return std::nullopt;
  std::int64_t total = 0;
  bool in_time = false;
  bool any = false;
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] == 'T' && !in_time) {
      in_time = true;
      any = false;
      ++at;
      continue;
    }
    std::int64_t number = 0;
    const std::size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      number = std::min(number * 10 + (text[at] - '0'), kLongest + 1);
    }
    if (at == begin || at == text.size()) return std::nullopt;
    const char unit = text[at++];
    const std::int64_t size = !in_time && unit == 'W'   ? 7 * kDay
                              : !in_time && unit == 'D' ? kDay
                              : in_time && unit == 'H'  ? 3600
                              : in_time && unit == 'M'  ? 60
                              : in_time && unit == 'S'  ? 1
                                                        : 0;
    if (size == 0 || number > kLongest / size) return std::nullopt;
    total += number * size;
    any = true;
    if (total > kLongest) return std::nullopt;
  }
  if (!any) return std::nullopt;
  return total;
}

std::string write_duration(std::int64_t seconds) {
  std::string text = "PT";
  if (const auto hours = seconds / 3600; hours > 0) text += std::to_string(hours) + "H";
  if (const auto minutes = seconds / 60 % 60; minutes > 0) text += std::to_string(minutes) + "M";
  if (const auto rest = seconds % 60; rest > 0 || seconds == 0) text += std::to_string(rest) + "S";
  return text;
}

std::string write_days(std::int64_t seconds) {
  return "P" + std::to_string(std::max<std::int64_t>(1, seconds / kDay)) + "D";
}

bool is_utc(std::string_view zone) {
  return zone == "UTC" || zone == "Etc/UTC" || zone == "GMT" || zone == "Etc/GMT";
}

}  // namespace google_calendar
