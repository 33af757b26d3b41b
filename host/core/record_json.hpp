// Records as JSON: the shape of the API. snake_case, durations in seconds (`duration_s`), instants
// as RFC 3339 (`created_at`), days and local times as core/time.hpp has them. A field without a
// value is left out. Pure and thread-safe; nothing throws.
//
// Reading is strict: unknown fields, fields that the host sets (id, rev, created_at ...), wrong
// types and broken bounds (core/bounds.hpp) are problems, all reported at once with JSON pointers
// and, for words, the nearest valid one. Patches are merge patches (RFC 7396): absent leaves, null
// clears, lists are replaced, `schedule` and `extra` merge member by member.
//
// Rules for times of a task:
// - A schedule that is written from outside has origin `person` unless it says
// `"origin":"computed"`.
//   `"schedule":null` takes the time and its due day away and lets planning set them again.
// - `kind` may be left out: the form of `start` tells. A changed kind forgets the old start, end,
// zone.
// - `due` follows the schedule: its day, for all-day ranges the last one. A patch of `due` alone
// moves
//   the schedule by as many days, time of day kept, and makes it the person's.
#pragma once

#include "core/problem.hpp"
#include "core/records.hpp"
#include "core/sync_records.hpp"

namespace mortise::core {

class ObjectReader;

Json to_json(const Account& account);
Json to_json(const Schedule& schedule);
Json to_json(const Reminder& reminder);
Json to_json(const Attendee& attendee);
Json to_json(const Override& changed);
Json to_json(const Week& week);
Json to_json(const Module& module);
Json to_json(const Task& task);
/// Without its tasks; with modules and weeks.
Json to_json(const Plan& plan);
/// As answers, events and progress listeners have it.
Json to_json(const Run& run);

/// An account as the app puts it; `id` is the caller's to set.
Read<Account> read_account(const Json& body);
Read<Account> apply_patch(Account account, const Json& patch);

/// A new task; title required. Ids, plan, week and position are the caller's to set.
Read<Task> read_task(const Json& body);
Read<Task> apply_patch(Task task, const Json& patch);

/// The plan's own fields. Modules, weeks and tasks change by import and through the task's own
/// calls.
Read<Plan> apply_patch(Plan plan, const Json& patch);

/// The members of a task that a person may set, read into `task`; for readers of larger documents
/// (plan_shapes.cpp). The caller calls finish().
void read_task_fields(ObjectReader& reader, Task& task);
/// Of those, the ones in which one occurrence may differ from its series (core/occurrence.hpp).
void read_occurrence_fields(ObjectReader& reader, Task& occurrence);
/// The same for a plan.
void read_plan_fields(ObjectReader& reader, Plan& plan);
/// Of those, start and deadline, which both shapes of plans have.
void read_plan_days(ObjectReader& reader, Plan& plan);

/// The due day that a schedule implies; empty for none.
std::string due_of(const Schedule& schedule);

}  // namespace mortise::core
