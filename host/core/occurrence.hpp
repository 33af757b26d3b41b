// One occurrence of a recurring task, and what is different about it. When a series happens is
// core/recurrence.hpp. Pure and thread-safe.
//
// **Slot**: the name of one occurrence: its original start as the clock shows it, spelled like
// Schedule::start ("2026-11-23T18:00:00" in the series' zone, "2026-11-23" for all-day). It stays
// when the occurrence is moved. A series that has no schedule but a due day counts by that day.
//
// **Override**: how the occurrence at one slot differs (core/records.hpp). It may differ in title,
// notes, link, location, status, color, reminders, attendees, duration_s and its schedule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/problem.hpp"
#include "core/records.hpp"

namespace mortise::core {

class ObjectReader;

/// Whether the task is a series: has recurrence lines and a day to start on.
bool recurs(const Task& task);

/// Whether it is told by days, not by times.
bool by_day(const Task& task);

/// Its schedule's start, or the due day where there is no schedule; may be empty.
std::string_view start_of(const Task& task);

/// Whether `slot` is spelled as slots of this series are; it need not happen.
bool is_slot_of(const Task& series, std::string_view slot);

/// The override of that slot, or null.
const Override* find_override(const Task& series, std::string_view slot);

/// One occurrence as a task of its own: the series' fields at the slot's time, then what its
/// override changes; without recurrence and overrides. A cancelled one has that status. Id and
/// revision are the series'. Error `invalid`: no slot of this series.
Result<Task> occurrence_task(const Task& series, std::string_view slot);

/// The series with one occurrence edited: `patch` is a merge patch (RFC 7396) of what an occurrence
/// may differ in, read onto the occurrence as it is now. Kept is how the result differs from the
/// series; one that differs in nothing keeps an override without changes. A status of `cancelled`
/// cancels the occurrence, another one revives it. The slot must happen: the caller has asked
/// is_occurrence().
Read<Task> edit_occurrence(Task series, std::string_view slot, const Json& patch);

/// The series with one occurrence cancelled. Its other changes are kept for a revival. Error
/// `invalid`: no slot of this series.
Result<Task> cancel_occurrence(Task series, std::string_view slot);

/// The series with this override in the place of the slot's, in order.
void put_override(Task& series, Override changed);

/// The series whose occurrence at the slot is like the others.
Task without_override(Task series, std::string_view slot);

/// Reads the member `overrides` of a task whose other members are read: a list of {slot, cancelled,
/// changes}, one a slot. Whether the slots happen is the caller's to ask (lost_overrides()).
void read_overrides(ObjectReader& reader, Task& task);

}  // namespace mortise::core
