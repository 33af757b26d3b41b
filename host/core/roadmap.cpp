#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/plan_reader.hpp"
#include "core/record_json.hpp"

namespace mortise::core {
namespace {

struct RoadmapTask {
  std::int64_t day = 0;
  std::string derived;
  Task task;
};

struct RoadmapWeek {
  std::string module;
  Week week;
  std::vector<RoadmapTask> tasks;
};

constexpr std::int64_t kMaxRoadmapDay = 366;

// Hours as a number, whole or not, in seconds.
void read_hours(ObjectReader& reader, std::string_view name, std::optional<std::int64_t>& out,
                std::int64_t min_s, std::int64_t max_s) {
  const Json* const value = reader.member(name);
  if (value == nullptr || value->is_null()) return;
  if (value->is_number()) {
    const double seconds = value->get<double>() * 3'600;
    if (seconds >= static_cast<double>(min_s) - 0.5 && seconds <= static_cast<double>(max_s)) {
      out = std::llround(seconds);
      return;
    }
  }
  reader.problem(
      name, fmt::format("must be a number of hours, more than 0 and at most {}", max_s / 3'600));
}

std::int64_t read_ordinal(ObjectReader& reader, std::string_view name, std::int64_t max) {
  std::optional<std::int64_t> number;
  reader.integer(name, number, 1, max);
  reader.require(name);
  return number.value_or(0);
}

// A web address becomes the link, other words become notes.
void read_resource(ObjectReader& reader, Task& task) {
  const Json* const value = reader.member("resource");
  if (value == nullptr || !value->is_string()) {
    reader.text("resource", task.notes,
                kNotesBound);  // null clears, other types are complained about
    return;
  }
  if (value->get_ref<const std::string&>().find("://") == std::string::npos) {
    reader.text("resource", task.notes, kNotesBound);
  } else {
    reader.url("resource", task.link);
  }
}

RoadmapTask read_task_at(const Json& value, const std::string& pointer, PlanReading& reading) {
  ObjectReader reader(value, pointer, reading.problems);
  RoadmapTask read;
  read.day = read_ordinal(reader, "day", kMaxRoadmapDay);
  reader.text("task", read.task.title, kTitleBound);
  reader.require("task");
  read_hours(reader, "duration", read.task.duration_s, 1, kMaxDurationS);
  reader.require("duration");
  read_resource(reader, read.task);
  reading.external_id(reader, read.task.external_id);
  reader.finish();
  return read;
}

std::vector<RoadmapTask> read_tasks(ObjectReader& week_reader, std::int64_t week,
                                    PlanReading& reading) {
  std::vector<RoadmapTask> tasks;
  const Json* const array = week_reader.array("tasks", kMaxTasks);
  if (array == nullptr) {
    week_reader.require("tasks");
    return tasks;
  }
  std::map<std::int64_t, int> ordinals;
  for (std::size_t index = 0; index < array->size(); ++index) {
    const std::string pointer = pointer_to(pointer_to(week_reader.pointer(), "tasks"), index);
    if (!reading.room_for_task(pointer)) break;
    RoadmapTask task = read_task_at((*array)[index], pointer, reading);
    task.derived = fmt::format("w{}d{}n{}", week, task.day, ++ordinals[task.day]);
    tasks.push_back(std::move(task));
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const RoadmapTask& a, const RoadmapTask& b) { return a.day < b.day; });
  return tasks;
}

RoadmapWeek read_week(const Json& value, const std::string& pointer, PlanReading& reading) {
  ObjectReader reader(value, pointer, reading.problems);
  RoadmapWeek read;
  read.week.number = read_ordinal(reader, "week", kMaxWeekNumber);
  reading.week_number(reader, "week", read.week.number);
  reader.text("module", read.module, kTitleBound);
  reader.text("milestone", read.week.milestone, kTitleBound);
  read.tasks = read_tasks(reader, read.week.number, reading);
  reader.finish();
  return read;
}

std::vector<RoadmapWeek> read_weeks(ObjectReader& reader, PlanReading& reading) {
  std::vector<RoadmapWeek> weeks;
  const Json* const array = reader.array("weeks", kMaxWeeks);
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    const std::string pointer = pointer_to(pointer_to(reader.pointer(), "weeks"), index);
    weeks.push_back(read_week((*array)[index], pointer, reading));
  }
  if (array == nullptr) reader.require("weeks");
  std::stable_sort(weeks.begin(), weeks.end(), [](const RoadmapWeek& a, const RoadmapWeek& b) {
    return a.week.number < b.week.number;
  });
  return weeks;
}

// Puts the weeks into modules and the tasks into the plan.
void arrange(std::vector<RoadmapWeek> weeks, PlanReading& reading) {
  Plan& plan = reading.imported.plan;
  for (RoadmapWeek& read : weeks) {
    const std::string& title = read.module.empty() ? plan.topic : read.module;
    if (plan.modules.empty() || plan.modules.back().title != title) {
      plan.modules.push_back({reading.new_id(kModulePrefix), title, {}});
    }
    read.week.id = reading.new_id(kWeekPrefix);
    for (RoadmapTask& task : read.tasks) {
      task.task.id = reading.new_id(kTaskPrefix);
      task.task.week_id = read.week.id;
      reading.add(std::move(task.task), task.derived);
    }
    plan.modules.back().weeks.push_back(std::move(read.week));
  }
}

}  // namespace

void read_roadmap(const Json& document, PlanReading& reading) {
  Plan& plan = reading.imported.plan;
  ObjectReader reader(document, "", reading.problems);
  reader.text("external_id", plan.external_id, kExternalIdBound);
  reader.text("title", plan.title, kTitleBound);
  reader.text("topic", plan.topic, kTitleBound);
  reader.require("topic");
  if (plan.title.empty()) plan.title = plan.topic;
  reader.text("skill_level", plan.skill_level, kLabelBound);
  read_hours(reader, "weekly_time", plan.weekly_time_s, kMinWeeklyTimeS, kMaxWeeklyTimeS);
  read_plan_days(reader, plan);
  reader.text("learning_style", plan.learning_style, kLabelBound);
  reader.zone("timezone", plan.zone);
  reader.document("source", plan.source, "null");
  arrange(read_weeks(reader, reading), reading);
  reader.finish();
}

}  // namespace mortise::core
