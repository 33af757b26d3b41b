// What is looked at of a calendar: from some days ago to some days ahead. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace google_calendar {

/// From when to when something is, in seconds since 1970.
struct Span {
  std::int64_t from_s = 0;
  std::int64_t to_s = 0;
};

class Window {
 public:
  /// By the settings window_past_days and window_future_days.
  Window(std::string_view settings, std::int64_t now_ms);
  bool reaches(const Span& span) const { return span.to_s >= from_s_ && span.from_s <= to_s_; }

 private:
  std::int64_t from_s_;
  std::int64_t to_s_;
};

}  // namespace google_calendar
