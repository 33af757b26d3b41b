// The verbs of StoredPlans that remove, softly, and bring back.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "service/plan_editing.hpp"
#include "service/saving.hpp"

namespace mortise::service {
namespace {

using core::Plan;
using core::Task;
using ports::Answer;

/// Whether an item stands at its service, and a sync would take it away.
bool stands_there(const core::Pair& pair) {
  return pair.state == core::PairState::paired || pair.state == core::PairState::id_unknown;
}

Error choice_needed(const std::vector<core::Pair>& pairs) {
  const auto count = std::count_if(pairs.begin(), pairs.end(), stands_there);
  return {
      Code::conflict,
      fmt::format("{} item{} of this plan stand{} at connected services: say remote=keep to leave "
                  "them there as the person's own, or remote=remove to take them away",
                  count, count == 1 ? "" : "s", count == 1 ? "s" : ""),
      "remote_choice_needed"};
}

/// A plan may have lost the task's week in an import since.
bool has_week(const Plan& plan, const std::string& week_id) {
  return std::any_of(plan.modules.begin(), plan.modules.end(), [&](const core::Module& module) {
    return std::any_of(module.weeks.begin(), module.weeks.end(),
                       [&](const core::Week& week) { return week.id == week_id; });
  });
}

}  // namespace

/// A sync under way, or about to be, would note its items again and then take them away with the
/// plan: also one about another plan, for it may look at all of the connection.
Status StoredPlans::expect_quiet(const std::set<std::string>& connections) const {
  auto runs = store_.runs().unfinished();
  if (!runs) return std::move(runs).error();
  for (const core::Run& run : *runs) {
    const bool moves = run.state == core::RunState::running || run.state == core::RunState::queued;
    if (moves && connections.contains(run.connection_id)) {
      return Error{Code::conflict, "a sync is under way: try again when it has ended",
                   "sync_under_way"};
    }
  }
  return {};
}

Result<std::vector<core::Pair>> StoredPlans::pairs_of(const Plan& plan) const {
  auto connections = store_.connections().list(plan.account_id);
  if (!connections) return std::move(connections).error();
  std::vector<core::Pair> all;
  for (const core::Connection& connection : *connections) {
    auto pairs = store_.pairs().of_plan(connection.id, plan.id);
    if (!pairs) return pairs;
    std::move(pairs->begin(), pairs->end(), std::back_inserter(all));
  }
  return all;
}

Answer<Plan> StoredPlans::remove_plan(const std::string& plan_id,
                                      std::optional<ports::RemoteItems> remote,
                                      std::optional<core::Rev> if_match,
                                      const std::string& request_id) {
  auto answer = retried<Plan>([&]() -> Answer<Plan> {
    auto opened = open(plan_id);
    if (!opened) return refuse(std::move(opened).error());
    Plan& plan = opened->plan;
    if (if_match && *if_match != plan.rev) return refuse(stale("the plan", *if_match, plan.rev));
    if (plan.external_id == core::kBuiltInPlan) {
      return refuse({Code::forbidden, "the built-in calendar plan cannot be removed", "built_in"});
    }
    auto pairs = pairs_of(plan);
    if (!pairs) return refuse(std::move(pairs).error());
    if (!remote && std::any_of(pairs->begin(), pairs->end(), stands_there)) {
      return refuse(choice_needed(*pairs));
    }
    plan.deleted_ms = plan.updated_ms = clock_.now_ms();
    ports::Changes changes{ports::put(plan)};
    for (Task& task : opened->tasks) {  // they go along, and so free their external ids
      task.deleted_ms = task.updated_ms = *plan.deleted_ms;
      changes.push_back(ports::put(std::move(task)));
    }
    for (const core::Pair& pair : *pairs) {
      // Of what a connection left behind nobody was asked: it stays, also when that comes back.
      if (remote || pair.state != core::PairState::set_aside) continue;
      changes.push_back(ports::ErasePair{pair.connection_id, pair.plan_id, pair.key});
    }
    if (remote == ports::RemoteItems::keep) {
      std::set<std::string> connections;
      for (const core::Pair& pair : *pairs) {
        changes.push_back(ports::ErasePair{pair.connection_id, pair.plan_id, pair.key});
        connections.insert(pair.connection_id);
      }
      if (Status quiet = expect_quiet(connections); !quiet) {
        return refuse(std::move(quiet).error());
      }
      for (const std::string& connection : connections) {
        auto intents = store_.journal().open_intents(connection);
        if (!intents) return refuse(std::move(intents).error());
        for (const core::Intent& intent : *intents) {
          if (intent.plan_id == plan_id) changes.push_back(ports::EraseIntent{intent.id});
        }
      }
    }
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    auto stored = store_.plans().find(plan_id);
    if (!stored) return refuse(std::move(stored).error());
    return std::move(*stored);
  });
  if (const auto* plan = std::get_if<Plan>(&answer)) {
    changed_.plan_saved(plan->account_id, plan->id, request_id);
  }
  return answer;
}

Answer<Task> StoredPlans::remove_task(const std::string& task_id, std::optional<core::Rev> if_match,
                                      const std::string& request_id) {
  auto answer = retried<Task>([&]() -> Answer<Task> {
    auto task = live_task(task_id, if_match);
    if (!task) return refuse(std::move(task).error());
    task->deleted_ms = task->updated_ms = clock_.now_ms();
    if (Status saved = store_.commit({ports::put(*task)}); !saved) {
      return refuse(std::move(saved).error());
    }
    ++task->rev;
    return std::move(*task);
  });
  if (const auto* task = std::get_if<Task>(&answer)) {
    changed_.plan_saved(task->account_id, task->plan_id, request_id);
  }
  return answer;
}

Answer<Task> StoredPlans::restore_task(const std::string& task_id, const std::string& request_id) {
  bool stored = false;
  auto answer = retried<Task>([&]() -> Answer<Task> {
    auto task = store_.plans().find_task(task_id);
    if (!task) return refuse(std::move(task).error());
    if (!task->deleted_ms) return std::move(*task);
    auto plan = store_.plans().find(task->plan_id);
    if (!plan) return refuse(std::move(plan).error());
    if (plan->deleted_ms) {
      return refuse({Code::conflict, "the plan of this task was removed, too", "plan_removed"});
    }
    task->deleted_ms.reset();
    task->updated_ms = clock_.now_ms();
    if (!has_week(*plan, task->week_id)) task->week_id.clear();
    using Of = ports::ExpectRev::Of;  // the plan may be removed meanwhile
    ports::Changes changes{ports::put(*task), ports::ExpectRev{Of::plan, plan->id, plan->rev}};
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    stored = true;
    ++task->rev;
    return std::move(*task);
  });
  if (const auto* task = std::get_if<Task>(&answer); task != nullptr && stored) {
    changed_.plan_saved(task->account_id, task->plan_id, request_id);
  }
  return answer;
}

Answer<Plan> StoredPlans::restore_plan(const std::string& plan_id, const std::string& request_id) {
  bool stored = false;
  auto answer = retried<Plan>([&]() -> Answer<Plan> {
    auto plan = store_.plans().find(plan_id);
    if (!plan) return refuse(std::move(plan).error());
    if (!plan->deleted_ms) return std::move(*plan);
    auto tasks = store_.plans().removed_tasks(plan_id, *plan->deleted_ms);
    if (!tasks) return refuse(std::move(tasks).error());
    const core::Instant now_ms = clock_.now_ms();
    plan->deleted_ms.reset();
    plan->updated_ms = now_ms;
    ports::Changes changes{ports::put(std::move(*plan))};
    for (Task& task : *tasks) {
      task.deleted_ms.reset();
      task.updated_ms = now_ms;
      changes.push_back(ports::put(std::move(task)));
    }
    if (Status saved = store_.commit(std::move(changes)); !saved) {
      return refuse(std::move(saved).error());
    }
    stored = true;
    auto restored = store_.plans().find(plan_id);
    if (!restored) return refuse(std::move(restored).error());
    return std::move(*restored);
  });
  if (const auto* plan = std::get_if<Plan>(&answer); plan != nullptr && stored) {
    changed_.plan_saved(plan->account_id, plan->id, request_id);
  }
  return answer;
}

}  // namespace mortise::service
