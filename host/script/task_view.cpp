#include "script/task_view.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/names.hpp"
#include "core/occurrence.hpp"
#include "core/recurrence.hpp"
#include "core/zones.hpp"
#include "script/api.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"

namespace mortise::script {
namespace {

using ports::MappingInput;

// What records have, where a name may be absent. Others have all their names.
constexpr std::array<std::string_view, 21> kTaskNames = {
    "attendees",  "color",     "due",      "duration_s", "external_id",  "extra", "id",
    "key",        "kind",      "link",     "location",   "meeting_link", "notes", "position",
    "recurrence", "reminders", "schedule", "status",     "title",        "week",  "zone"};
constexpr std::array<std::string_view, 14> kPlanNames = {
    "deadline",      "external_id", "id",    "key",   "learning_style", "modules",
    "other_tasks",   "skill_level", "start", "tasks", "title",          "topic",
    "weekly_time_s", "zone"};
constexpr std::array<std::string_view, 4> kModuleNames = {"id", "key", "title", "weeks"};
constexpr std::array<std::string_view, 5> kWeekNames = {"id", "key", "milestone", "number",
                                                        "tasks"};
constexpr std::array<std::string_view, 3> kPlaceNames = {"milestone", "module", "number"};
constexpr std::array<std::string_view, 4> kScheduleNames = {"end", "kind", "start", "zone"};
constexpr std::array<std::string_view, 2> kReminderNames = {"method", "minutes_before"};
constexpr std::array<std::string_view, 2> kAttendeeNames = {"email", "name"};
constexpr std::array<std::string_view, 2> kAccountNames = {"locale", "zone"};
constexpr std::array<std::string_view, 5> kHereNames = {"account", "link_base", "plan", "settings",
                                                        "zone"};

// A text may be longer than a sandbox takes, or hold a NUL: scripts see it cut, or without.
void push_record_text(lua_State* L, const std::string& text) {
  if (text.size() <= 60'000 && text.find('\0') == text.npos) {
    lua_pushlstring(L, text.data(), text.size());
    return;
  }
  std::string clean = text.substr(0, 60'000);
  while (!clean.empty() && clean.size() < text.size() &&
         (static_cast<unsigned char>(text[clean.size()]) & 0xc0) == 0x80) {
    clean.pop_back();  // not in the middle of a character
  }
  for (char& c : clean) {
    if (c == '\0') c = ' ';
  }
  lua_pushlstring(L, clean.data(), clean.size());
}

void set(lua_State* L, const char* name, const std::string& text) {
  if (text.empty()) return;
  push_record_text(L, text);
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, std::string_view word) {
  lua_pushlstring(L, word.data(), word.size());
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, std::int64_t number) {
  lua_pushinteger(L, number);
  lua_setfield(L, -2, name);
}

void set(lua_State* L, const char* name, const std::optional<std::int64_t>& number) {
  if (number) set(L, name, *number);
}

// The elements of a list, if there are any.
template <class T, class Push>
void set_list(lua_State* L, const char* name, const std::vector<T>& list, Push push) {
  if (list.empty()) return;
  lua_createtable(L, static_cast<int>(std::min<std::size_t>(list.size(), 256)), 0);
  lua_Integer at = 0;
  for (const T& element : list) {
    push(element);
    lua_rawseti(L, -2, ++at);
  }
  lua_setfield(L, -2, name);
}

void set_document(lua_State* L, const char* name, const core::JsonText& text) {
  if (text == "{}" || text == "null") return;
  const Result<core::Json> document = core::parse_json(text);
  if (!document) return;
  push_json(L, *document);
  lua_setfield(L, -2, name);
}

// What stands for the tasks of a container in plan().
void set_tasks(lua_State* L, const char* name, const std::string& group, std::size_t count) {
  lua_createtable(L, 0, 3);
  set(L, "group", group);
  set(L, "count", static_cast<std::int64_t>(count));
  set_kind(L, -1, "tasks");
  make_strict(L, "tasks");
  lua_setfield(L, -2, name);
}

void push_week(lua_State* L, const core::Week& week, const TaskGroups& groups) {
  lua_createtable(L, 0, 5);
  set(L, "id", week.id);
  set(L, "key", "week:" + week.id);
  set(L, "number", week.number);
  set(L, "milestone", week.milestone);
  set_tasks(L, "tasks", week.id, groups.of(week.id).size());
  make_strict(L, "week", kWeekNames);
}

void push_plan_fields(lua_State* L, const core::Plan& plan) {
  lua_createtable(L, 0, 16);
  set(L, "id", plan.id);
  set(L, "key", "plan:" + plan.id);
  set(L, "external_id", plan.external_id);
  set(L, "title", plan.title);
  set(L, "topic", plan.topic);
  set(L, "skill_level", plan.skill_level);
  set(L, "weekly_time_s", plan.weekly_time_s);
  set(L, "start", plan.start);
  set(L, "deadline", plan.deadline);
  set(L, "learning_style", plan.learning_style);
  set(L, "zone", plan.zone);
  make_strict(L, "plan", kPlanNames);
}

/// The start as a clock shows it: a service refuses or rewrites a time that the clocks skip. Of a
/// series the start is the time of day of all of them, and stays.
std::string shown_start(const core::Task& task, const std::string& zone) {
  const core::Schedule& schedule = task.schedule;
  if (schedule.kind != core::ScheduleKind::timed || core::recurs(task)) return schedule.start;
  auto wall = core::parse_local(schedule.start);
  auto instant = wall ? core::to_instant(*wall, zone) : Result<core::Instant>(wall.error());
  auto shown =
      instant ? core::to_local(*instant, zone) : Result<core::LocalSeconds>(instant.error());
  return shown ? core::format_local(*shown) : schedule.start;
}

void set_schedule(lua_State* L, const core::Task& task, const std::string& zone) {
  const core::Schedule& schedule = task.schedule;
  if (schedule.kind == core::ScheduleKind::none) return;
  lua_createtable(L, 0, 4);
  set(L, "kind", core::name_of(schedule.kind));
  set(L, "start", shown_start(task, zone));
  set(L, "end", schedule.end);
  if (schedule.kind == core::ScheduleKind::timed) set(L, "zone", zone);
  make_strict(L, "schedule", kScheduleNames);
  lua_setfield(L, -2, "schedule");
}

}  // namespace

TaskGroups::TaskGroups(const MappingInput& input) {
  for (const core::Module& module : input.plan->modules) {
    for (const core::Week& week : module.weeks) {
      places_[week.id] = {&module, &week};
      groups_[week.id];
    }
  }
  std::vector<std::size_t>& all = groups_["all"];
  std::vector<std::size_t>& other = groups_["other"];
  for (std::size_t i = 0; i < input.tasks.size(); ++i) {
    all.push_back(i);
    const auto week = places_.find(input.tasks[i].week_id);
    (week == places_.end() ? other : groups_[week->first]).push_back(i);
  }
}

const std::vector<std::size_t>& TaskGroups::of(const std::string& group) const {
  static const std::vector<std::size_t> kNone;
  const auto found = groups_.find(group);
  return found == groups_.end() ? kNone : found->second;
}

TaskGroups::Place TaskGroups::place(const core::Task& task) const {
  const auto found = places_.find(task.week_id);
  return found == places_.end() ? Place{} : found->second;
}

std::string default_zone(const MappingInput& input) {
  static const core::Account kNobody;
  const core::Account& account = input.account == nullptr ? kNobody : *input.account;
  return core::zone_of(*input.plan, account, input.host_zone);
}

void push_plan(lua_State* L, const MappingInput& input, const TaskGroups& groups) {
  push_plan_fields(L, *input.plan);
  set_list(L, "modules", input.plan->modules, [&](const core::Module& module) {
    lua_createtable(L, 0, 4);
    set(L, "id", module.id);
    set(L, "key", "module:" + module.id);
    set(L, "title", module.title);
    lua_newtable(L);
    lua_Integer at = 0;
    for (const core::Week& week : module.weeks) {
      push_week(L, week, groups);
      lua_rawseti(L, -2, ++at);
    }
    lua_setfield(L, -2, "weeks");
    make_strict(L, "module", kModuleNames);
  });
  if (input.plan->modules.empty()) {
    lua_newtable(L);
    lua_setfield(L, -2, "modules");
  }
  set_tasks(L, "tasks", "all", groups.of("all").size());
  set_tasks(L, "other_tasks", "other", groups.of("other").size());
}

void push_task(lua_State* L, const core::Task& task, const MappingInput& input,
               const TaskGroups& groups) {
  const std::string zone = task.schedule.zone.empty() ? default_zone(input) : task.schedule.zone;
  lua_createtable(L, 0, 24);
  set(L, "id", task.id);
  set(L, "key", "task:" + task.id);
  set(L, "external_id", task.external_id);
  set(L, "position", task.position);
  set(L, "title", task.title);
  set(L, "notes", task.notes);
  set(L, "link", task.link);
  set(L, "duration_s", task.duration_s);
  set(L, "due", task.due);
  set(L, "status", core::name_of(task.status));
  set(L, "kind", core::name_of(task.kind));
  set(L, "zone", zone);
  set_schedule(L, task, zone);
  set_list(L, "reminders", task.reminders, [&](const core::Reminder& reminder) {
    lua_createtable(L, 0, 2);
    set(L, "method", reminder.method);
    set(L, "minutes_before", reminder.minutes_before);
    make_strict(L, "reminder", kReminderNames);
  });
  set_list(L, "recurrence", core::recurrence_lines(task, zone),
           [&](const std::string& line) { push_record_text(L, line); });
  set(L, "location", task.location);
  set_list(L, "attendees", task.attendees, [&](const core::Attendee& attendee) {
    lua_createtable(L, 0, 2);
    set(L, "email", attendee.email);
    set(L, "name", attendee.name);
    make_strict(L, "attendee", kAttendeeNames);
  });
  set(L, "meeting_link", task.meeting_link);
  set(L, "color", task.color);
  set_document(L, "extra", task.extra);
  if (const TaskGroups::Place place = groups.place(task); place.week != nullptr) {
    lua_createtable(L, 0, 3);
    set(L, "number", place.week->number);
    set(L, "milestone", place.week->milestone);
    set(L, "module", place.module->title);
    make_strict(L, "task.week", kPlaceNames);
    lua_setfield(L, -2, "week");
  }
  make_strict(L, "task", kTaskNames);
}

void push_here(lua_State* L, const MappingInput& input, const core::JsonText& settings) {
  lua_createtable(L, 0, 5);
  const Result<core::Json> set_here = core::parse_json(settings);
  push_json(L, set_here && set_here->is_object() ? *set_here : core::Json::object());
  make_strict(L, "settings");
  lua_setfield(L, -2, "settings");
  push_plan_fields(L, *input.plan);
  lua_setfield(L, -2, "plan");
  lua_createtable(L, 0, 2);
  if (input.account != nullptr) {
    set(L, "locale", input.account->locale);
    set(L, "zone", input.account->zone);
  }
  make_strict(L, "here.account", kAccountNames);
  lua_setfield(L, -2, "account");
  set(L, "zone", default_zone(input));
  set(L, "link_base", input.link_base);
  make_strict(L, "here", kHereNames);
}

}  // namespace mortise::script
