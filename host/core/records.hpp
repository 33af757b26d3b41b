// The canonical records: what an account wants done, independent of any service.
// Words as in docs/architecture.md (glossary). Plain values; codecs live in record_json.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace mortise::core {

/// A point in time, milliseconds since 1970-01-01T00:00:00Z.
using Instant = std::int64_t;

/// A revision: 0 = not stored yet; every stored change adds one. What ETags carry.
using Rev = std::int64_t;

/// Whoever owns plans and connections in the app. `id` is the app's own (1 to 128 bytes).
struct Account {
  std::string id;
  std::string tier;  ///< a name in the tier policy; unknown names count as the policy's default
  std::string email;
  std::string phone;
  std::string zone;    ///< IANA name; empty = the host's default
  std::string locale;  ///< BCP 47; empty = "en"
  Rev rev = 0;
  Instant created_ms = 0;
  Instant updated_ms = 0;

  friend bool operator==(const Account&, const Account&) = default;
};

enum class TaskStatus : std::uint8_t { todo, doing, done, cancelled };
enum class TaskKind : std::uint8_t { task, session, appointment };
enum class ScheduleKind : std::uint8_t { none, timed, all_day };
/// Who set a time. A time that a person set is never moved by planning.
enum class ScheduleOrigin : std::uint8_t { computed, person };

/// When a task happens. Timed: local `start` without offset in `zone`, lasting the task's duration.
/// All-day: dates, `end` exclusive.
struct Schedule {
  ScheduleKind kind = ScheduleKind::none;
  ScheduleOrigin origin = ScheduleOrigin::computed;
  std::string start;  ///< timed "2026-11-23T18:00:00", all-day "2026-11-23"
  std::string end;    ///< all-day only: exclusive end date; empty = one day
  std::string zone;   ///< timed: IANA name; empty = the plan's, then the account's, then the host's

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

struct Reminder {
  std::string method;  ///< "popup" or "email"
  std::int64_t minutes_before = 0;
  friend bool operator==(const Reminder&, const Reminder&) = default;
};

struct Attendee {
  std::string email;
  std::string name;
  friend bool operator==(const Attendee&, const Attendee&) = default;
};

/// How one occurrence of a recurring task differs from its series (core/occurrence.hpp).
struct Override {
  std::string slot;         ///< its original start, spelled like the series' Schedule::start
  bool cancelled = false;   ///< it does not happen
  JsonText changes = "{}";  ///< merge patch (RFC 7396) of task fields; {} once it was reset
  friend bool operator==(const Override&, const Override&) = default;
};

/// A thing to do or attend.
struct Task {
  std::string id;           ///< "tsk_..." (core/ids.hpp)
  std::string external_id;  ///< the app's own id, unique per account; may be empty
  std::string account_id;
  std::string plan_id;
  std::string week_id;  ///< empty in plans without weeks (the built-in `calendar` plan)
  std::int64_t position =
      0;  ///< order within the plan; leaves gaps, so an insertion renumbers nobody
  std::string title;
  std::string notes;
  std::string link;
  std::optional<std::int64_t> duration_s;
  std::string due;  ///< date "2026-11-23" or empty; follows the schedule where there is one
  TaskStatus status = TaskStatus::todo;
  TaskKind kind = TaskKind::task;
  Schedule schedule;
  std::vector<Reminder> reminders;      ///< empty = the mapping's default
  std::vector<std::string> recurrence;  ///< RRULE / RDATE / EXDATE lines (RFC 5545)
  std::vector<Override> overrides;      ///< of a series, by slot, one each
  std::string location;
  std::vector<Attendee> attendees;
  std::string meeting_link;
  std::string color;      ///< CSS colour name (RFC 7986) or empty
  JsonText extra = "{}";  ///< the app's own fields, carried along
  Rev rev = 0;
  Instant created_ms = 0;
  Instant updated_ms = 0;
  std::optional<Instant> deleted_ms;  ///< set = removed softly; kept for undo

  friend bool operator==(const Task&, const Task&) = default;
};

struct Week {
  std::string id;  ///< "wek_..."
  std::int64_t number = 0;
  std::string milestone;
  friend bool operator==(const Week&, const Week&) = default;
};

struct Module {
  std::string id;  ///< "mod_..."
  std::string title;
  std::vector<Week> weeks;
  friend bool operator==(const Module&, const Module&) = default;
};

/// What an account wants done. Tasks are kept apart (they change one by one); they name their week.
struct Plan {
  std::string id;  ///< "pln_..."
  std::string
      external_id;  ///< the app's own id, unique per account; `calendar` for the built-in plan
  std::string account_id;
  std::string title;
  std::string topic;
  std::string skill_level;
  std::optional<std::int64_t> weekly_time_s;
  std::string start;     ///< date, or empty = the day after import
  std::string deadline;  ///< date, or empty
  std::string learning_style;
  std::string zone;  ///< IANA name; empty = the account's
  JsonText source = "null";
  std::vector<Module> modules;
  Rev rev = 0;        ///< moves when the plan's own fields or its modules change
  Rev tasks_rev = 0;  ///< moves with every change of one of its tasks, set by the store
  Instant created_ms = 0;
  Instant updated_ms = 0;
  std::optional<Instant> deleted_ms;

  friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace mortise::core
