// When recurring tasks happen, and what an edit of a series does to its occurrences. One occurrence
// by itself is core/occurrence.hpp. Pure and thread-safe.
//
// A task with a start and recurrence lines is a series. It happens at its start, on the days of its
// rules (at its time of day) and at its RDATEs, less its EXDATEs. All of it is counted on the wall
// clock of the series' zone; a time that its clock does not show is shifted forward by the gap, one
// that it shows twice is the first (core/zones.hpp).
//
// Overrides belong to slots. What an edit of the series leaves of them says lost_overrides(): one
// stays while the series still happens at the same wall time and the same instant. So a moved
// start, a change between timed and all-day, or a move to a zone with another offset drops them, as
// calendar services do; a new title, a longer duration or one more EXDATE elsewhere does not. Where
// the series names no zone, its slots follow the plan's (or account's, or host's) and keep their
// overrides.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"

namespace mortise::core {

/// No series is counted further than this many occurrences (more than daily from 1900 to 2199).
/// Error `too_large` beyond, of every function here that counts.
inline constexpr std::size_t kMostCounted = 120'000;

/// `zone` of these: the one for series that name none.

/// Whether the series happens at this slot, cancelled or not. Errors: `invalid` for a task that is
/// no series, an unknown zone or lines that are not good.
Result<bool> is_occurrence(const Task& series, std::string_view slot, std::string_view zone);

/// The instant that a slot of a series of times is; nothing of a series of days, or of what is no
/// slot of it. It need not happen.
std::optional<Instant> instant_of_slot(const Task& series, std::string_view slot,
                                       std::string_view zone);

/// The slot as it is spelled here: what the clock shows at that instant. A service may say what the
/// rule does, also where clocks skip it. What is no slot of the series is answered as it is.
std::string shown_slot(const Task& series, std::string_view slot, std::string_view zone);

struct Occurrence {
  std::string slot;
  Task task;  ///< occurrence_task()
  Instant start_ms = 0;
  Instant end_ms = 0;
};

/// What happens between two instants (it starts before `to` and ends after `from`), cancelled ones
/// included, by effective start; the first `limit`. Errors as is_occurrence().
Result<std::vector<Occurrence>> occurrences(const Task& series, std::string_view zone, Instant from,
                                            Instant to, std::size_t limit);

/// Indices of the overrides of `after` that belong to no occurrence, or to another one than they
/// did in `before`, if they were there.
Result<std::vector<std::size_t>> lost_overrides(const Task& before, const Task& after,
                                                std::string_view zone);

/// After an edit of `before`: drops them, and rules that are over before the series starts.
Status settle_series(const Task& before, Task& after, std::string_view zone);

struct SplitSeries {
  Task before;     ///< the series, ending before the slot
  Task following;  ///< from the slot on: the same content and id, for the caller to make its own
};

/// "This and following": cuts a series in two that together happen when it did. The first part ends
/// by UNTIL of the series' type, the second has the rest of COUNT; RDATEs, EXDATEs and overrides
/// are divided. Errors: `not_found` for a slot that does not happen; `conflict` (reason
/// `first_occurrence`) for the first one; `conflict` (`off_rule`) where the rest cannot be told by
/// rules from this slot (an added date, between the occurrences of a rule); as is_occurrence().
Result<SplitSeries> split_series(const Task& series, std::string_view slot, std::string_view zone);

/// The lines as services want them: dates in them are of the series' type (all-day: dates; timed:
/// UNTIL in UTC, others local or UTC). A line that is so already is as it was. Lines that cannot be
/// read are answered unchanged.
std::vector<std::string> recurrence_lines(const Task& task, std::string_view zone);

}  // namespace mortise::core
