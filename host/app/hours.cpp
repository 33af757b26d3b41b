#include "app/hours.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace mortise::app {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// One or two digits.
std::optional<std::int64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 2) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Seconds since midnight of "18:00"; 24:00 is the end of the day.
std::optional<std::int64_t> second_of_day(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.size() != colon + 3) return std::nullopt;
  const auto hour = number(text.substr(0, colon));
  const auto minute = number(text.substr(colon + 1));
  if (!hour || !minute || *minute > 59) return std::nullopt;
  const std::int64_t second = *hour * 3'600 + *minute * 60;
  return second <= 86'400 ? std::optional(second) : std::nullopt;
}

std::optional<core::DayWindow> window_of(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = second_of_day(trimmed(text.substr(0, dash)));
  const auto to = second_of_day(trimmed(text.substr(dash + 1)));
  if (!from || !to || *from >= *to) return std::nullopt;
  return core::DayWindow{*from, *to};
}

}  // namespace

Result<core::Availability> working_hours(const std::string& text) {
  std::vector<core::DayWindow> windows;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const auto window = window_of(std::string_view(text).substr(begin, comma - begin));
    begin = comma + 1;
    if (!window || (!windows.empty() && windows.back().to_s > window->from_s)) {
      return Error{Code::invalid,
                   fmt::format("planning.hours = \"{}\": expected hours like 18:00-21:00 or "
                               "09:00-12:00, 14:00-17:30, in order",
                               text)};
    }
    windows.push_back(*window);
  }
  core::Availability availability;
  availability.days.fill(windows);
  return availability;
}

}  // namespace mortise::app
