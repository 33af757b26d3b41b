#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/plan_reader.hpp"
#include "core/record_json.hpp"

namespace mortise::core {
namespace {

std::string derived_prefix(std::string_view plan_id) {
  return std::string(plan_id) + ":";
}

struct TaskPlace {
  std::string week_id;
  std::string key;  // in front of the ordinal: "w3", or "" outside weeks
};

void read_tasks(ObjectReader& owner, const TaskPlace& place, PlanReading& reading) {
  const Json* const array = owner.array("tasks", kMaxTasks);
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    const std::string pointer = pointer_to(pointer_to(owner.pointer(), "tasks"), index);
    if (!reading.room_for_task(pointer)) return;
    ObjectReader reader((*array)[index], pointer, reading.problems);
    Task task;
    task.id = reading.id_of(reader, kTaskPrefix);
    task.week_id = place.week_id;
    reading.external_id(reader, task.external_id);
    read_task_fields(reader, task);
    reader.ignored({"account_id", "plan_id", "week_id", "position", "rev", "created_at",
                    "updated_at", "sync"});
    reader.finish();
    reading.add(std::move(task), fmt::format("{}n{}", place.key, index + 1));
  }
}

Week read_week(const Json& value, const std::string& pointer, PlanReading& reading) {
  ObjectReader reader(value, pointer, reading.problems);
  Week week;
  week.id = reading.id_of(reader, kWeekPrefix);
  std::optional<std::int64_t> number;
  reader.integer("number", number, 1, kMaxWeekNumber);
  reader.require("number");
  week.number = number.value_or(0);
  reading.week_number(reader, "number", week.number);
  reader.text("milestone", week.milestone, kTitleBound);
  read_tasks(reader, {week.id, fmt::format("w{}", week.number)}, reading);
  reader.finish();
  return week;
}

Module read_module(const Json& value, const std::string& pointer, PlanReading& reading) {
  ObjectReader reader(value, pointer, reading.problems);
  Module module;
  module.id = reading.id_of(reader, kModulePrefix);
  reader.text("title", module.title, kTitleBound);
  reader.require("title");
  const Json* const weeks = reader.array("weeks", kMaxWeeks);
  for (std::size_t index = 0; weeks != nullptr && index < weeks->size(); ++index) {
    module.weeks.push_back(
        read_week((*weeks)[index], pointer_to(pointer_to(pointer, "weeks"), index), reading));
  }
  reader.finish();
  return module;
}

/// Also one whose `weeks` are misspelt or forgotten: what is said then is about a roadmap.
bool is_roadmap(const Json& document) {
  if (document.contains("weeks")) return true;
  return document.contains("topic") && !document.contains("title") && !document.contains("modules");
}

}  // namespace

std::string PlanReading::id_of(ObjectReader& reader, std::string_view prefix) {
  std::string named;
  reader.text("id", named, kExternalIdBound);
  std::string id = new_id(prefix);
  if (named.empty()) return id;
  if (!valid_id(prefix, named)) {
    reader.problem("id", fmt::format("must be an id of this host ({}_...) or be left out", prefix));
  } else if (!named_.insert(named).second) {
    reader.problem("id", "is used twice in this document");
  }
  imported.named_ids.emplace(id, std::move(named));
  return id;
}

void PlanReading::external_id(ObjectReader& reader, std::string& out) {
  reader.text("external_id", out, kExternalIdBound);
  if (!out.empty() && !external_ids_.insert(out).second) {
    reader.problem("external_id", "is used twice in this document");
  }
}

void PlanReading::week_number(ObjectReader& reader, std::string_view name, std::int64_t number) {
  if (number == 0 || weeks_.insert(number).second) return;  // 0: not read, complained about already
  reader.problem(name, "is the number of an earlier week");
}

bool PlanReading::room_for_task(const std::string& pointer) {
  if (++task_count_ <= kMaxTasks) return true;
  if (task_count_ == kMaxTasks + 1) {
    add_problem(problems, pointer, fmt::format("a plan has at most {} tasks", kMaxTasks));
  }
  return false;
}

void PlanReading::add(Task task, std::string_view derived) {
  task.plan_id = imported.plan.id;
  task.position = static_cast<std::int64_t>(imported.tasks.size() + 1) * kPositionStep;
  if (task.external_id.empty()) {
    task.external_id = derived_prefix(imported.plan.id).append(derived);
  }
  imported.tasks.push_back(std::move(task));
}

void read_canonical(const Json& document, PlanReading& reading) {
  Plan& plan = reading.imported.plan;
  ObjectReader reader(document, "", reading.problems);
  reader.text("external_id", plan.external_id, kExternalIdBound);
  read_plan_fields(reader, plan);
  reader.require("title");
  const Json* const modules = reader.array("modules", kMaxModules);
  for (std::size_t index = 0; modules != nullptr && index < modules->size(); ++index) {
    plan.modules.push_back(read_module((*modules)[index], pointer_to("/modules", index), reading));
  }
  read_tasks(reader, {}, reading);
  reader.ignored({"id", "account_id", "rev", "tasks_rev", "created_at", "updated_at"});
  reader.finish();
}

Read<ImportedPlan> read_plan_document(const Json& document, const NewId& new_id) {
  Read<ImportedPlan> read;
  ImportedPlan imported;
  imported.plan.id = new_id(kPlanPrefix);
  PlanReading reading(imported, new_id, read.problems);
  if (document.is_object() && is_roadmap(document)) {
    imported.shape = PlanShape::roadmap;
    read_roadmap(document, reading);
  } else {
    read_canonical(document, reading);
  }
  if (read.problems.empty()) read.value = std::move(imported);
  return read;
}

std::optional<std::int64_t> position_between(std::optional<std::int64_t> before,
                                             std::optional<std::int64_t> after) {
  if (!after) return before.value_or(0) + kPositionStep;
  if (!before) return *after - kPositionStep;
  if (*after - *before < 2) return std::nullopt;
  return *before + (*after - *before) / 2;
}

bool is_derived_external_id(std::string_view external_id, std::string_view plan_id) {
  return external_id.starts_with(derived_prefix(plan_id));
}

}  // namespace mortise::core
