// Series: checking the recurrence lines of an event and unrolling them. The only user of libical
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulators/google/model.hpp"
#include "simulators/google/problem.hpp"

namespace mortise::simulators::google {

/// Refuses lines other than RRULE, EXRULE, RDATE and EXDATE, rules that do not parse, and an UNTIL
/// of another sort than the event's start. `event` has its times already.
std::optional<Problem> check_recurrence(const Event& event);

/// The starts of all occurrences of a series that end after `from_ms` and start before `to_ms`, in
/// order; at most 2,000. Exceptions are not looked at.
std::vector<std::int64_t> occurrences(const Event& series, const Calendar& calendar,
                                      std::int64_t from_ms, std::int64_t to_ms);

/// The original start that `text` means: an instant, a local time in the series' zone, or the date
/// of a whole day.
std::optional<std::int64_t> read_slot(const Event& series, const Calendar& calendar,
                                      const std::string& text);

/// True if the series still has the occurrence that `exception` replaces.
bool has_slot(const Event& series, const Calendar& calendar, const Event& exception);

/// The recurrence lines of a series cut at one of its slots: what stays, and what begins there.
struct CutLines {
  Json before = Json::array();
  Json after = Json::array();
};
CutLines cut_lines(const Event& series, const Calendar& calendar, std::int64_t slot_ms);

/// True if the rules of both series are the same but for where they end.
bool same_rhythm(const Event& before, const Event& after);

/// The id of the occurrence that starts (or started, before it was moved) at `start_ms`.
std::string occurrence_id(const Event& series, const Calendar& calendar, std::int64_t start_ms);

/// The occurrence as an event of its own, not yet kept.
Event occurrence(const Event& series, const Calendar& calendar, std::int64_t start_ms);

/// The occurrence that `id` names ("<series>_20261120T170000Z"), if the series has it.
std::optional<Event> find_occurrence(const Calendar& calendar, const std::string& id);

}  // namespace mortise::simulators::google
