// Calendars to choose from, the one that we make, and whose they are. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>
#include <mortise/values.hpp>

namespace google_calendar {

struct CalendarRead {
  mortise::Target target;
  std::string description;
  std::string zone;
};
struct CalendarPage {
  std::vector<CalendarRead> calendars;
  std::string next_page;
};
mortise::Result<CalendarPage> read_calendars(std::string_view text);
mortise::Result<CalendarRead> read_calendar(std::string_view text);

/// Body of calendars.insert. `once_key` is kept in the description: is_made_by() looks for it.
std::string calendar_body(std::string_view title, std::string_view once_key, std::string_view zone);
bool is_made_by(const CalendarRead& calendar, std::string_view once_key);

/// What identify() takes, from the id token's claims in the token endpoint's answer, or from
/// userinfo; empty: it does not say.
std::string identity_of_token(std::string_view token_reply);
std::string identity_of_userinfo(std::string_view text);

}  // namespace google_calendar
