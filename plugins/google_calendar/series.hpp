// A recurring event's clock: from the instant of an occurrence to its slot, the local time at which
// the series has it. Pure; no zone data is needed, since every occurrence of a series begins at the
// same time of day on the wall.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "times.hpp"

namespace google_calendar {

struct SeriesClock {
  bool whole_day = false;
  bool regular = true;        ///< timed, no RDATE, no BYHOUR: all at one time of day
  std::int64_t wall_s = 0;    ///< the local start of the series
  std::int64_t offset_s = 0;  ///< east of UTC, at that start
  std::string zone;
};

/// Nothing for what does not recur. `local`: the local start as read_times() found it.
std::optional<SeriesClock> clock_of(const nlohmann::json& event, const std::string& local);

/// The slot of the occurrence that Google began at `instant_s`. Where the clocks skip the time of
/// day and Google begins later, it is what the rule says: the host knows what they show. Only for a
/// regular series of timed events.
std::string slot_at(const SeriesClock& clock, std::int64_t instant_s);

/// No occurrence of `event` begins later, in seconds since 1970; nothing: it may go on for ever.
/// An upper bound: what cannot be told without expanding the rule counts as for ever.
std::optional<std::int64_t> last_start(const nlohmann::json& event, std::int64_t first_s);

}  // namespace google_calendar
