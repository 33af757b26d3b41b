// The rules of one event: what may be written, in which form it is kept, and how it is shown.
#pragma once

#include <optional>
#include <string>

#include "simulators/google/model.hpp"
#include "simulators/google/problem.hpp"

namespace mortise::simulators::google {

/// Who writes, and where.
struct Writer {
  const Calendar& calendar;
  std::string email;
  bool attachments = false;  ///< supportsAttachments=true; without it attachments stay as they are
  bool conference = false;   ///< conferenceDataVersion=1; without it conference data stays as it is
};

/// Makes the event hold exactly what `wanted` (a resource as a client writes it) says; what only
/// the server writes stays. Answers the refusal, if any: then the event is half written and to be
/// dropped.
std::optional<Problem> write_fields(Event& event, const Json& wanted, const Writer& writer);

/// `patch` merged into `current`: objects merge, arrays are replaced, null removes.
Json merged(Json current, const Json& patch);
/// The document without its null members (Google reads null as absent, patch excepted).
Json without_nulls(const Json& document);

/// True if an update from `before` to `after` counts as a new version for the guests (`sequence`).
bool reschedules(const Event& before, const Event& after);

/// An id that a client may choose: a-v and 0-9, 5 to 1024 characters.
bool valid_event_id(const std::string& id);

/// The resource as `email` sees it, its times with the offset of `zone`.
Json show(const Event& event, const Calendar& calendar, const std::string& email,
          const std::string& zone);
/// A deleted event in a delta: only what is sure to be there.
Json show_deleted(const Event& event);

/// The zone to compute an event's days in: its own, else its calendar's.
std::string zone_of(const Event& event, const Calendar& calendar);
bool all_day(const Event& event);

/// Reads and checks start and end of `fields`, writes their kept form and the instants into
/// `event`.
std::optional<Problem> write_times(Event& event, const Json& wanted, const Calendar& calendar,
                                   bool recurring);
/// `{date}` or `{dateTime, timeZone}` from an instant.
Json kept_time(std::int64_t instant_ms, const std::string& zone, bool whole_day);
/// The kept form of a time as shown in `zone`.
Json shown_time(const Json& kept, const std::string& zone);

}  // namespace mortise::simulators::google
