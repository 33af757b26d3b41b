// Which runs are asked for: the push of what was saved, what an outage ended, polls, and what a
// person wants now.
#include <algorithm>

#include "core/ids.hpp"
#include "core/schedule.hpp"
#include "ports/random.hpp"
#include "sync/dispatcher.hpp"
#include "sync/progress.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {
namespace {

using core::Run;
using core::RunState;
using core::RunWait;

/// Whether changes go there by themselves.
bool pushes(const core::Connection& connection) {
  return connection.auto_sync && connection.status == core::ConnectionStatus::connected &&
         connection.direction != core::Direction::pull;
}

/// How much of the service a run looks at.
int reach(core::RunTrigger trigger) {
  switch (trigger) {
    case core::RunTrigger::change:
      return 0;  // it only writes
    case core::RunTrigger::notification:
      return 1;  // what was named
    case core::RunTrigger::schedule:
    case core::RunTrigger::reconnect:
      return 2;  // what changed
    case core::RunTrigger::user:
      break;  // all of it, and first
  }
  return 3;
}

int reach(const Run& run) {
  return run.kind == core::RunKind::sync ? reach(run.trigger) : 0;
}

/// How far back a restart looks for what failed.
constexpr int kLatestRuns = 50;

/// Less than any run looks at.
constexpr int kNothing = -1;

/// Whether the scheduler asks again for what failed; nobody else does.
bool asked_again(core::RunTrigger trigger) {
  return trigger == core::RunTrigger::schedule || trigger == core::RunTrigger::notification;
}

}  // namespace

void Dispatcher::plan_saved(const std::string& account_id, const std::string& plan_id,
                            const std::string& request_id) {
  push_to_others(account_id, plan_id, {}, request_id);
}

/// To all connections that keep the plan in step but the one that the change came from.
void Dispatcher::push_to_others(const std::string& account_id, const std::string& plan_id,
                                const std::string& from, const std::string& request_id) {
  post([this, account_id, plan_id, from, request_id] {
    ports_.publisher.publish("account:" + account_id, "plan", plan_json(plan_id));
    auto connections = ports_.store.connections().list(account_id);
    if (!connections) return;
    for (const core::Connection& connection : *connections) {
      if (connection.id == from) continue;
      if (const auto goes = travels(connection, plan_id); !goes || *goes) {
        schedule_push(connection.id, plan_id, request_id);
      }
    }
  });
}

/// Whether what was saved of a plan goes to the connection by itself. What a person takes away
/// with the plan goes from wherever it stands.
Result<bool> Dispatcher::travels(const core::Connection& connection,
                                 const std::string& plan_id) const {
  auto plan = ports_.store.plans().find(plan_id);
  if (!plan && plan.error().code == Code::not_found) return false;
  if (!plan) return std::move(plan).error();
  if (!plan->deleted_ms) return pushes(connection) ? keeps(connection, plan_id) : false;
  if (connection.status == core::ConnectionStatus::disconnected) return false;
  auto plans = ports_.store.pairs().plans(connection.id);
  if (!plans) return std::move(plans).error();
  return std::find(plans->begin(), plans->end(), plan_id) != plans->end();
}

/// Whether changes of a plan travel to the connection: it was exported there, or it is the plan of
/// appointments and the service is a calendar.
Result<bool> Dispatcher::keeps(const core::Connection& connection,
                               const std::string& plan_id) const {
  if (core::left_out(connection, plan_id)) return false;
  auto plans = ports_.store.pairs().plans(connection.id);
  if (!plans) return std::move(plans).error();
  if (std::find(plans->begin(), plans->end(), plan_id) != plans->end()) return true;
  auto plan = ports_.store.plans().find(plan_id);
  auto mapping = ports_.mapper.mapping(connection.connector);
  return plan && mapping && plan->external_id == core::kBuiltInPlan && adopts(**mapping);
}

void Dispatcher::schedule_push(const std::string& connection_id, const std::string& plan_id,
                               const std::string& request_id) {
  const Key key(connection_id, plan_id);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto [push, first] = pushes_.try_emplace(key);
    if (!request_id.empty()) push->second.request_id = request_id;
    if (!first) return;  // it is due already
  }
  const ports::Timers::Id timer = ports_.timers.after(options_.debounce_ms, [this, key] {
    std::string latest;
    {
      const std::lock_guard lock(mutex_);
      const auto push = pushes_.find(key);
      if (push == pushes_.end()) return;
      latest = std::move(push->second.request_id);
      pushes_.erase(push);
    }
    post([this, key, latest = std::move(latest)] {
      enqueue_sync(key.first, key.second, core::RunTrigger::change, latest);
    });
  });
  const std::lock_guard lock(mutex_);
  auto found = pushes_.find(key);
  if (found != pushes_.end()) found->second.timer = timer;
}

/// The last of them first, and the others one after the other, so that what is asked for meanwhile
/// has its turn: each plan is mapped for it.
void Dispatcher::push_what_is_left(std::vector<std::string> connection_ids) {
  if (connection_ids.empty()) return;
  post([this, ids = std::move(connection_ids)]() mutable {
    if (auto connection = ports_.store.connections().find(ids.back())) {
      take_up_what_failed(connection->id);
      push_what_is_left(*connection);
    }
    ids.pop_back();
    push_what_is_left(std::move(ids));
  });
}

void Dispatcher::push_what_is_left(const core::Connection& connection) {
  auto plans = ports_.store.pairs().plans(connection.id);
  auto runs = ports_.store.runs().unfinished(connection.id);
  if (!plans || !runs) return;
  // The first appointment has no pair yet.
  auto calendar = ports_.store.plans().find_external(connection.account_id, core::kBuiltInPlan);
  if (calendar && std::find(plans->begin(), plans->end(), calendar->id) == plans->end()) {
    const auto appointments = ports_.store.plans().tasks(calendar->id);
    if (appointments && !appointments->empty()) plans->push_back(calendar->id);
  }
  for (const std::string& id : *plans) {
    const bool under_way =
        std::any_of(runs->begin(), runs->end(), [&](const Run& run) { return run.plan_id == id; });
    if (under_way || waits_.stopped()) continue;
    if (const auto goes = travels(connection, id); !goes || !*goes) continue;
    auto left = sync::preview(ports_, options_, connection.id, id, nullptr);
    if (left && left->create + left->update + left->remove > 0) {
      enqueue_sync(connection.id, id, core::RunTrigger::change, {});
    }
  }
}

/// What a person started, or a reconnect, and the service's trouble ended before the process did,
/// is taken up again; what changed here is found by itself.
void Dispatcher::take_up_what_failed(const std::string& connection_id) {
  auto runs = ports_.store.runs().list({}, connection_id, {kLatestRuns, {}});
  if (!runs) return;
  const auto whole = std::find_if(runs->items.begin(), runs->items.end(), [](const Run& run) {
    return run.kind == core::RunKind::sync && run.plan_id.empty() && core::is_finished(run.state);
  });
  if (whole != runs->items.end()) follow_up(*whole);
}

/// A run that the service's trouble ended is taken up again, without waiting for the next save.
void Dispatcher::follow_up(const Run& run) {
  if (!core::is_finished(run.state)) return;
  const Key key(run.connection_id, run.plan_id);
  if (run.state == RunState::succeeded) return forget_follow_up(key, reach(run));
  if (run.kind != core::RunKind::sync || asked_again(run.trigger)) return;
  const bool passing = run.error_code == code_name(Code::unavailable) ||
                       run.error_code == code_name(Code::rate_limited);
  if (run.state == RunState::cancelled || !passing) return forget_follow_up(key, kNothing);
  follow_up_later(key, run);
}

/// One at a time: what fails meanwhile waits for the one that is to come.
void Dispatcher::follow_up_later(const Key& key, const Run& run) {
  std::int64_t failures = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    FollowUp& next = follow_ups_[key];
    if (!next.pending || reach(run.trigger) > reach(next.trigger)) next.trigger = run.trigger;
    if (run.trigger == core::RunTrigger::change) next.request_id = run.request_id;
    if (std::exchange(next.pending, true)) return;
    failures = ++next.failures;
  }
  const ports::Timers::Id timer =
      ports_.timers.after(core::retry_delay(failures), [this, key] { take_up(key); });
  {
    const std::lock_guard lock(mutex_);
    const auto found = follow_ups_.find(key);
    if (found != follow_ups_.end()) {
      found->second.timer = timer;
      return;
    }
  }
  ports_.timers.cancel(timer);  // the host stops
}

void Dispatcher::take_up(const Key& key) {
  core::RunTrigger trigger{};
  std::string request_id;
  {
    const std::lock_guard lock(mutex_);
    const auto found = follow_ups_.find(key);
    if (found == follow_ups_.end() || !std::exchange(found->second.pending, false)) return;
    trigger = found->second.trigger;
    if (trigger == core::RunTrigger::change) request_id = found->second.request_id;
  }
  post([this, key, trigger, request_id] {
    // What connecting began goes on by itself only where things do.
    auto connection = ports_.store.connections().find(key.first);
    const bool off = connection && !connection->auto_sync;
    if (off && trigger == core::RunTrigger::reconnect) return forget_follow_up(key, kNothing);
    enqueue_sync(key.first, key.second, trigger, request_id);
  });
}

/// It went well, or trying again would not help. What is still to come stays, unless what was done
/// reached as far as that would.
void Dispatcher::forget_follow_up(const Key& key, int reached) {
  ports::Timers::Id timer = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = follow_ups_.find(key);
    if (found == follow_ups_.end()) return;
    const FollowUp& next = found->second;
    if (next.pending && reached < reach(next.trigger)) return;
    if (next.pending) timer = next.timer;
    follow_ups_.erase(found);
  }
  if (timer != 0) ports_.timers.cancel(timer);
}

/// Whether a run that is about to be asked for is wanted now.
Result<bool> Dispatcher::is_wanted(const std::string& connection_id, const std::string& plan_id,
                                   core::RunTrigger trigger) const {
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection && connection.error().code == Code::not_found) return false;
  if (!connection) return std::move(connection).error();
  if (trigger == core::RunTrigger::change) return travels(*connection, plan_id);
  if (asked_again(trigger)) return core::pulls_by_itself(*connection);
  return connection->status != core::ConnectionStatus::disconnected;
}

/// Whether nobody asked for the run and its connection, or the plan's part in it, was switched off
/// meanwhile. One that was disconnected leads its runs to their end by itself.
bool Dispatcher::is_off(const Run& run) const {
  const bool at_work = run.state == RunState::running ||
                       (run.state == RunState::waiting && run.waiting_for == RunWait::retry);
  if (at_work) return false;  // when the process ended
  const bool by_itself = asked_again(run.trigger) || run.trigger == core::RunTrigger::change;
  if (run.kind != core::RunKind::sync || !by_itself || run.approved) return false;
  auto connection = ports_.store.connections().find(run.connection_id);
  if (!connection || connection->status == core::ConnectionStatus::disconnected) return false;
  if (run.trigger != core::RunTrigger::change) return !connection->auto_sync;
  auto plan = ports_.store.plans().find(run.plan_id);
  if (!plan || plan->deleted_ms) return false;  // a person said what becomes of it there
  return !connection->auto_sync || core::left_out(*connection, run.plan_id);
}

void Dispatcher::enqueue_sync(const std::string& connection_id, const std::string& plan_id,
                              core::RunTrigger trigger, const std::string& request_id) {
  const auto wanted = is_wanted(connection_id, plan_id, trigger);
  if (wanted && !*wanted) return forget_follow_up({connection_id, plan_id}, kNothing);
  auto queued = wanted ? queued_sync(connection_id, plan_id, trigger, request_id) : wanted.error();
  if (queued) return kick(connection_id);
  if (asked_again(trigger) || queued.error().code == Code::not_found) return;
  ports_.timers.after(kStoreRetryMs, [this, connection_id, plan_id, trigger, request_id] {
    post([this, connection_id, plan_id, trigger, request_id] {
      enqueue_sync(connection_id, plan_id, trigger, request_id);
    });
  });
}

std::mutex& Dispatcher::queueing(const std::string& connection_id) {
  return queueing_[std::hash<std::string>()(connection_id) % queueing_.size()];
}

Result<Run> Dispatcher::queued_sync(const std::string& connection_id, const std::string& plan_id,
                                    core::RunTrigger trigger, const std::string& request_id) {
  const std::lock_guard lock(queueing(connection_id));
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  auto runs = ports_.store.runs().unfinished(connection_id);
  if (!runs) return std::move(runs).error();
  std::optional<Run> queued;
  for (Run& run : *runs) {
    if (run.plan_id != plan_id || !requeue(run)) continue;
    // An export goes its own way: it does not take away what was removed, and may be refused.
    const bool syncs = run.kind == core::RunKind::sync && run.state == RunState::queued;
    if (syncs && !queued) queued = std::move(run);
  }
  if (queued) {
    const bool reaches = reach(trigger) <= reach(queued->trigger);
    // It will push what was saved since, too: the latest call is told.
    const bool later = queued->trigger == core::RunTrigger::change && !request_id.empty() &&
                       request_id != queued->request_id;
    if (reaches && !later) return *std::move(queued);
    queued->trigger = trigger;
    if (!request_id.empty()) queued->request_id = request_id;
    Status saved = ports_.store.commit({ports::put(*queued)}, ports::Durability::full);
    if (saved) ++queued->rev;
    if (saved) return *std::move(queued);
    if (saved.error().code != Code::conflict) return std::move(saved).error();
    if (reaches) return *std::move(queued);  // it has started, after what was saved
    // It has started meanwhile: another one follows it.
  }
  return new_sync(*std::move(connection), plan_id, trigger, request_id);
}

Result<Run> Dispatcher::new_sync(core::Connection connection, const std::string& plan_id,
                                 core::RunTrigger trigger, const std::string& request_id) {
  Run run;
  run.created_ms = ports_.clock.now_ms();
  run.id = ports::new_id(core::kRunPrefix, run.created_ms, ports_.random);
  run.account_id = connection.account_id;
  run.connection_id = connection.id;
  run.plan_id = plan_id;
  run.kind = core::RunKind::sync;
  run.trigger = trigger;
  run.request_id = request_id;
  for (int tries = 1;; ++tries) {
    // It may end with its account meanwhile: nobody would carry the run out.
    using Of = ports::ExpectRev::Of;
    ports::Changes changes{ports::put(run),
                           ports::ExpectRev{Of::connection, connection.id, connection.rev}};
    Status saved = ports_.store.commit(std::move(changes), ports::Durability::full);
    if (saved) {
      ++run.rev;
      return run;
    }
    if (saved.error().code != Code::conflict || tries >= kCommitTries) {
      return std::move(saved).error();
    }
    auto now = ports_.store.connections().find(connection.id);
    if (!now) return std::move(now).error();
    connection = *std::move(now);
  }
}

Result<Run> Dispatcher::sync_now(const std::string& connection_id, const std::string& request_id) {
  auto run = queued_sync(connection_id, {}, core::RunTrigger::user, request_id);
  if (run) kick(connection_id);
  return run;
}

void Dispatcher::sync(const std::string& connection_id, core::RunTrigger trigger) {
  post([this, connection_id, trigger] { enqueue_sync(connection_id, "", trigger, {}); });
}

}  // namespace mortise::sync
