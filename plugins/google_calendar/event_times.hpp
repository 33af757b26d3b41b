// When an event is: Google's start and end, and the words start, timeZone, duration,
// showWithoutTime.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "times.hpp"

namespace google_calendar {

/// What is known of the local time behind an instant. Google shows times in the offset of the
/// calendar's zone (or of the `timeZone` that was asked for), whatever the event's own zone is.
struct Clues {
  std::string shown_in = {};  ///< the zone that the answer is shown in, if known
  std::string memo = {};      ///< what an earlier reading found out: "<instant> <local> <zone>"
};

struct When {
  bool whole_day = false;
  std::int64_t start_s = 0;  ///< the instant, or the day
  std::int64_t length_s = 0;
  Stamp start;
  std::string zone;
};
/// Nothing for an event without a start that can be read.
std::optional<When> when_of(const nlohmann::json& event);

/// "<instant> <local> <zone>": what Clues::memo later proves the local start by.
std::string memo_of(const When& when, const std::string& local);

/// Puts the words into `fields` and sets `memo`. Answers the event's zone if its local start is
/// unknown.
std::string read_times(const nlohmann::json& event, const Clues& clues, nlohmann::json& fields,
                       std::string& memo);
/// Puts Google's start and end into `body`. In a patch the other sort (day or time) is taken away.
/// `ends_ms`: Write::ends_ms.
void spell_times(const nlohmann::json& fields, bool patch, std::int64_t ends_ms,
                 nlohmann::json& body);

}  // namespace google_calendar
