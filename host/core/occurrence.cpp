#include "core/occurrence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_reader.hpp"
#include "core/record_json.hpp"
#include "core/time.hpp"

namespace mortise::core {
namespace {

constexpr std::string_view kMayDiffer[] = {"title",      "notes",    "link",      "location",
                                           "status",     "color",    "reminders", "attendees",
                                           "duration_s", "schedule", "due"};

auto place_of(const Task& series, std::string_view slot) {
  return std::lower_bound(
      series.overrides.begin(), series.overrides.end(), slot,
      [](const Override& each, std::string_view wanted) { return each.slot < wanted; });
}

// The occurrence as the series has it.
Task plain_occurrence(const Task& series, std::string_view slot) {
  Task task = series;
  task.recurrence.clear();
  task.overrides.clear();
  Schedule& schedule = task.schedule;
  if (schedule.kind == ScheduleKind::none) {
    task.due = slot;
    return task;
  }
  const Result<Day> start = parse_day(schedule.start), end = parse_day(schedule.end);
  if (start && end) schedule.end = format_day(parse_day(slot).value() + (*end - *start));
  schedule.start = slot;
  task.due = due_of(schedule);
  return task;
}

// Reads a patch onto an occurrence; its problems go to the reader.
void read_changes(ObjectReader& reader, Task& occurrence) {
  read_occurrence_fields(reader, occurrence);
  reader.finish();
}

// `schedule` whole: what the new one lacks is named as gone.
Json schedule_patch(const Schedule& from, const Schedule& to) {
  if (to.kind == ScheduleKind::none) return nullptr;
  Json patch = to_json(to);
  if (from.kind != to.kind) return patch;
  const Json before = to_json(from);
  for (const auto& [name, value] : before.items()) {
    if (!patch.contains(name)) patch[name] = nullptr;
  }
  return patch;
}

// What turns `from` into `to`, of the fields that may differ.
Json difference(const Task& from, const Task& to) {
  const Json before = to_json(from);
  const Json after = to_json(to);
  Json patch = Json::object();
  for (const std::string_view name : kMayDiffer) {
    const Json was = before.value(name, Json());
    const Json is = after.value(name, Json());
    if (was != is) patch[std::string(name)] = is;
  }
  if (patch.contains("schedule")) patch["schedule"] = schedule_patch(from.schedule, to.schedule);
  if (to.schedule.kind != ScheduleKind::none) patch.erase("due");  // follows the schedule
  return patch;
}

// How `edited` differs from what the series has at this slot. One that was cancelled by itself
// stays so in a series that is cancelled as a whole.
Result<Override> override_of(const Task& series, std::string_view slot, Task edited,
                             bool was_cancelled) {
  const Task plain = plain_occurrence(series, slot);
  Override changed;
  changed.slot = slot;
  const bool differs = was_cancelled || plain.status != TaskStatus::cancelled;
  changed.cancelled = edited.status == TaskStatus::cancelled && differs;
  if (changed.cancelled) edited.status = plain.status;
  Result<JsonText> changes = canonical_json(difference(plain, edited));
  if (!changes) return changes.error();
  changed.changes = std::move(*changes);
  return changed;
}

// The override at `pointer` of a document, or nothing, with its problems.
std::optional<Override> read_override(const Json& value, const std::string& pointer,
                                      const Task& series, std::vector<Problem>& problems) {
  const std::size_t before = problems.size();
  ObjectReader reader(value, pointer, problems);
  Override read;
  reader.text("slot", read.slot, kLabelBound);
  if (!is_slot_of(series, read.slot)) {
    reader.problem("slot", fmt::format("must be an original start like {}",
                                       by_day(series) ? "2026-11-23" : "2026-11-23T18:00:00"));
  }
  if (const Json* const cancelled = reader.member("cancelled")) {
    if (!cancelled->is_boolean()) reader.problem("cancelled", "must be true or false");
    read.cancelled = cancelled->is_boolean() && cancelled->get<bool>();
  }
  const Json* const changes = reader.member("changes");
  reader.finish();
  if (problems.size() > before) return std::nullopt;
  Task edited = plain_occurrence(series, read.slot);
  if (changes != nullptr) {
    ObjectReader changed(*changes, pointer_to(pointer, "changes"), problems);
    read_changes(changed, edited);
  }
  if (problems.size() > before) return std::nullopt;
  if (read.cancelled) edited.status = TaskStatus::cancelled;
  Result<Override> whole = override_of(series, read.slot, std::move(edited), read.cancelled);
  if (whole) return std::move(*whole);
  add_problem(problems, pointer, whole.error().message);
  return std::nullopt;
}

}  // namespace

bool recurs(const Task& task) {
  return !task.recurrence.empty() && !start_of(task).empty();
}

bool by_day(const Task& task) {
  return task.schedule.kind != ScheduleKind::timed;
}

std::string_view start_of(const Task& task) {
  return task.schedule.kind == ScheduleKind::none ? task.due : task.schedule.start;
}

bool is_slot_of(const Task& series, std::string_view slot) {
  return by_day(series) ? is_record_day(slot) : is_record_local(slot);
}

const Override* find_override(const Task& series, std::string_view slot) {
  const auto place = place_of(series, slot);
  return place != series.overrides.end() && place->slot == slot ? &*place : nullptr;
}

Result<Task> occurrence_task(const Task& series, std::string_view slot) {
  if (!is_slot_of(series, slot)) {
    return Error{Code::invalid,
                 fmt::format("\"{}\" is no original start like {}", slot.substr(0, 64),
                             by_day(series) ? "2026-11-23" : "2026-11-23T18:00:00")};
  }
  Task task = plain_occurrence(series, slot);
  const Override* const changed = find_override(series, slot);
  if (changed == nullptr) return task;
  if (changed->changes != "{}") {
    const Result<Json> patch = parse_json(changed->changes);
    if (!patch) return patch.error();
    std::vector<Problem> problems;  // it was read before: there are none that matter
    ObjectReader reader(*patch, "", problems);
    read_changes(reader, task);
  }
  if (changed->cancelled) task.status = TaskStatus::cancelled;
  return task;
}

namespace {

Status check_override_count(const Task& series) {
  if (series.overrides.size() <= kMaxOverrides) return {};
  return Error{Code::invalid,
               fmt::format("a series has at most {} edited occurrences", kMaxOverrides)};
}

}  // namespace

Read<Task> edit_occurrence(Task series, std::string_view slot, const Json& patch) {
  Read<Task> read;
  Result<Task> edited = occurrence_task(series, slot);
  if (!edited) {
    add_problem(read.problems, "", edited.error().message);
    return read;
  }
  ObjectReader reader(patch, "", read.problems);
  read_changes(reader, *edited);
  if (!read.problems.empty()) return read;
  const Override* const known = find_override(series, slot);
  const bool was_cancelled = known != nullptr && known->cancelled;
  Result<Override> changed = override_of(series, slot, std::move(*edited), was_cancelled);
  if (!changed) {
    add_problem(read.problems, "", changed.error().message);
    return read;
  }
  put_override(series, std::move(*changed));
  if (Status fits = check_override_count(series); !fits) {
    add_problem(read.problems, "", fits.error().message);
    return read;
  }
  read.value = std::move(series);
  return read;
}

Result<Task> cancel_occurrence(Task series, std::string_view slot) {
  Result<Task> edited = occurrence_task(series, slot);
  if (!edited) return edited.error();
  edited->status = TaskStatus::cancelled;
  Result<Override> changed = override_of(series, slot, std::move(*edited), true);
  if (!changed) return changed.error();
  put_override(series, std::move(*changed));
  if (Status fits = check_override_count(series); !fits) return std::move(fits).error();
  return series;
}

void put_override(Task& series, Override changed) {
  const auto index = place_of(series, changed.slot) - series.overrides.begin();
  const auto place = series.overrides.begin() + index;
  if (place != series.overrides.end() && place->slot == changed.slot) {
    *place = std::move(changed);
  } else {
    series.overrides.insert(place, std::move(changed));
  }
}

Task without_override(Task series, std::string_view slot) {
  std::erase_if(series.overrides, [&](const Override& each) { return each.slot == slot; });
  return series;
}

void read_overrides(ObjectReader& reader, Task& task) {
  const std::size_t before = reader.problems().size();
  const Json* const array = reader.array("overrides", kMaxOverrides);
  if (reader.problems().size() > before || !reader.has("overrides")) return;
  task.overrides.clear();
  for (std::size_t index = 0; array != nullptr && index < array->size(); ++index) {
    const std::string pointer = pointer_to(pointer_to(reader.pointer(), "overrides"), index);
    std::optional<Override> read = read_override((*array)[index], pointer, task, reader.problems());
    if (!read) continue;
    if (find_override(task, read->slot) != nullptr) {
      add_problem(reader.problems(), pointer_to(pointer, "slot"), "is there twice");
    }
    put_override(task, std::move(*read));
  }
  if (array != nullptr && !array->empty() && !recurs(task)) {
    reader.problem("overrides", "belong to a task that repeats");
  }
}

}  // namespace mortise::core
