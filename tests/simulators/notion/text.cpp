// Times, ids and plain text as Notion writes them.
#include <date/date.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {
namespace {

/// Reads exactly `digits` digits at the front of `text` and drops them.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
  if (problem != std::errc{} || end != text.data() + digits) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "+01:00" or nothing; in minutes.
std::optional<int> take_offset(std::string_view& text) {
  if (text.empty() || take(text, 'Z')) return 0;
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = take_number(text, 2);
  if (!hours || !minutes) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

/// "T18:30", "T18:30:00", "T18:30:00.000" in milliseconds of the day.
std::optional<std::int64_t> take_clock(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute) return std::nullopt;
  std::int64_t ms = (*hour * 60 + *minute) * std::int64_t{60'000};
  if (!take(text, ':')) return *hour < 24 && *minute < 60 ? std::optional(ms) : std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  ms += *second * 1000;
  if (take(text, '.')) {
    int scale = 100;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      ms += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
    }
  }
  return ms;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const date::year_month_day date{date::year(*year), date::month(static_cast<unsigned>(*month)),
                                  date::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t ms = date::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000};
  if (text.empty()) return ms;
  if (!take(text, 'T')) return std::nullopt;
  const auto clock = take_clock(text);
  const auto offset = clock ? take_offset(text) : std::nullopt;
  if (!offset || !text.empty()) return std::nullopt;
  return ms + *clock - *offset * std::int64_t{60'000};
}

std::string minute_time(std::int64_t ms) {
  const auto at = date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms));
  return date::format("%FT%H:%M:00.000Z", date::floor<std::chrono::minutes>(at));
}

std::int64_t minute_of(std::int64_t ms) {
  return ms - ((ms % 60'000) + 60'000) % 60'000;
}

std::string normal_id(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    if (c == '-') continue;
    const char low = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f'))) return {};
    hex += low;
  }
  if (hex.size() != 32) return {};
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, 1, '-');
  return hex;
}

std::size_t utf16_length(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string plain_text(const Json& rich_text) {
  std::string text;
  for (const Json& item : rich_text) text += item.value("plain_text", "");
  return text;
}

Json rich_text_of(std::string_view text) {
  if (text.empty()) return Json::array();
  return Json::array({{{"type", "text"},
                       {"text", {{"content", text}, {"link", nullptr}}},
                       {"annotations",
                        {{"bold", false},
                         {"italic", false},
                         {"strikethrough", false},
                         {"underline", false},
                         {"code", false},
                         {"color", "default"}}},
                       {"plain_text", text},
                       {"href", nullptr}}});
}

std::string words_of(const Thing& thing) {
  if (thing.kind != Thing::Kind::block) return title_of(thing);
  return plain_text(thing.body.value("rich_text", Json::array()));
}

std::string title_of(const Thing& thing) {
  if (thing.kind != Thing::Kind::page) return plain_text(thing.body.value("title", Json::array()));
  const auto& properties = thing.body.at("properties");
  const auto title = properties.find("title");
  return title == properties.end() ? "" : plain_text(*title);
}

}  // namespace mortise::simulators::notion
