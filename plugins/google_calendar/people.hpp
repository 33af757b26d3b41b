// Participants and alerts: the two lists of an event.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace google_calendar {

/// Google's `attendees` as `participants`: lower case, sorted, each once, without the calendar's
/// owner.
nlohmann::json participants_of(const nlohmann::json& attendees);
/// `participants` as `attendees`. Who is among `current` already keeps the answer given and all
/// else; the calendar's owner stays.
nlohmann::json attendees_of(const nlohmann::json& participants, const nlohmann::json& current);

/// Google's `reminders` as `alerts`; null is the calendar's own default.
nlohmann::json alerts_of(const nlohmann::json& reminders);
/// `alerts` as `reminders`: at most five, 0 to 40320 minutes. `patch`: take away what was there.
nlohmann::json reminders_of(const nlohmann::json& alerts, bool patch);

}  // namespace google_calendar
