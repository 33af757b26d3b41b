#include "app/hours.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace mortise::app {

Result<core::Availability> working_hours(const std::string& text) {
  std::vector<core::DayWindow> windows;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string window = text.substr(begin, comma - begin);
    begin = comma + 1;
    int from_hour = 0, from_minute = 0, to_hour = 0, to_minute = 0, read = 0;
    const int fields = std::sscanf(window.c_str(), " %2d:%2d - %2d:%2d %n", &from_hour,
                                   &from_minute, &to_hour, &to_minute, &read);
    const core::DayWindow day{from_hour * 3600L + from_minute * 60L,
                              to_hour * 3600L + to_minute * 60L};
    const bool sane = fields == 4 && static_cast<std::size_t>(read) == window.size() &&
                      from_minute < 60 && to_minute < 60 && day.from_s >= 0 &&
                      day.from_s < day.to_s && day.to_s <= 86'400 &&
                      (windows.empty() || windows.back().to_s <= day.from_s);
    if (!sane) {
      return Error{Code::invalid,
                   fmt::format("planning.hours = \"{}\": expected hours like 18:00-21:00 or "
                               "09:00-12:00, 14:00-17:30, in order",
                               text)};
    }
    windows.push_back(day);
  }
  core::Availability availability;
  availability.days.fill(windows);
  return availability;
}

}  // namespace mortise::app
