#include "core/plan_merge.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace mortise::core {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::string named_id(const ImportedPlan& imported, const std::string& id) {
  const auto found = imported.named_ids.find(id);
  return found == imported.named_ids.end() ? std::string() : found->second;
}

// Which modules and weeks of the document are ones that the plan has. An id is given away once
// only.
class ContainerMatch {
 public:
  explicit ContainerMatch(const Plan& plan) {
    std::map<std::string, int> seen;
    for (const Module& module : plan.modules) {
      modules_.emplace(std::pair(module.title, seen[module.title]++), module.id);
      free_.insert(module.id);
      for (const Week& week : module.weeks) {
        weeks_.emplace(week.number, week.id);
        free_.insert(week.id);
      }
    }
  }

  // Named ids first, over the whole document, so that no title or number takes them away.
  void match_named(const ImportedPlan& imported) {
    for (const Module& module : imported.plan.modules) {
      keep(module.id, named_id(imported, module.id));
      for (const Week& week : module.weeks) keep(week.id, named_id(imported, week.id));
    }
  }

  void match_by_content(const Plan& imported) {
    std::map<std::string, int> seen;
    for (const Module& module : imported.modules) {
      const auto same = modules_.find({module.title, seen[module.title]++});
      if (same != modules_.end()) keep(module.id, same->second);
      for (const Week& week : module.weeks) {
        const auto same_week = weeks_.find(week.number);
        if (same_week != weeks_.end()) keep(week.id, same_week->second);
      }
    }
  }

  // Puts the kept id in the place of a new one.
  void apply(std::string& id) const {
    if (const auto found = kept_.find(id); found != kept_.end()) id = found->second;
  }

 private:
  void keep(const std::string& new_id, const std::string& id) {
    if (kept_.contains(new_id) || free_.erase(id) == 0) return;
    kept_.emplace(new_id, id);
  }

  std::map<std::pair<std::string, int>, std::string>
      modules_;                                // by title and how often it was there
  std::map<std::int64_t, std::string> weeks_;  // by number
  std::unordered_set<std::string> free_;
  std::unordered_map<std::string, std::string> kept_;  // new id -> id that is kept
};

// Replaces the new ids of modules, weeks and the tasks' weeks by those of `plan` where they are the
// same.
void keep_container_ids(const Plan& plan, ImportedPlan& imported) {
  ContainerMatch match(plan);
  match.match_named(imported);
  match.match_by_content(imported.plan);
  for (Module& module : imported.plan.modules) {
    match.apply(module.id);
    for (Week& week : module.weeks) match.apply(week.id);
  }
  for (Task& task : imported.tasks) match.apply(task.week_id);
}

Plan merge_plan(const Plan& plan, Plan imported) {
  Plan merged = plan;
  const bool title_is_topic = imported.title == imported.topic && imported.topic == plan.topic;
  if (!title_is_topic) merged.title = std::move(imported.title);
  merged.topic = std::move(imported.topic);
  merged.skill_level = std::move(imported.skill_level);
  merged.weekly_time_s = imported.weekly_time_s;
  if (!imported.start.empty()) merged.start = std::move(imported.start);
  merged.deadline = std::move(imported.deadline);
  merged.learning_style = std::move(imported.learning_style);
  if (!imported.zone.empty()) merged.zone = std::move(imported.zone);
  merged.source = std::move(imported.source);
  merged.modules = std::move(imported.modules);
  if (!imported.external_id.empty()) merged.external_id = std::move(imported.external_id);
  return merged;
}

// Which existing task each imported one is; kNone for new ones. A task that nobody named is the one
// of its title in its week; only then the one at its place, which was renamed.
std::vector<std::size_t> match_tasks(const std::vector<Task>& existing, const std::string& plan_id,
                                     const ImportedPlan& imported) {
  std::unordered_map<std::string, std::size_t> by_id;
  std::unordered_map<std::string, std::size_t> by_external_id;
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_title;
  for (std::size_t index = 0; index < existing.size(); ++index) {
    by_id.emplace(existing[index].id, index);
    if (!existing[index].external_id.empty()) {
      by_external_id.emplace(existing[index].external_id, index);
    }
    if (is_derived_external_id(existing[index].external_id, plan_id)) {
      by_title[{existing[index].week_id, existing[index].title}].push_back(index);
    }
  }
  std::vector<std::size_t> matches(imported.tasks.size(), kNone);
  std::vector<bool> taken(existing.size(), false);
  const auto take = [&](std::size_t which, const auto& index_of, const std::string& key) {
    const auto found = index_of.find(key);
    if (matches[which] != kNone || found == index_of.end() || taken[found->second]) return;
    matches[which] = found->second;
    taken[found->second] = true;
  };
  for (std::size_t which = 0; which < matches.size(); ++which) {
    take(which, by_id, named_id(imported, imported.tasks[which].id));
  }
  const auto unnamed = [&](std::size_t which) {
    return is_derived_external_id(imported.tasks[which].external_id, plan_id);
  };
  for (std::size_t which = 0; which < matches.size(); ++which) {
    if (!unnamed(which)) take(which, by_external_id, imported.tasks[which].external_id);
  }
  for (std::size_t which = 0; which < matches.size(); ++which) {
    if (!unnamed(which) || matches[which] != kNone) continue;
    for (const std::size_t index :
         by_title[{imported.tasks[which].week_id, imported.tasks[which].title}]) {
      if (taken[index]) continue;
      matches[which] = index;
      taken[index] = true;
      break;
    }
  }
  for (std::size_t which = 0; which < matches.size(); ++which) {
    if (unnamed(which)) take(which, by_external_id, imported.tasks[which].external_id);
  }
  return matches;
}

void merge_times(const Task& imported, Task& merged) {
  const bool person_set = merged.schedule.origin == ScheduleOrigin::person;
  const bool brings_schedule = imported.schedule != Schedule{};
  const bool brings_due = !imported.due.empty() && imported.due != merged.due;
  if (person_set || !(brings_schedule || brings_due)) return;
  merged.schedule = imported.schedule;
  merged.due = imported.due;
}

Task merge_task(const Task& existing, Task imported, PlanShape shape) {
  Task merged = existing;
  merge_times(imported, merged);
  merged.week_id = std::move(imported.week_id);
  merged.title = std::move(imported.title);
  merged.duration_s = imported.duration_s;
  if (!is_derived_external_id(imported.external_id, existing.plan_id)) {
    merged.external_id = std::move(imported.external_id);
  }
  if (shape == PlanShape::canonical) {
    merged.link = std::move(imported.link);
    merged.notes = std::move(imported.notes);
    merged.kind = imported.kind;
    merged.reminders = std::move(imported.reminders);
    merged.recurrence = std::move(imported.recurrence);
    if (!imported.overrides.empty()) merged.overrides = std::move(imported.overrides);
    merged.location = std::move(imported.location);
    merged.attendees = std::move(imported.attendees);
    merged.meeting_link = std::move(imported.meeting_link);
    merged.color = std::move(imported.color);
    merged.extra = std::move(imported.extra);
  } else {
    merged.link = std::move(imported.link);
    if (!imported.notes.empty()) merged.notes = std::move(imported.notes);
  }
  return merged;
}

// A derived external id can be that of another task whose place changed: the newcomer gets the next
// free.
void avoid_taken_ids(std::vector<Task>& tasks, const std::vector<std::size_t>& added) {
  std::unordered_set<std::string> taken;
  std::unordered_set<std::size_t> newcomers(added.begin(), added.end());
  for (std::size_t index = 0; index < tasks.size(); ++index) {
    if (!newcomers.contains(index)) taken.insert(tasks[index].external_id);
  }
  for (const std::size_t index : added) {
    std::string& external_id = tasks[index].external_id;
    const std::string stem = external_id.substr(0, external_id.rfind('n') + 1);
    const bool derived = is_derived_external_id(external_id, tasks[index].plan_id);
    for (int ordinal = 1; derived && taken.contains(external_id); ++ordinal) {
      external_id = stem + std::to_string(ordinal);
    }
    taken.insert(external_id);
  }
}

// Keeps positions where they still ascend and gives newcomers room in between; if there is none,
// everything is renumbered.
void arrange_positions(std::vector<Task>& tasks, const std::vector<bool>& has_position) {
  std::optional<std::int64_t> before;
  bool fits = true;
  for (std::size_t index = 0; index < tasks.size() && fits; ++index) {
    if (!has_position[index]) {
      std::size_t run_end = index;
      while (run_end < tasks.size() && !has_position[run_end]) ++run_end;
      const auto count = static_cast<std::int64_t>(run_end - index);
      const std::int64_t from = before.value_or(0);
      const std::int64_t to =
          run_end < tasks.size() ? tasks[run_end].position : from + (count + 1) * kPositionStep;
      const std::int64_t step = (to - from) / (count + 1);
      fits = step > 0;
      for (; index < run_end; ++index) before = tasks[index].position = before.value_or(0) + step;
      --index;
      continue;
    }
    fits = !before || tasks[index].position > *before;
    before = tasks[index].position;
  }
  if (fits) return;
  for (std::size_t index = 0; index < tasks.size(); ++index) {
    tasks[index].position = static_cast<std::int64_t>(index + 1) * kPositionStep;
  }
}

struct Entry {
  Task task;
  std::size_t existing = kNone;
};

// The tasks of the document in its order, each task that stays without being in it behind the one
// it was behind.
std::vector<Entry> merged_order(const std::vector<Task>& existing, const std::string& plan_id,
                                ImportedPlan& imported, MergedPlan& merged) {
  const std::vector<std::size_t> matches = match_tasks(existing, plan_id, imported);
  std::unordered_set<std::size_t> matched(matches.begin(), matches.end());
  std::unordered_map<std::size_t, std::vector<std::size_t>> behind;  // kNone: at the beginning
  std::size_t last_matched = kNone;
  for (std::size_t index = 0; index < existing.size(); ++index) {
    if (matched.contains(index)) {
      last_matched = index;
    } else if (existing[index].external_id.empty()) {
      behind[last_matched].push_back(index);
    } else {
      merged.removed.push_back(existing[index]);
    }
  }
  std::vector<Entry> order;
  const auto add_behind = [&](std::size_t place) {
    for (const std::size_t index : behind[place]) order.push_back({existing[index], index});
  };
  add_behind(kNone);
  for (std::size_t which = 0; which < matches.size(); ++which) {
    Task& task = imported.tasks[which];
    if (matches[which] == kNone) {
      order.push_back({std::move(task), kNone});
      continue;
    }
    const Task& same = existing[matches[which]];
    order.push_back({merge_task(same, std::move(task), imported.shape), matches[which]});
    add_behind(matches[which]);
  }
  return order;
}

void drop_lost_weeks(const Plan& plan, std::vector<Task>& tasks) {
  std::unordered_set<std::string> weeks{""};
  for (const Module& module : plan.modules) {
    for (const Week& week : module.weeks) weeks.insert(week.id);
  }
  for (Task& task : tasks) {
    if (!weeks.contains(task.week_id)) task.week_id.clear();
  }
}

bool same_content(Task a, const Task& b) {
  a.position = b.position;
  a.week_id = b.week_id;
  return a == b;
}

}  // namespace

MergedPlan merge_import(const Plan& plan, const std::vector<Task>& tasks, ImportedPlan imported) {
  keep_container_ids(plan, imported);
  const std::string imported_id = imported.plan.id;
  for (Task& task : imported.tasks) {
    if (is_derived_external_id(task.external_id, imported_id)) {
      task.external_id.replace(0, imported_id.size(), plan.id);
    }
    task.plan_id = plan.id;
    task.account_id = plan.account_id;
  }
  MergedPlan merged;
  const std::vector<Entry> order = merged_order(tasks, plan.id, imported, merged);
  merged.plan = merge_plan(plan, std::move(imported.plan));
  merged.plan_changed = merged.plan != plan;

  std::vector<bool> has_position;
  for (const Entry& entry : order) {
    if (entry.existing == kNone) merged.added.push_back(merged.tasks.size());
    merged.tasks.push_back(entry.task);
    has_position.push_back(entry.existing != kNone);
  }
  drop_lost_weeks(merged.plan, merged.tasks);
  avoid_taken_ids(merged.tasks, merged.added);
  arrange_positions(merged.tasks, has_position);
  for (std::size_t index = 0; index < order.size(); ++index) {
    if (order[index].existing == kNone) continue;
    const Task& before = tasks[order[index].existing];
    if (!same_content(merged.tasks[index], before)) {
      merged.changed.push_back(index);
    } else if (merged.tasks[index] != before) {
      merged.moved.push_back(index);
    }
  }
  return merged;
}

}  // namespace mortise::core
