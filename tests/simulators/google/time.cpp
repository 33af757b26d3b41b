#include "simulators/google/time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

namespace mortise::simulators::google {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 86'400'000;

// Reads exactly `count` digits at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

std::optional<std::int64_t> read_clock(std::string_view text) {  // "18:00:00"
  const auto hour = digits(text, 0, 2);
  const auto minute = digits(text, 3, 2);
  const auto second = digits(text, 6, 2);
  if (!hour || !minute || !second || !has(text, 2, ':') || !has(text, 5, ':')) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return ((*hour * 60 + *minute) * 60 + *second) * std::int64_t{1000};
}

std::optional<std::int64_t> read_offset(std::string_view text) {  // "+01:00", in minutes
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (text.size() != 6 || !hours || !minutes || text[3] != ':') return std::nullopt;
  if ((text[0] != '+' && text[0] != '-') || *hours > 23 || *minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

struct Parts {
  int year, hour, minute, second, milli;
  unsigned month, day;
};

Parts parts_of(std::int64_t wall_ms) {
  const date::sys_time<milliseconds> at{milliseconds{wall_ms}};
  const auto midnight = date::floor<date::days>(at);
  const date::year_month_day ymd{midnight};
  const auto rest = static_cast<int>((at - midnight).count());
  return {int(ymd.year()), rest / 3'600'000,      rest / 60'000 % 60, rest / 1000 % 60,
          rest % 1000,     unsigned(ymd.month()), unsigned(ymd.day())};
}

}  // namespace

std::optional<std::int64_t> read_date(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (text.size() != 10 || !year || !month || !day || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const date::year_month_day ymd{date::year{*year}, date::month{unsigned(*month)},
                                 date::day{unsigned(*day)}};
  if (!ymd.ok()) return std::nullopt;
  return date::sys_days{ymd}.time_since_epoch().count() * kDay;
}

std::optional<Written> read_date_time(std::string_view text) {
  const auto midnight = read_date(text.substr(0, 10));
  if (!midnight || text.size() < 19 || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
  const auto clock = read_clock(text.substr(11, 8));
  if (!clock) return std::nullopt;
  Written written{*midnight + *clock, std::nullopt};
  std::string_view rest = text.substr(19);
  if (has(rest, 0, '.')) {
    std::size_t end = 1;
    for (int place = 100; end < rest.size() && rest[end] >= '0' && rest[end] <= '9'; ++end) {
      written.wall_ms += (rest[end] - '0') * place;
      place /= 10;
    }
    if (end == 1) return std::nullopt;
    rest = rest.substr(end);
  }
  if (rest.empty()) return written;
  written.offset_minutes =
      rest == "Z" || rest == "z" ? std::optional<std::int64_t>{0} : read_offset(rest);
  if (!written.offset_minutes) return std::nullopt;
  return written;
}

std::optional<std::int64_t> read_instant(std::string_view text) {
  const auto written = read_date_time(text);
  if (!written || !written->offset_minutes) return std::nullopt;
  return written->wall_ms - *written->offset_minutes * kMinute;
}

bool known_zone(const std::string& name) {
  try {
    return !name.empty() && date::locate_zone(name) != nullptr;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::int64_t to_instant(std::int64_t wall_ms, const std::string& zone) {
  const date::local_time<milliseconds> wall{milliseconds{wall_ms}};
  const auto found = date::locate_zone(zone)->get_info(wall);
  // In a gap the offset before it moves the time forward past the gap, as people expect.
  return wall_ms - std::chrono::duration_cast<milliseconds>(found.first.offset).count();
}

std::int64_t to_wall(std::int64_t instant_ms, const std::string& zone) {
  const date::sys_time<milliseconds> at{milliseconds{instant_ms}};
  const auto info = date::locate_zone(zone)->get_info(at);
  return instant_ms + std::chrono::duration_cast<milliseconds>(info.offset).count();
}

std::string write_utc(std::int64_t instant_ms) {
  const Parts p = parts_of(instant_ms);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", p.year, p.month, p.day, p.hour,
                     p.minute, p.second, p.milli);
}

std::string write_in_zone(std::int64_t instant_ms, const std::string& zone) {
  const std::int64_t wall = to_wall(instant_ms, zone);
  const Parts p = parts_of(wall);
  const std::int64_t offset = (wall - instant_ms) / kMinute;
  const std::string local = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", p.year, p.month,
                                        p.day, p.hour, p.minute, p.second);
  if (offset == 0) return local + "Z";
  const std::int64_t size = offset < 0 ? -offset : offset;
  return fmt::format("{}{}{:02}:{:02}", local, offset < 0 ? '-' : '+', size / 60, size % 60);
}

std::string write_http_date(std::int64_t instant_ms) {
  return date::format("%a, %d %b %Y %T GMT",
                      date::sys_seconds{std::chrono::seconds{instant_ms / 1000}});
}

std::string write_date(std::int64_t wall_ms) {
  const Parts p = parts_of(wall_ms);
  return fmt::format("{:04}-{:02}-{:02}", p.year, p.month, p.day);
}

std::string write_slot(std::int64_t wall_ms, bool all_day) {
  const Parts p = parts_of(wall_ms);
  if (all_day) return fmt::format("{:04}{:02}{:02}", p.year, p.month, p.day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", p.year, p.month, p.day, p.hour, p.minute,
                     p.second);
}

}  // namespace mortise::simulators::google
