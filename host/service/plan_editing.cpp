#include "service/plan_editing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "core/plan_merge.hpp"
#include "core/record_json.hpp"
#include "core/recurrence.hpp"
#include "core/zones.hpp"
#include "ports/random.hpp"
#include "service/saving.hpp"
#include "service/task_place.hpp"

namespace mortise::service {
namespace {

using core::Json;
using core::Plan;
using core::Task;
using ports::Answer;
using ports::Refusal;

bool is_closed(const Task& task) {
  return task.status == core::TaskStatus::done || task.status == core::TaskStatus::cancelled;
}

bool needs_time(const Task& task) {
  return task.schedule.kind == core::ScheduleKind::none && task.due.empty();
}

Refusal names_built_in() {
  return refuse({{"/external_id", "\"calendar\" is the built-in plan of every account"}},
                "the plan");
}

}  // namespace

StoredPlans::StoredPlans(ports::Store& store, ports::Changed& changed, const ports::Clock& clock,
                         ports::Random& random, EditingSettings settings)
    : store_(store),
      changed_(changed),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)) {}

core::NewId StoredPlans::new_id() {
  return
      [this](std::string_view prefix) { return ports::new_id(prefix, clock_.now_ms(), random_); };
}

Result<std::string> StoredPlans::zone_of(const Plan& plan) const {
  if (!plan.zone.empty()) return plan.zone;
  auto account = store_.accounts().find(plan.account_id);
  if (!account) return std::move(account).error();
  return core::zone_of(*account, settings_.host_zone);
}

Result<std::string> StoredPlans::zone_of_plan(const std::string& plan_id) const {
  auto plan = store_.plans().find(plan_id);
  if (!plan) return std::move(plan).error();
  return zone_of(*plan);
}

Answer<std::monostate> StoredPlans::settle_overrides(const Task& before, Task& after,
                                                     bool brought) const {
  if (after.overrides.empty() && after.recurrence.empty()) return std::monostate();
  auto zone = zone_of_plan(after.plan_id);
  if (!zone) return refuse(std::move(zone).error());
  if (brought) {
    auto lost = core::lost_overrides({}, after, *zone);
    if (!lost) return refuse(std::move(lost).error());
    std::vector<core::Problem> problems;
    for (const std::size_t index : *lost) {
      core::add_problem(problems, fmt::format("/overrides/{}/slot", index),
                        "is no occurrence of this task");
    }
    if (!problems.empty()) return refuse(problems, "the task");
  }
  if (Status kept = core::settle_series(before, after, *zone); !kept) {
    return refuse(std::move(kept).error());
  }
  return std::monostate();
}

Result<StoredPlans::Opened> StoredPlans::open(const std::string& plan_id) const {
  Opened opened;
  auto plan = store_.plans().find(plan_id);
  if (!plan) return std::move(plan).error();
  if (plan->deleted_ms) return Error{Code::not_found, fmt::format("plan {} was removed", plan_id)};
  opened.plan = std::move(*plan);
  auto tasks = store_.plans().tasks(plan_id);
  if (!tasks) return std::move(tasks).error();
  opened.tasks = std::move(*tasks);
  auto zone = zone_of(opened.plan);
  if (!zone) return std::move(zone).error();
  opened.zone = std::move(*zone);
  return opened;
}

Answer<std::vector<std::size_t>> StoredPlans::place(Opened& opened) const {
  if (opened.plan.external_id == core::kBuiltInPlan) return std::vector<std::size_t>{};
  auto local = core::to_local(clock_.now_ms(), opened.zone);
  if (!local) return refuse(std::move(local).error());
  auto timing = core::schedule_plan(opened.plan, opened.tasks, core::day_of_local(*local),
                                    settings_.working_hours, opened.zone);
  if (!timing) return refuse(std::move(timing).error());
  if (timing->impossible_deadline) {
    return refuse({core::as_problem(*timing->impossible_deadline)}, "the plan cannot be timed");
  }
  std::vector<std::size_t> placed;
  for (core::Placement& placement : timing->placements) {
    Task& task = opened.tasks[placement.task];
    task.schedule = std::move(placement.schedule);
    task.due = std::move(placement.due);
    placed.push_back(placement.task);
  }
  return placed;
}

Answer<core::Account> StoredPlans::put_account(const std::string& account_id,
                                               const core::JsonText& body,
                                               std::optional<core::Rev> if_match,
                                               const std::string& request_id) {
  auto document = core::parse_json(body);
  if (!document) return refuse(std::move(document).error());
  auto read = core::read_account(*document);
  if (!read) return refuse(read.problems, "the account");
  std::set<std::string> moved;  // plans that are mapped in another zone now
  auto answer = retried<core::Account>([&]() -> Answer<core::Account> {
    moved.clear();
    core::Account account = *read.value;
    account.id = account_id;
    account.created_ms = account.updated_ms = clock_.now_ms();
    auto existing = store_.accounts().find(account_id);
    if (!existing && existing.error().code != Code::not_found) {
      return refuse(std::move(existing).error());
    }
    ports::Changes changes;
    if (existing) {
      if (if_match && *if_match != existing->rev) {
        return refuse(stale("the account", *if_match, existing->rev));
      }
      account.rev = existing->rev;
      account.created_ms = existing->created_ms;
      if (core::zone_of(account, settings_.host_zone) !=
          core::zone_of(*existing, settings_.host_zone)) {
        auto exported = exported_plans(account_id);
        if (!exported) return refuse(std::move(exported).error());
        moved = std::move(*exported);
      }
    } else {
      if (if_match && *if_match != 0) return refuse(stale("the account", *if_match, 0));
      Plan calendar;  // for stand-alone appointments
      calendar.id = new_id()(core::kPlanPrefix);
      calendar.external_id = core::kBuiltInPlan;
      calendar.account_id = account_id;
      calendar.title = "Calendar";
      calendar.created_ms = calendar.updated_ms = account.created_ms;
      changes.push_back(ports::put(std::move(calendar)));
    }
    changes.insert(changes.begin(), ports::put(account));
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    ++account.rev;
    return account;
  });
  if (std::holds_alternative<core::Account>(answer)) {
    for (const std::string& plan_id : moved) changed_.plan_saved(account_id, plan_id, request_id);
  }
  return answer;
}

Result<std::set<std::string>> StoredPlans::exported_plans(const std::string& account_id) const {
  auto connections = store_.connections().list(account_id);
  if (!connections) return std::move(connections).error();
  std::set<std::string> plans;
  for (const core::Connection& connection : *connections) {
    auto exported = store_.pairs().plans(connection.id);
    if (!exported) return std::move(exported).error();
    plans.insert(exported->begin(), exported->end());
  }
  return plans;
}

Answer<ports::ImportReport> StoredPlans::import(const std::string& account_id,
                                                const core::JsonText& document,
                                                const std::string& request_id) {
  auto parsed = core::parse_json(document);
  if (!parsed) return refuse(std::move(parsed).error());
  bool stored = false;
  const auto once = [&] { return import_once(account_id, *parsed, stored); };
  auto answer = retried<ports::ImportReport>(once);
  if (const auto* report = std::get_if<ports::ImportReport>(&answer); report && stored) {
    changed_.plan_saved(account_id, report->plan.id, request_id);
  }
  return answer;
}

Answer<ports::ImportReport> StoredPlans::import_once(const std::string& account_id,
                                                     const Json& document, bool& stored) {
  auto account = store_.accounts().find(account_id);
  if (!account) return refuse(std::move(account).error());
  auto read = core::read_plan_document(document, new_id());
  if (!read) return refuse(read.problems, "the plan");
  core::ImportedPlan imported = std::move(*read.value);
  if (imported.plan.external_id == core::kBuiltInPlan) return names_built_in();
  const core::Instant now_ms = clock_.now_ms();
  Opened opened;
  ports::ImportReport report;
  std::vector<Task> before;
  std::vector<Task> removed;
  bool is_new = true;
  bool plan_changed = true;
  if (!imported.plan.external_id.empty()) {
    auto existing = store_.plans().find_external(account_id, imported.plan.external_id);
    if (existing && !existing->deleted_ms) {
      auto known = open(existing->id);
      if (!known) return refuse(std::move(known).error());
      before = known->tasks;
      core::MergedPlan merged = core::merge_import(known->plan, known->tasks, std::move(imported));
      opened.plan = std::move(merged.plan);
      opened.tasks = std::move(merged.tasks);
      removed = std::move(merged.removed);
      plan_changed = merged.plan_changed;
      report.added = static_cast<std::int64_t>(merged.added.size());
      report.changed = static_cast<std::int64_t>(merged.changed.size());
      is_new = false;
    } else if (!existing && existing.error().code != Code::not_found) {
      return refuse(std::move(existing).error());
    }
  }
  if (is_new) {
    opened.plan = std::move(imported.plan);
    opened.tasks = std::move(imported.tasks);
    opened.plan.account_id = account_id;
    opened.plan.created_ms = now_ms;
    report.added = static_cast<std::int64_t>(opened.tasks.size());
  }
  opened.zone = core::zone_of(opened.plan, *account, settings_.host_zone);
  auto placed = place(opened);
  if (auto* refusal = std::get_if<Refusal>(&placed)) return std::move(*refusal);

  ports::Changes changes;
  std::unordered_map<std::string_view, const Task*> known;
  for (const Task& task : before) known.emplace(task.id, &task);
  for (Task& task : opened.tasks) {
    auto found = known.find(task.id);
    // A document may have moved the series, or bring edited occurrences that never happen.
    const Task nothing;
    const Task& was = found == known.end() ? nothing : *found->second;
    Status settled = core::settle_series(was, task, opened.zone);
    if (!settled) return refuse(std::move(settled).error());
    if (found != known.end() && *found->second == task) continue;
    task.account_id = account_id;
    task.plan_id = opened.plan.id;
    if (found == known.end()) task.created_ms = now_ms;
    task.updated_ms = now_ms;
    changes.push_back(ports::put(task));
  }
  for (Task& task : removed) {
    task.deleted_ms = task.updated_ms = now_ms;
    changes.push_back(ports::put(std::move(task)));
  }
  report.removed = static_cast<std::int64_t>(removed.size());
  report.unchanged = static_cast<std::int64_t>(opened.tasks.size()) - report.added - report.changed;
  stored = plan_changed || !changes.empty();
  if (stored) {
    opened.plan.updated_ms = now_ms;
    changes.insert(changes.begin(), ports::put(opened.plan));
    if (is_new) {  // the account may be ended meanwhile
      changes.push_back(ports::ExpectRev{ports::ExpectRev::Of::account, account_id, account->rev});
    }
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
  }
  auto plan = store_.plans().find(opened.plan.id);
  if (!plan) return refuse(std::move(plan).error());
  report.plan = std::move(*plan);
  return report;
}

Answer<Plan> StoredPlans::edit_plan(const std::string& plan_id, const core::JsonText& patch,
                                    std::optional<core::Rev> if_match,
                                    const std::string& request_id) {
  auto document = core::parse_json(patch);
  if (!document) return refuse(std::move(document).error());
  bool stored = false;
  auto answer = retried<Plan>([&]() -> Answer<Plan> {
    auto opened = open(plan_id);
    if (!opened) return refuse(std::move(opened).error());
    if (if_match && *if_match != opened->plan.rev) {
      return refuse(stale("the plan", *if_match, opened->plan.rev));
    }
    auto read = core::apply_patch(opened->plan, *document);
    if (!read) return refuse(read.problems, "the plan");
    const std::string& named = read.value->external_id;
    const bool renames = named != opened->plan.external_id;
    const bool built_in =
        named == core::kBuiltInPlan || opened->plan.external_id == core::kBuiltInPlan;
    if (renames && built_in) return names_built_in();
    if (*read.value == opened->plan) return std::move(opened->plan);
    opened->plan = std::move(*read.value);
    opened->plan.updated_ms = clock_.now_ms();
    auto placed = place(*opened);  // also tells a deadline that the stored times cannot meet
    if (auto* refusal = std::get_if<Refusal>(&placed)) return std::move(*refusal);
    ports::Changes changes{ports::put(opened->plan)};
    for (const std::size_t i : std::get<std::vector<std::size_t>>(placed)) {
      changes.push_back(ports::put(opened->tasks[i]));
    }
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    stored = true;
    auto saved_plan = store_.plans().find(plan_id);
    if (!saved_plan) return refuse(std::move(saved_plan).error());
    return std::move(*saved_plan);
  });
  if (const auto* plan = std::get_if<Plan>(&answer); plan != nullptr && stored) {
    changed_.plan_saved(plan->account_id, plan->id, request_id);
  }
  return answer;
}

Answer<Task> StoredPlans::add_task(const ports::TaskInsert& insert) {
  auto document = core::parse_json(insert.task);
  if (!document) return refuse(std::move(document).error());
  auto read = core::read_task(*document);
  if (!read) return refuse(read.problems, "the task");
  auto answer = retried<Task>([&]() -> Answer<Task> {
    auto opened = open(insert.plan_id);
    if (!opened) return refuse(std::move(opened).error());
    std::vector<Task>& tasks = opened->tasks;
    if (auto full = refuse_full(tasks.size())) return std::move(*full);
    auto index = place_in_order(tasks, opened->plan, insert);
    if (!index) return refuse(std::move(index).error());
    Task task = *read.value;
    task.id = new_id()(core::kTaskPrefix);
    task.account_id = opened->plan.account_id;
    task.plan_id = opened->plan.id;
    auto settled = settle_overrides({}, task, true);
    if (auto* refusal = std::get_if<Refusal>(&settled)) return std::move(*refusal);
    task.week_id = insert.week_id;
    if (task.week_id.empty() && !insert.after_task_id.empty())
      task.week_id = tasks[*index - 1].week_id;
    task.created_ms = task.updated_ms = clock_.now_ms();
    ports::Changes changes;
    task.position = make_room(tasks, *index, changes);
    const bool to_place = needs_time(task);
    tasks.insert(tasks.begin() + static_cast<std::ptrdiff_t>(*index), std::move(task));
    if (to_place) {
      auto placed = place(*opened);
      if (auto* refusal = std::get_if<Refusal>(&placed)) return std::move(*refusal);
      for (const std::size_t i : std::get<std::vector<std::size_t>>(placed)) {
        if (i != *index) changes.push_back(ports::put(tasks[i]));
      }
    }
    Task& added = tasks[*index];
    changes.push_back(ports::put(added));
    using Of = ports::ExpectRev::Of;  // the plan may be removed meanwhile
    changes.push_back(ports::ExpectRev{Of::plan, opened->plan.id, opened->plan.rev});
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    ++added.rev;
    return std::move(added);
  });
  if (const auto* task = std::get_if<Task>(&answer)) {
    changed_.plan_saved(task->account_id, task->plan_id, insert.request_id);
  }
  return answer;
}

Result<Task> StoredPlans::live_task(const std::string& task_id,
                                    std::optional<core::Rev> if_match) const {
  auto task = store_.plans().find_task(task_id);
  if (!task) return task;
  if (task->deleted_ms) return Error{Code::not_found, fmt::format("task {} was removed", task_id)};
  if (if_match && *if_match != task->rev) return stale("the task", *if_match, task->rev);
  return task;
}

Answer<Task> StoredPlans::patched(const Task& current, const Json& patch,
                                  ports::Changes& changes) const {
  auto read = core::apply_patch(current, patch);
  if (!read) return refuse(read.problems, "the task");
  Task task = std::move(*read.value);
  if (task == current) return task;
  task.updated_ms = clock_.now_ms();
  const bool cleared = needs_time(task) && !needs_time(current);
  if (cleared || (needs_time(task) && is_closed(current) && !is_closed(task))) {
    auto opened = open(task.plan_id);
    if (!opened) return refuse(std::move(opened).error());
    for (Task& each : opened->tasks) {
      if (each.id == task.id) each = task;
    }
    auto placed = place(*opened);
    if (auto* refusal = std::get_if<Refusal>(&placed)) return std::move(*refusal);
    for (const std::size_t i : std::get<std::vector<std::size_t>>(placed)) {
      if (opened->tasks[i].id == task.id) {
        task = opened->tasks[i];
      } else {
        changes.push_back(ports::put(opened->tasks[i]));
      }
    }
  }
  auto settled = settle_overrides(current, task, patch.contains("overrides"));
  if (auto* refusal = std::get_if<Refusal>(&settled)) return std::move(*refusal);
  return task;
}

Answer<Task> StoredPlans::edit_task(const ports::TaskEdit& edit) {
  auto document = core::parse_json(edit.patch);
  if (!document) return refuse(std::move(document).error());
  bool stored = false;
  auto answer = retried<Task>([&]() -> Answer<Task> {
    auto current = live_task(edit.task_id, edit.if_match);
    if (!current) return refuse(std::move(current).error());
    ports::Changes changes;
    auto edited = patched(*current, *document, changes);
    Task* task = std::get_if<Task>(&edited);
    if (task == nullptr || *task == *current) return edited;
    stored = true;
    changes.push_back(ports::put(*task));
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    ++task->rev;
    return edited;
  });
  if (const auto* task = std::get_if<Task>(&answer); task != nullptr && stored) {
    changed_.plan_saved(task->account_id, task->plan_id, edit.request_id);
  }
  return answer;
}

Answer<Plan> StoredPlans::reschedule(const std::string& plan_id, const std::string& request_id) {
  bool moved = false;
  auto answer = retried<Plan>([&]() -> Answer<Plan> {
    auto opened = open(plan_id);
    if (!opened) return refuse(std::move(opened).error());
    if (opened->plan.external_id == core::kBuiltInPlan)
      return opened->plan;  // nothing is planned there
    const std::vector<Task> before = opened->tasks;
    core::forget_computed_times(opened->tasks);
    auto placed = place(*opened);
    if (auto* refusal = std::get_if<Refusal>(&placed)) return std::move(*refusal);
    ports::Changes changes;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (opened->tasks[i] == before[i]) continue;
      Status settled = core::settle_series(before[i], opened->tasks[i], opened->zone);
      if (!settled) return refuse(std::move(settled).error());
      opened->tasks[i].updated_ms = clock_.now_ms();
      changes.push_back(ports::put(opened->tasks[i]));
    }
    moved = !changes.empty();
    if (moved) {
      if (Status saved = store_.commit(std::move(changes)); !saved) {
        return refuse(std::move(saved).error());
      }
    }
    auto stored = store_.plans().find(plan_id);
    if (!stored) return refuse(std::move(stored).error());
    return std::move(*stored);
  });
  if (const auto* plan = std::get_if<Plan>(&answer); plan != nullptr && moved)
    changed_.plan_saved(plan->account_id, plan->id, request_id);
  return answer;
}

}  // namespace mortise::service
