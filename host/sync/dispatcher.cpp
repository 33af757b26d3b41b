#include "sync/dispatcher.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "core/names.hpp"
#include "sync/execution.hpp"
#include "sync/progress.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {
namespace {

using core::Run;
using core::RunState;
using core::RunWait;

/// Whether a run that is not active may go on now.
bool ready(const Run& run, const core::Connection& connection) {
  if (core::is_finished(run.state)) return false;
  if (run.state != RunState::waiting) return true;
  // What waits for a connection that was disconnected goes on, too: to its end.
  if (connection.status == core::ConnectionStatus::disconnected) return true;
  if (run.waiting_for == RunWait::approval) return run.approved;
  if (run.waiting_for == RunWait::reconnect) {
    return connection.status != core::ConnectionStatus::needs_reconnect;
  }
  return true;  // its timer died with the process that set it
}

}  // namespace

Dispatcher::Dispatcher(Ports ports, Options options)
    : ports_(std::move(ports)),
      options_(std::move(options)),
      waits_(ports_.timers, ports_.executor) {
  if (!ports_.failpoint) ports_.failpoint = [](std::string_view) {};
}

Dispatcher::~Dispatcher() {
  stop();
}

Status Dispatcher::start() {
  auto runs = ports_.store.runs().unfinished();
  if (!runs) return std::move(runs).error();
  std::set<std::string> connections;
  for (const Run& run : *runs) connections.insert(run.connection_id);
  for (const std::string& connection : connections) kick(connection);
  // A change that was saved right before the end, and what was to be tried again, waited in memory
  // only.
  auto all = ports_.store.connections().list_all();
  if (!all) return std::move(all).error();
  std::vector<std::string> left;
  for (const core::Connection& connection : *all) left.push_back(connection.id);
  std::reverse(left.begin(), left.end());
  push_what_is_left(std::move(left));
  return {};
}

void Dispatcher::stop() {
  waits_.stop();
  std::map<Key, Push> pushes;
  std::map<Key, FollowUp> follow_ups;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    pushes.swap(pushes_);
    follow_ups.swap(follow_ups_);
    for (auto& [connection, active] : active_) active.cancel->store(true);
  }
  for (const auto& [key, push] : pushes) ports_.timers.cancel(push.timer);
  for (const auto& [key, next] : follow_ups) {
    if (next.pending) ports_.timers.cancel(next.timer);
  }
}

bool Dispatcher::idle(std::int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [&] { return under_way_ == 0; });
}

bool Dispatcher::begin_work() {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  ++under_way_;
  return true;
}

void Dispatcher::end_work() {
  const std::lock_guard lock(mutex_);
  if (--under_way_ == 0) changed_.notify_all();
}

void Dispatcher::post(std::function<void()> work) {
  if (!begin_work()) return;
  ports_.executor.post([this, work = std::move(work)] {
    work();
    end_work();
  });
}

void Dispatcher::kick(const std::string& connection_id) {
  post([this, connection_id] { start_next(connection_id); });
}

void Dispatcher::start_next(const std::string& connection_id) {
  auto connection = ports_.store.connections().find(connection_id);
  auto runs = ports_.store.runs().unfinished(connection_id);
  if (!connection || !runs) {  // the store is in trouble: the run is still there later
    if (connection || connection.error().code != Code::not_found) {
      ports_.timers.after(kStoreRetryMs, [this, connection_id] { kick(connection_id); });
    }
    return;
  }
  auto next = std::find_if(runs->begin(), runs->end(),
                           [&](const Run& run) { return ready(run, *connection); });
  if (next == runs->end()) return;
  auto cancel = std::make_shared<std::atomic<bool>>(next->cancel_requested);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || !active_.try_emplace(connection_id, Active{next->id, cancel}).second) return;
    ++under_way_;
  }
  carry_out(connection_id, std::move(*next), std::move(cancel));
}

Detached Dispatcher::carry_out(std::string connection_id, Run run, ports::CancelFlag cancel) {
  bool stored = end_if_off(run).ok();
  // What was read before the place was taken may be older than what the last run left behind.
  auto fresh = ports_.store.runs().find(run.id);
  if (stored && fresh && !core::is_finished(fresh->state)) {
    if (fresh->cancel_requested) cancel->store(true);
    const auto received = [this, connection_id,
                           account_id = fresh->account_id](const std::string& plan_id) {
      push_to_others(account_id, plan_id, connection_id, {});
    };
    Execution execution(ports_, options_, waits_, settled_, std::move(*fresh), std::move(cancel),
                        received);
    Task<Run> playing = execution.play();
    run = co_await playing;
    stored = execution.stored();
    if (stored) follow_up(run);
    if (execution.was_approved() && core::is_finished(run.state)) look_again(connection_id);
    if (stored && asks_too_late(run)) look_again(connection_id);
  }
  {
    const std::lock_guard lock(mutex_);
    active_.erase(connection_id);
  }
  if (stored && !waits_.stopped()) {
    kick(connection_id);
  } else if (!waits_.stopped()) {
    ports_.timers.after(kStoreRetryMs, [this, connection_id] { kick(connection_id); });
  }
  end_work();
}

/// A run that waited for its turn until nobody wants it any more ends without doing anything.
Status Dispatcher::end_if_off(const Run& run) {
  if (!is_off(run)) return {};
  const std::lock_guard lock(queueing(run.connection_id));
  auto fresh = ports_.store.runs().find(run.id);  // a person may have joined in
  if (!fresh || core::is_finished(fresh->state) || !is_off(*fresh)) return {};
  auto ended = end_parked(*std::move(fresh), "auto_sync_off");
  if (ended) follow_up(*ended);
  if (ended || ended.error().code == Code::conflict) return {};
  return std::move(ended).error();
}

Result<Run> Dispatcher::cancel(const std::string& run_id) {
  for (int tries = 1;; ++tries) {
    auto cancelled = try_to_cancel(run_id);
    const bool moved_on = !cancelled && cancelled.error().code == Code::conflict &&
                          cancelled.error().reason != "run_ended";
    if (!moved_on || tries >= kCommitTries) return cancelled;
  }
}

/// `conflict` also if the run began, or was answered, in the same moment.
Result<Run> Dispatcher::try_to_cancel(const std::string& run_id) {
  auto run = ports_.store.runs().find(run_id);
  if (!run) return run;
  if (core::is_finished(run->state)) {
    return Error{Code::conflict,
                 fmt::format("run {} has ended already ({})", run_id, core::name_of(run->state)),
                 "run_ended"};
  }
  ports::CancelFlag cancel;
  {
    const std::lock_guard lock(mutex_);
    auto active = active_.find(run->connection_id);
    if (active != active_.end() && active->second.run_id == run_id) cancel = active->second.cancel;
  }
  if (!cancel) return end_parked(std::move(*run), "");
  auto asked = ask_to_end(std::move(*run));
  cancel->store(true);
  waits_.wake(run_id);
  return asked;
}

/// Stores the wish, so that it outlives the process; the run itself is saving, too.
Result<Run> Dispatcher::ask_to_end(Run run) {
  for (int tries = 1;; ++tries) {
    run.cancel_requested = true;
    Status saved = ports_.store.commit({ports::put(run)}, ports::Durability::full);
    if (saved) {
      ++run.rev;
      return run;
    }
    if (saved.error().code != Code::conflict || tries >= kCommitTries) {
      return std::move(saved).error();
    }
    auto fresh = ports_.store.runs().find(run.id);
    if (!fresh || core::is_finished(fresh->state)) return fresh;
    run = std::move(*fresh);
  }
}

Result<Run> Dispatcher::discard(const std::string& run_id) {
  auto run = ports_.store.runs().find(run_id);
  if (!run) return run;
  if (run->state != RunState::waiting || run->waiting_for != RunWait::approval) {
    return Error{Code::conflict, fmt::format("run {} does not wait for an approval", run_id),
                 "not_waiting"};
  }
  auto ended = end_parked(*run, "discarded");
  if (!ended && ended.error().code == Code::conflict) {
    return Error{Code::conflict, fmt::format("run {} moved on in the same moment", run_id),
                 "not_waiting"};
  }
  const std::string plan_id = guarded_plan(run->guard);
  if (!ended || plan_id.empty()) return ended;
  // What a guard kept here is written there again.
  if (Status kept = keep_here(ports_, options_, run->connection_id, plan_id); !kept) {
    return std::move(kept).error();
  }
  look_again(run->connection_id);
  // A person said so: also where nothing travels by itself.
  const auto goes = is_wanted(run->connection_id, plan_id, core::RunTrigger::change);
  const bool by_itself = !goes || *goes;
  enqueue_sync(run->connection_id, plan_id,
               by_itself ? core::RunTrigger::change : core::RunTrigger::user, {});
  return ended;
}

/// A question was answered: other runs of the connection may be waiting with the same one.
void Dispatcher::look_again(const std::string& connection_id) {
  {
    const std::lock_guard lock(mutex_);
    if (auto active = active_.find(connection_id); active != active_.end()) {
      active->second.answered = true;
    }
  }
  const std::lock_guard lock(queueing(connection_id));
  auto runs = ports_.store.runs().unfinished(connection_id);
  if (!runs) return;
  for (Run& run : *runs) requeue(run);
  kick(connection_id);
}

/// Whether the run that is under way asks what was answered since it began.
bool Dispatcher::asks_too_late(const Run& run) const {
  if (run.state != RunState::waiting || run.waiting_for != RunWait::approval) return false;
  const std::lock_guard lock(mutex_);
  const auto active = active_.find(run.connection_id);
  return active != active_.end() && active->second.answered;
}

/// What waits for an approval looks again: what a person was asked about is not so any more.
bool Dispatcher::requeue(Run& run) {
  if (run.state != RunState::waiting || run.waiting_for != RunWait::approval) return true;
  run.state = RunState::queued;
  run.waiting_for = RunWait::none;
  run.guard.clear();
  if (!ports_.store.commit({ports::put(run)}, ports::Durability::full)) return false;
  ++run.rev;
  return true;
}

Result<Run> Dispatcher::approve(const std::string& run_id, const core::JsonText& guard) {
  auto run = ports_.store.runs().find(run_id);
  if (!run) return run;
  if (run->state != RunState::waiting || run->waiting_for != RunWait::approval) {
    return Error{Code::conflict, fmt::format("run {} does not wait for an approval", run_id),
                 "not_waiting"};
  }
  if (!guard.empty() && guard != run->guard) {
    return Error{Code::conflict, fmt::format("run {} asks something else by now", run_id),
                 "guard_changed"};
  }
  run->approved = true;  // for as much as the guard names; more asks again
  run->state = RunState::queued;
  run->waiting_for = RunWait::none;
  if (Status saved = ports_.store.commit({ports::put(*run)}, ports::Durability::full); !saved) {
    return std::move(saved).error();
  }
  ++run->rev;
  kick(run->connection_id);
  return run;
}

Result<Run> Dispatcher::end_parked(Run run, const std::string& reason) {
  auto execution = std::make_unique<Execution>(ports_, options_, waits_, settled_, std::move(run),
                                               std::make_shared<std::atomic<bool>>(true),
                                               [](const std::string&) {});
  return execution->end_cancelled(reason);
}

Result<ports::Preview> Dispatcher::preview(const std::string& connection_id,
                                           const std::string& plan_id,
                                           std::shared_ptr<const ports::Mapping> mapping) {
  return sync::preview(ports_, options_, connection_id, plan_id, std::move(mapping));
}

void Dispatcher::connection_ready(const std::string& connection_id) {
  post([this, connection_id] {
    auto connection = ports_.store.connections().find(connection_id);
    if (!connection) return;
    // A disconnected one's runs are only led to their end.
    if (connection->status == core::ConnectionStatus::connected) {
      enqueue_sync(connection_id, {}, core::RunTrigger::reconnect, {});
    }
    kick(connection_id);
  });
}

}  // namespace mortise::sync
