#include "window.hpp"

#include "common/json.hpp"
#include "times.hpp"

namespace google_calendar {
namespace {

using common::Json;
using common::member;
using common::parse;

std::int64_t days(const Json& settings, const char* name, std::int64_t fallback) {
  const Json& given = member(settings, name);
  return (given.is_number_integer() ? given.get<std::int64_t>() : fallback) * kDay;
}

}  // namespace

Window::Window(std::string_view settings_text, std::int64_t now_ms) {
  const Json settings = parse(settings_text);
  from_s_ = now_ms / 1000 - days(settings, "window_past_days", 30);
  to_s_ = now_ms / 1000 + days(settings, "window_future_days", 365);
}

}  // namespace google_calendar
