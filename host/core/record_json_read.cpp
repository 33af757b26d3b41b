#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/css_colors.hpp"
#include "core/json_reader.hpp"
#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "core/recurrence_lines.hpp"
#include "core/time.hpp"
#include "core/words.hpp"

namespace mortise::core {
namespace {

void check_timed(ObjectReader& reader, const Schedule& schedule) {
  if (!is_record_local(schedule.start)) {
    reader.problem("start", "must be a local time like 2026-11-23T18:00:00");
  }
  if (!schedule.end.empty()) reader.problem("end", "must be left out: duration_s says how long");
}

void check_all_day(ObjectReader& reader, const Schedule& schedule) {
  if (!is_record_day(schedule.start)) reader.problem("start", "must be a date like 2026-11-23");
  const bool end_is_later = is_record_day(schedule.end) && schedule.end > schedule.start;
  if (!schedule.end.empty() && !end_is_later) {
    reader.problem("end", "must be a date after start: it is exclusive");
  }
  if (!schedule.zone.empty()) reader.problem("zone", "must be left out for all-day");
}

void check_unscheduled(ObjectReader& reader, const Schedule& schedule) {
  if (!schedule.start.empty()) reader.problem("start", "must be left out with kind none");
  if (!schedule.end.empty()) reader.problem("end", "must be left out with kind none");
  if (!schedule.zone.empty()) reader.problem("zone", "must be left out with kind none");
}

// Which kind the members say: the one named, else the one that the form of `start` has.
void read_schedule_kind(ObjectReader& reader, ScheduleKind& kind) {
  const Json* const start = reader.member("start");
  const bool named = reader.has("kind");
  reader.word("kind", kind);
  if (named || start == nullptr || !start->is_string()) return;
  if (parse_local(start->get_ref<const std::string&>())) kind = ScheduleKind::timed;
  if (parse_day(start->get_ref<const std::string&>())) kind = ScheduleKind::all_day;
}

void read_schedule(const Json& value, std::string pointer, std::vector<Problem>& problems,
                   Schedule& schedule) {
  if (value.is_null()) {
    schedule = {};
    return;
  }
  ObjectReader reader(value, std::move(pointer), problems);
  const std::size_t before = problems.size();
  ScheduleKind kind = schedule.kind;
  read_schedule_kind(reader, kind);
  if (kind != schedule.kind) schedule = {kind, {}, {}, {}, {}};
  schedule.origin = ScheduleOrigin::person;
  if (reader.has("origin")) reader.word("origin", schedule.origin);
  constexpr TextBound kTimeBound{32, TextUnit::bytes};
  reader.text("start", schedule.start, kTimeBound);
  reader.text("end", schedule.end, kTimeBound);
  reader.zone("zone", schedule.zone);
  reader.ignored({"origin"});
  if (problems.size() == before) {
    if (kind == ScheduleKind::timed) check_timed(reader, schedule);
    if (kind == ScheduleKind::all_day) check_all_day(reader, schedule);
    if (kind == ScheduleKind::none) check_unscheduled(reader, schedule);
  }
  reader.finish();
}

void read_reminders(ObjectReader& reader, std::vector<Reminder>& reminders) {
  const std::size_t before = reader.problems().size();
  const Json* const array = reader.array("reminders", kMaxReminders);
  if (reader.problems().size() > before || !reader.has("reminders")) return;
  reminders.clear();
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    ObjectReader element((*array)[index],
                         pointer_to(pointer_to(reader.pointer(), "reminders"), index),
                         reader.problems());
    Reminder reminder;
    std::optional<std::int64_t> minutes;
    element.text("method", reminder.method, kLabelBound);
    if (reminder.method != "popup" && reminder.method != "email") {
      element.problem("method", "must be one of popup, email");
    }
    element.integer("minutes_before", minutes, 0, kMaxReminderMinutes);
    element.require("minutes_before");
    element.finish();
    reminder.minutes_before = minutes.value_or(0);
    reminders.push_back(std::move(reminder));
  }
}

void read_attendees(ObjectReader& reader, std::vector<Attendee>& attendees) {
  const std::size_t before = reader.problems().size();
  const Json* const array = reader.array("attendees", kMaxAttendees);
  if (reader.problems().size() > before || !reader.has("attendees")) return;
  attendees.clear();
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    ObjectReader element((*array)[index],
                         pointer_to(pointer_to(reader.pointer(), "attendees"), index),
                         reader.problems());
    Attendee attendee;
    element.email("email", attendee.email);
    element.require("email");
    element.text("name", attendee.name, kNameBound);
    element.finish();
    attendees.push_back(std::move(attendee));
  }
}

void read_recurrence(ObjectReader& reader, std::vector<std::string>& recurrence) {
  const std::size_t before = reader.problems().size();
  const Json* const array = reader.array("recurrence", kMaxRecurrenceLines);
  if (reader.problems().size() > before || !reader.has("recurrence")) return;
  recurrence.clear();
  std::size_t rules = 0;
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    const Json& line = (*array)[index];
    const std::string text = line.is_string() ? line.get<std::string>() : std::string();
    auto complaint = recurrence_complaint(text);
    if (!complaint && text.starts_with("RRULE") && ++rules > kMaxRecurrenceRules) {
      complaint = fmt::format("is one RRULE too many: a task has at most {}", kMaxRecurrenceRules);
    }
    if (complaint) {
      add_problem(reader.problems(), pointer_to(pointer_to(reader.pointer(), "recurrence"), index),
                  std::move(*complaint));
    } else {
      recurrence.push_back(text);
    }
  }
}

void read_extra(ObjectReader& reader, JsonText& extra) {
  const Json* const patch = reader.member("extra");
  if (patch == nullptr) return;
  if (!patch->is_null() && !patch->is_object()) {
    reader.problem("extra", "must be an object");
    return;
  }
  Result<Json> merged = parse_json(extra);
  Json whole = merged && !patch->is_null() ? std::move(*merged) : Json::object();
  if (patch->is_object()) whole.merge_patch(*patch);
  const Json holder = {{"extra", std::move(whole)}};
  ObjectReader bounded(holder, reader.pointer(), reader.problems());
  bounded.document("extra", extra, "{}");
}

void read_color(ObjectReader& reader, std::string& color) {
  reader.text("color", color, kColorBound);
  if (color.empty()) return;
  const auto names = css_colors();
  if (std::binary_search(names.begin(), names.end(), color)) return;
  const auto near = nearest_word(color, names);
  reader.problem("color", fmt::format("must be a CSS colour name in lower case like {}",
                                      near ? *near : "gold"));
}

// Moves a schedule so that its due day becomes `due`.
void move_schedule(Schedule& schedule, const std::string& due) {
  const Result<Day> from = parse_day(due_of(schedule));
  const Result<Day> to = parse_day(due);
  if (!from || !to || *from == *to) return;
  const Day by = *to - *from;
  if (schedule.kind == ScheduleKind::timed) {
    schedule.start = format_local(parse_local(schedule.start).value() + midnight(by));
  } else {
    schedule.start = format_day(parse_day(schedule.start).value() + by);
    if (!schedule.end.empty()) schedule.end = format_day(parse_day(schedule.end).value() + by);
  }
  schedule.origin = ScheduleOrigin::person;
}

void read_times(ObjectReader& reader, Task& task) {
  const std::size_t before = reader.problems().size();
  reader.day("due", task.due);
  if (const Json* const schedule = reader.member("schedule")) {
    if (schedule->is_null() && !reader.has("due")) task.due.clear();
    read_schedule(*schedule, pointer_to(reader.pointer(), "schedule"), reader.problems(),
                  task.schedule);
  }
  if (reader.problems().size() > before || task.schedule.kind == ScheduleKind::none) return;
  if (reader.has("due") && !reader.has("schedule")) move_schedule(task.schedule, task.due);
  task.due = due_of(task.schedule);
}

template <class T>
Read<T> outcome(T value, std::vector<Problem> problems) {
  if (!problems.empty()) return {std::nullopt, std::move(problems)};
  return {std::move(value), {}};
}

Read<Task> read_whole_task(Task task, const Json& document) {
  std::vector<Problem> problems;
  ObjectReader reader(document, "", problems);
  read_task_fields(reader, task);
  reader.owned({"id", "account_id", "plan_id", "week_id", "position", "rev", "created_at",
                "updated_at", "deleted_at", "sync"});
  reader.finish();
  return outcome(std::move(task), std::move(problems));
}

}  // namespace

std::string due_of(const Schedule& schedule) {
  if (schedule.kind == ScheduleKind::timed) return schedule.start.substr(0, 10);
  if (schedule.kind == ScheduleKind::none) return {};
  const Result<Day> end = parse_day(schedule.end);
  return end ? format_day(*end - 1) : schedule.start;
}

void read_occurrence_fields(ObjectReader& reader, Task& occurrence) {
  reader.text("title", occurrence.title, kTitleBound);
  if (reader.has("title") || occurrence.title.empty()) reader.require("title");
  reader.text("notes", occurrence.notes, kNotesBound);
  reader.url("link", occurrence.link);
  reader.integer("duration_s", occurrence.duration_s, 1, kMaxDurationS);
  reader.word("status", occurrence.status);
  read_times(reader, occurrence);
  read_reminders(reader, occurrence.reminders);
  reader.text("location", occurrence.location, kLocationBound);
  read_attendees(reader, occurrence.attendees);
  read_color(reader, occurrence.color);
}

void read_task_fields(ObjectReader& reader, Task& task) {
  read_occurrence_fields(reader, task);
  reader.text("external_id", task.external_id, kExternalIdBound);
  reader.word("kind", task.kind);
  read_recurrence(reader, task.recurrence);
  reader.url("meeting_link", task.meeting_link);
  read_extra(reader, task.extra);
  read_overrides(reader, task);
}

void read_plan_days(ObjectReader& reader, Plan& plan) {
  reader.day("start", plan.start);
  reader.day("deadline", plan.deadline);
  if (!plan.start.empty() && !plan.deadline.empty() && plan.deadline < plan.start) {
    reader.problem("deadline", "must not be before start");
  }
}

void read_plan_fields(ObjectReader& reader, Plan& plan) {
  reader.text("title", plan.title, kTitleBound);
  reader.text("topic", plan.topic, kTitleBound);
  reader.text("skill_level", plan.skill_level, kLabelBound);
  reader.integer("weekly_time_s", plan.weekly_time_s, kMinWeeklyTimeS, kMaxWeeklyTimeS);
  read_plan_days(reader, plan);
  reader.text("learning_style", plan.learning_style, kLabelBound);
  reader.zone("zone", plan.zone);
  reader.document("source", plan.source, "null");
}

Read<Task> read_task(const Json& body) {
  return read_whole_task({}, body);
}

Read<Task> apply_patch(Task task, const Json& patch) {
  return read_whole_task(std::move(task), patch);
}

Read<Account> read_account(const Json& body) {
  return apply_patch(Account{}, body);
}

Read<Account> apply_patch(Account account, const Json& patch) {
  std::vector<Problem> problems;
  ObjectReader reader(patch, "", problems);
  reader.text("tier", account.tier, kTierBound);
  reader.email("email", account.email);
  reader.text("phone", account.phone, kPhoneBound);
  reader.zone("zone", account.zone);
  reader.text("locale", account.locale, kLocaleBound);
  reader.owned({"id", "rev", "created_at", "updated_at"});
  reader.finish();
  return outcome(std::move(account), std::move(problems));
}

Read<Plan> apply_patch(Plan plan, const Json& patch) {
  std::vector<Problem> problems;
  ObjectReader reader(patch, "", problems);
  read_plan_fields(reader, plan);
  reader.text("external_id", plan.external_id, kExternalIdBound);
  if (reader.has("title")) reader.require("title");
  reader.owned({"id", "account_id", "modules", "rev", "tasks_rev", "created_at", "updated_at",
                "deleted_at"});
  reader.finish();
  return outcome(std::move(plan), std::move(problems));
}

}  // namespace mortise::core
