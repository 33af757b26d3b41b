// The lines of a recurrence (RFC 5545 section 3.8.5: RRULE, RDATE, EXDATE) taken apart, written
// back, and the days of a rule counted out by libical. Internal to core: recurrence.hpp is the
// door. Pure and thread-safe; every parser takes hostile text.
//
// What is taken, narrower than the RFC so that a series is what people and calendars mean by it and
// its work is bounded:
// - RRULE: FREQ of DAILY, WEEKLY, MONTHLY or YEARLY: at most one occurrence a day, at the series'
// time
//   of day. INTERVAL, COUNT or UNTIL, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, WKST;
//   BYSETPOS by month and year. A rule that never happens is refused.
// - RDATE and EXDATE: dates, local times (in TZID, else in the series' zone) and UTC times; no
// periods.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/time.hpp"

namespace mortise::core {

enum class StampForm : std::uint8_t { date, local, utc };

/// A date or date-time as such a line spells it: "20261123", "20261123T180000", "20261123T170000Z".
struct Stamp {
  StampForm form = StampForm::date;
  LocalSeconds seconds = 0;  ///< what is written, read as a clock
};

/// An RRULE. `until` and `count` are apart, the rest is canonical enough for libical.
struct Rule {
  std::string parts;  ///< "FREQ=WEEKLY;BYDAY=MO"
  std::optional<Stamp> until;
  std::optional<std::int64_t> count;
};

/// An RDATE or an EXDATE.
struct DateList {
  bool leaves_out = false;  ///< EXDATE
  std::string zone;         ///< TZID; empty = the series' zone
  std::vector<Stamp> stamps;
};

struct RecurrenceLines {
  std::vector<Rule> rules;
  std::vector<DateList> dates;
};

/// What is wrong with one line, as a sentence without a full stop; nothing if it is good.
std::optional<std::string> recurrence_complaint(std::string_view line);

/// Takes the lines of a task apart. Error `invalid`: what recurrence_complaint() says.
Result<RecurrenceLines> read_recurrence_lines(const std::vector<std::string>& lines);

std::string to_line(const Rule& rule);
std::string to_line(const DateList& dates);

/// Whether the rule, begun on a suitable day, ever happens.
bool happens(const Rule& rule);

/// The days of a rule for a series that starts on `start`, in order, up to `last` and to its count.
/// `until` is the caller's: it may be an instant. More than `most` days are error `too_large`.
Result<std::vector<Day>> rule_days(const Rule& rule, Day start, Day last, std::size_t most);

}  // namespace mortise::core
