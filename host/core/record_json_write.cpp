#include <nlohmann/json.hpp>

#include "core/names.hpp"
#include "core/record_json.hpp"
#include "core/time.hpp"

namespace mortise::core {
namespace {

void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put(Json& object, const char* name, const std::optional<std::int64_t>& number) {
  if (number) object[name] = *number;
}

void put_instant(Json& object, const char* name, const std::optional<Instant>& instant) {
  if (instant) object[name] = format_instant(*instant);
}

template <class T>
Json list(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

// Canonical text that the host has stored itself.
Json stored_document(const JsonText& text) {
  Result<Json> document = parse_json(text);
  return document ? std::move(*document) : Json();
}

void put_revision(Json& object, Rev rev, Instant created_ms, Instant updated_ms) {
  object["rev"] = rev;
  object["created_at"] = format_instant(created_ms);
  object["updated_at"] = format_instant(updated_ms);
}

}  // namespace

Json to_json(const Account& account) {
  Json object = {{"id", account.id}};
  put(object, "tier", account.tier);
  put(object, "email", account.email);
  put(object, "phone", account.phone);
  put(object, "zone", account.zone);
  put(object, "locale", account.locale);
  put_revision(object, account.rev, account.created_ms, account.updated_ms);
  return object;
}

Json to_json(const Schedule& schedule) {
  Json object = {{"kind", name_of(schedule.kind)}, {"origin", name_of(schedule.origin)}};
  put(object, "start", schedule.start);
  put(object, "end", schedule.end);
  put(object, "zone", schedule.zone);
  return object;
}

Json to_json(const Reminder& reminder) {
  return {{"method", reminder.method}, {"minutes_before", reminder.minutes_before}};
}

Json to_json(const Attendee& attendee) {
  Json object = {{"email", attendee.email}};
  put(object, "name", attendee.name);
  return object;
}

Json to_json(const Override& changed) {
  Json object = {{"slot", changed.slot}, {"changes", stored_document(changed.changes)}};
  if (changed.cancelled) object["cancelled"] = true;
  return object;
}

Json to_json(const Week& week) {
  Json object = {{"id", week.id}, {"number", week.number}};
  put(object, "milestone", week.milestone);
  return object;
}

Json to_json(const Module& module) {
  return {{"id", module.id}, {"title", module.title}, {"weeks", list(module.weeks)}};
}

Json to_json(const Task& task) {
  Json object = {{"id", task.id},
                 {"account_id", task.account_id},
                 {"plan_id", task.plan_id},
                 {"position", task.position},
                 {"title", task.title},
                 {"status", name_of(task.status)},
                 {"kind", name_of(task.kind)}};
  put(object, "external_id", task.external_id);
  put(object, "week_id", task.week_id);
  put(object, "notes", task.notes);
  put(object, "link", task.link);
  put(object, "duration_s", task.duration_s);
  put(object, "due", task.due);
  const bool unset = task.schedule == Schedule{};
  if (!unset) object["schedule"] = to_json(task.schedule);
  if (!task.reminders.empty()) object["reminders"] = list(task.reminders);
  if (!task.recurrence.empty()) object["recurrence"] = task.recurrence;
  if (!task.overrides.empty()) object["overrides"] = list(task.overrides);
  put(object, "location", task.location);
  if (!task.attendees.empty()) object["attendees"] = list(task.attendees);
  put(object, "meeting_link", task.meeting_link);
  put(object, "color", task.color);
  if (task.extra != "{}") object["extra"] = stored_document(task.extra);
  put_revision(object, task.rev, task.created_ms, task.updated_ms);
  put_instant(object, "deleted_at", task.deleted_ms);
  return object;
}

Json to_json(const Plan& plan) {
  Json object = {{"id", plan.id}, {"account_id", plan.account_id}, {"title", plan.title}};
  put(object, "external_id", plan.external_id);
  put(object, "topic", plan.topic);
  put(object, "skill_level", plan.skill_level);
  put(object, "weekly_time_s", plan.weekly_time_s);
  put(object, "start", plan.start);
  put(object, "deadline", plan.deadline);
  put(object, "learning_style", plan.learning_style);
  put(object, "zone", plan.zone);
  if (plan.source != "null") object["source"] = stored_document(plan.source);
  object["modules"] = list(plan.modules);
  object["tasks_rev"] = plan.tasks_rev;
  put_revision(object, plan.rev, plan.created_ms, plan.updated_ms);
  put_instant(object, "deleted_at", plan.deleted_ms);
  return object;
}

namespace {

Json to_json(const RunCounts& counts) {
  return {{"create", counts.create},       {"update", counts.update}, {"remove", counts.remove},
          {"unchanged", counts.unchanged}, {"done", counts.done},     {"received", counts.received},
          {"conflicts", counts.conflicts}, {"failed", counts.failed}, {"parked", counts.parked},
          {"uncertain", counts.uncertain}, {"writes", counts.writes}, {"reads", counts.reads},
          {"retries", counts.retries}};
}

}  // namespace

Json to_json(const Run& run) {
  const RunCounts& counts = run.counts;
  Json object = {
      {"id", run.id},
      {"account_id", run.account_id},
      {"connection_id", run.connection_id},
      {"kind", name_of(run.kind)},
      {"trigger", name_of(run.trigger)},
      {"state", name_of(run.state)},
      {"progress",
       {{"done", counts.done}, {"total", counts.create + counts.update + counts.remove}}},
      {"counts", to_json(counts)},
      {"cancel_requested", run.cancel_requested},
      {"usage", name_of(run.usage)},
      {"created_at", format_instant(run.created_ms)}};
  put(object, "plan_id", run.plan_id);
  if (run.waiting_for != RunWait::none) object["waiting_for"] = name_of(run.waiting_for);
  put_instant(object, "waiting_until", run.waiting_until_ms);
  if (run.waiting_for == RunWait::approval && !run.guard.empty()) {
    object["guard"] = stored_document(run.guard);
  }
  if (!run.error_code.empty()) {
    object["error"] = {
        {"code", run.error_code}, {"reason", run.error_reason}, {"message", run.error_message}};
  } else {
    put(object, "reason", run.error_reason);  // of one that was cancelled
  }
  put(object, "url", run.url);
  put(object, "script_revision", run.script_revision);
  put(object, "request_id", run.request_id);
  put_instant(object, "started_at", run.started_ms);
  put_instant(object, "finished_at", run.finished_ms);
  return object;
}

}  // namespace mortise::core
