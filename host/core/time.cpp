#include "core/time.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <limits>
#include <optional>

namespace mortise::core {
namespace {

constexpr Day kFirstDay = -719'162;  // 0001-01-01
constexpr Day kLastDay = 2'932'896;  // 9999-12-31

Error refuse(std::string_view text, std::string_view what) {
  return {Code::invalid, fmt::format("\"{}\" is not {}", text.substr(0, 64), what)};
}

// Takes text from the left; every step fails once one has failed.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool literal(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits.
  std::optional<int> digits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    int value = 0;
    for (const char character : text_.substr(0, count)) {
      if (character < '0' || character > '9') return std::nullopt;
      value = value * 10 + (character - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  // One or more digits, at most nine.
  std::optional<std::int64_t> number() {
    std::size_t count = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') ++count;
    if (count == 0 || count > 9) return std::nullopt;
    return digits(count);
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::optional<Day> scan_day(Scanner& scan) {
  const std::optional<int> year = scan.digits(4);
  if (!year || !scan.literal('-')) return std::nullopt;
  const std::optional<int> month = scan.digits(2);
  if (!month || !scan.literal('-')) return std::nullopt;
  const std::optional<int> day = scan.digits(2);
  if (!day || *year == 0) return std::nullopt;
  const date::year_month_day ymd = date::year(*year) / *month / *day;
  if (!ymd.ok()) return std::nullopt;
  return date::sys_days(ymd).time_since_epoch().count();
}

// "18:00:00"; `last_second` is 60 where leap seconds are allowed.
std::optional<std::int64_t> scan_time(Scanner& scan, int last_second) {
  const std::optional<int> hour = scan.digits(2);
  if (!hour || !scan.literal(':')) return std::nullopt;
  const std::optional<int> minute = scan.digits(2);
  if (!minute || !scan.literal(':')) return std::nullopt;
  const std::optional<int> second = scan.digits(2);
  if (!second || *hour > 23 || *minute > 59 || *second > last_second) return std::nullopt;
  return *hour * 3'600 + *minute * 60 + *second;
}

// ".123": milliseconds, further digits are cut off. Nothing after the point is an error.
std::optional<int> scan_fraction(Scanner& scan) {
  if (!scan.literal('.')) return 0;
  int millis = 0;
  int count = 0;
  while (const std::optional<int> digit = scan.digits(1)) {
    if (count < 3) millis = millis * 10 + *digit;
    ++count;
  }
  if (count == 0) return std::nullopt;
  for (; count < 3; ++count) millis *= 10;
  return millis;
}

// "Z" or "+01:00", in seconds.
std::optional<int> scan_offset(Scanner& scan) {
  if (scan.literal('Z') || scan.literal('z')) return 0;
  const bool minus = scan.literal('-');
  if (!minus && !scan.literal('+')) return std::nullopt;
  const std::optional<int> hour = scan.digits(2);
  if (!hour || !scan.literal(':')) return std::nullopt;
  const std::optional<int> minute = scan.digits(2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  const int seconds = *hour * 3'600 + *minute * 60;
  return minus ? -seconds : seconds;
}

std::optional<Instant> scan_instant(Scanner& scan) {
  const std::optional<Day> day = scan_day(scan);
  if (!day || !(scan.literal('T') || scan.literal('t'))) return std::nullopt;
  const std::optional<std::int64_t> time = scan_time(scan, 60);
  if (!time) return std::nullopt;
  const std::optional<int> millis = scan_fraction(scan);
  if (!millis) return std::nullopt;
  const std::optional<int> offset = scan_offset(scan);
  if (!offset || !scan.at_end()) return std::nullopt;
  const std::int64_t seconds = *day * kSecondsPerDay + *time - *offset;
  if (seconds < midnight(kFirstDay) || seconds >= midnight(kLastDay + 1)) return std::nullopt;
  return seconds * kMillisPerSecond + *millis;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

std::string format_time(std::int64_t time_s) {
  return fmt::format("{:02}:{:02}:{:02}", time_s / 3'600, time_s / 60 % 60, time_s % 60);
}

// The parts of a duration in their order, without weeks.
std::optional<std::int64_t> scan_duration_parts(Scanner& scan) {
  struct Part {
    char letter;
    std::int64_t seconds;
  };
  constexpr Part kParts[] = {{'D', kSecondsPerDay}, {'H', 3'600}, {'M', 60}, {'S', 1}};
  std::int64_t total = 0;
  std::size_t next = 0;
  bool in_time = false;
  while (!scan.at_end()) {
    if (!in_time && scan.literal('T')) {
      in_time = true;
      next = std::max<std::size_t>(next, 1);
      if (scan.at_end()) return std::nullopt;
    }
    const std::optional<std::int64_t> value = scan.number();
    if (!value) return std::nullopt;
    while (next < std::size(kParts) && !scan.literal(kParts[next].letter)) ++next;
    if (next == std::size(kParts) || in_time != (next > 0)) return std::nullopt;
    total += *value * kParts[next++].seconds;
  }
  return total;
}

}  // namespace

Result<Instant> parse_instant(std::string_view text) {
  Scanner scan(text);
  if (const std::optional<Instant> instant = scan_instant(scan)) return *instant;
  return refuse(text, "an RFC 3339 time like 2026-11-23T17:00:00Z");
}

std::string format_instant(Instant instant) {
  const std::int64_t seconds = floor_divide(instant, kMillisPerSecond);
  const std::int64_t millis = instant - seconds * kMillisPerSecond;
  const std::string local = format_local(seconds);
  return millis == 0 ? local + "Z" : fmt::format("{}.{:03}Z", local, millis);
}

Result<Day> parse_day(std::string_view text) {
  Scanner scan(text);
  const std::optional<Day> day = scan_day(scan);
  if (day && scan.at_end()) return *day;
  return refuse(text, "a date like 2026-11-23");
}

std::string format_day(Day day) {
  const date::year_month_day ymd{date::sys_days(date::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
}

Result<LocalSeconds> parse_local(std::string_view text) {
  Scanner scan(text);
  const std::optional<Day> day = scan_day(scan);
  if (day && scan.literal('T')) {
    const std::optional<std::int64_t> time = scan_time(scan, 59);
    if (time && scan.at_end()) return midnight(*day) + *time;
  }
  return refuse(text, "a local time like 2026-11-23T18:00:00");
}

std::string format_local(LocalSeconds local) {
  return format_day(day_of_local(local)) + "T" + format_time(time_of_day_s(local));
}

Day day_of_local(LocalSeconds local) {
  return static_cast<Day>(floor_divide(local, kSecondsPerDay));
}

std::int64_t time_of_day_s(LocalSeconds local) {
  return local - midnight(day_of_local(local));
}

LocalSeconds midnight(Day day) {
  return day * kSecondsPerDay;
}

int iso_weekday(Day day) {
  return static_cast<int>(date::weekday(date::sys_days(date::days(day))).iso_encoding());
}

Day monday_of(Day day) {
  return day - (iso_weekday(day) - 1);
}

Result<std::int64_t> parse_duration(std::string_view text) {
  Scanner scan(text);
  if (scan.literal('P') && !scan.at_end()) {
    Scanner weeks = scan;
    const std::optional<std::int64_t> count = weeks.number();
    if (count && weeks.literal('W') && weeks.at_end()) return *count * 7 * kSecondsPerDay;
    if (const std::optional<std::int64_t> seconds = scan_duration_parts(scan)) return *seconds;
  }
  return refuse(text, "a duration like PT1H36M");
}

std::string format_duration(std::int64_t seconds) {
  if (seconds <= 0) return "PT0S";
  std::string text = "PT";
  if (seconds >= 3'600) text += fmt::format("{}H", seconds / 3'600);
  if (seconds / 60 % 60 > 0) text += fmt::format("{}M", seconds / 60 % 60);
  if (seconds % 60 > 0) text += fmt::format("{}S", seconds % 60);
  return text;
}

std::string format_days(std::int64_t days) {
  return fmt::format("P{}D", days);
}

}  // namespace mortise::core
