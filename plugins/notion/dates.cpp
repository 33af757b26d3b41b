#include "dates.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

namespace notion {
namespace {

using common::text;

constexpr std::size_t kDay = 10;    // "2026-11-23"
constexpr std::size_t kLocal = 19;  // "2026-11-23T18:00:00"

bool is_day(const std::string& text) {
  return text.size() == kDay;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

constexpr int kEpoch = 719468;  // 1970-01-01, in days since 0000-03-01
// Days since 1970-01-01 and back: howardhinnant.github.io/date_algorithms.html
int days_of(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = year / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - kEpoch;
}

std::string day_of(int days) {
  days += kEpoch;
  const int era = days / 146097;
  const int of_era = days - era * 146097;
  const int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted = (5 * of_year + 2) / 153;
  const int day = of_year - (153 * shifted + 2) / 5 + 1;
  const int month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", year, month, day);
  return text.data();
}

/// "2026-11-23T18:00:00.000+01:00" without fractions and with a spelled-out offset.
std::string plain_moment(const std::string& moment) {
  if (moment.size() <= kLocal) return moment;
  std::string plain = moment.substr(0, kLocal);
  const std::size_t offset = moment.find_first_of("Z+-", kLocal);
  if (offset == std::string::npos) return plain;
  return plain + (moment[offset] == 'Z' ? "+00:00" : moment.substr(offset));
}

}  // namespace

std::string add_days(std::string_view day, int days) {
  if (day.size() != kDay || day[4] != '-' || day[7] != '-') return {};
  const auto year = number(day.substr(0, 4));
  const auto month = number(day.substr(5, 2));
  const auto of_month = number(day.substr(8, 2));
  if (!year || !month || !of_month || *year < 1 || *month < 1 || *month > 12 || *of_month < 1 ||
      *of_month > 31) {
    return {};
  }
  return day_of(days_of(*year, *month, *of_month) + days);
}

Json to_notion_date(const Json& value) {
  const std::string start = text(value, "start");
  std::string end = text(value, "end");
  const std::string zone = text(value, "time_zone");
  if (start.empty()) return nullptr;
  if (is_day(start) && is_day(end)) {
    end = add_days(end, -1);
    if (end <= start) end.clear();
  }
  Json date = {{"start", start}};
  if (!end.empty()) date["end"] = end;
  if (!zone.empty() && !is_day(start)) date["time_zone"] = zone;
  return date;
}

Json from_notion_date(const Json& date) {
  const std::string start = text(date, "start");
  const std::string end = text(date, "end");
  Json value = {{"start", plain_moment(start)}};
  if (is_day(start)) {
    const std::string after = is_day(end) ? add_days(end, 1) : std::string();
    if (!after.empty()) value["end"] = after;
    return value;
  }
  if (!end.empty()) value["end"] = plain_moment(end);
  const std::string zone = text(date, "time_zone");
  if (zone.empty()) return value;
  for (auto& [name, moment] : value.items()) {
    const std::string local = moment.get<std::string>().substr(0, kLocal);
    moment = local;
  }
  value["time_zone"] = zone;
  return value;
}

std::int64_t read_time(std::string_view text) {
  if (text.size() < kLocal + 1 || text.back() != 'Z') return 0;
  const auto part = [&](std::size_t at, std::size_t size) { return number(text.substr(at, size)); };
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const auto hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return 0;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31) return 0;
  if (*hour > 23 || *minute > 59 || *second > 59) return 0;
  const std::int64_t days = days_of(*year, *month, *day);
  const std::int64_t ms =
      ((days * 24 + *hour) * 60 + *minute) * 60'000 + *second * std::int64_t{1000};
  return std::max<std::int64_t>(ms, 0);
}

std::string write_time(std::int64_t ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::int64_t days = ms / kDayMs;
  const int seconds = static_cast<int>(ms % kDayMs / 1000);
  std::array<char, 16> clock{};
  std::snprintf(clock.data(), clock.size(), "T%02d:%02d:%02dZ", seconds / 3600, seconds / 60 % 60,
                seconds % 60);
  return day_of(static_cast<int>(days)) + clock.data();
}

}  // namespace notion
