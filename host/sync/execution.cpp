#include "sync/execution.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "core/names.hpp"
#include "core/schedule.hpp"
#include "ports/random.hpp"
#include "sync/progress.hpp"

namespace mortise::sync {
namespace {

using core::RunState;
using core::RunWait;

constexpr std::int64_t kFirstBackoffMs = 1'000;
constexpr std::int64_t kLongestBackoffMs = 60'000;
constexpr int kCommitTries = 50;

/// Whether trying again may help.
bool passes(Code code) {
  return code == Code::unavailable || code == Code::rate_limited || code == Code::cancelled;
}

}  // namespace

Execution::Execution(Ports ports, const Options& options, Waits& waits, Settled& settled,
                     core::Run run, ports::CancelFlag cancel, Received received)
    : ports_(std::move(ports)),
      options_(options),
      waits_(waits),
      settled_(settled),
      run_(std::move(run)),
      cancel_(std::move(cancel)),
      traffic_before_{run_.counts.writes, run_.counts.reads},
      received_(std::move(received)),
      stored_state_(run_.state) {}

bool Execution::stopped() const {
  return cancel_->load() || waits_.stopped();
}

Task<core::Run> Execution::play() {
  set_state(RunState::running, RunWait::none, std::nullopt);
  // What an earlier process gave up is tried again, and counted again if it fails again.
  run_.counts.failed = run_.counts.parked = run_.counts.uncertain = 0;
  forget_error();
  if (!run_.started_ms) run_.started_ms = ports_.clock.now_ms();
  if (Status saved = save_run(); !saved) co_return run_;
  int idle_rounds = 0;
  for (;;) {
    if (cancel_->load() && !waits_.stopped()) co_return finish(Round::failed, true);
    const std::int64_t before = progress();
    retry_after_ms_ = 0;
    Task<Round> pass = play_pass();
    const Round how = co_await pass;
    const bool cancelled = cancel_->load();  // asked first: a stop says both, the other way round
    if (waits_.stopped()) co_return run_;    // goes on at the next start
    if (cancelled || how == Round::nothing_left || how == Round::failed) {
      co_return finish(how, cancelled);
    }
    if (how == Round::asks) park(RunWait::approval);
    if (how == Round::asks || how == Round::parked) co_return run_;
    idle_rounds = progress() > before ? 0 : idle_rounds + 1;
    if (how == Round::stuck || idle_rounds >= options_.give_up_after)
      co_return finish(Round::later, false);
    if (how == Round::again) continue;
    // Exponential with full jitter (AWS Architecture Blog, 2015); never sooner than the service
    // asked.
    const std::int64_t ceiling =
        std::min(kLongestBackoffMs, kFirstBackoffMs << std::min(idle_rounds, 10));
    std::array<std::byte, 4> dice{};
    ports_.random.fill(dice);
    std::uint32_t number = 0;
    for (std::byte byte : dice) number = number << 8 | std::to_integer<std::uint32_t>(byte);
    const std::int64_t delay_ms = std::max(retry_after_ms_, number % (ceiling + 1));
    ++run_.counts.retries;
    set_state(RunState::waiting, RunWait::retry, ports_.clock.now_ms() + delay_ms);
    if (Status saved = save_run(); !saved) co_return run_;
    Callback<bool> sleep = waits_.sleep(run_.id, delay_ms, cancel_);
    const bool passed = co_await sleep;
    if (!passed) co_return run_;
    set_state(RunState::running, RunWait::none, std::nullopt);
    if (Status saved = save_run(); !saved) co_return run_;  // who asks must not take it for asleep
  }
}

/// A person may have chosen another place meanwhile.
Error Execution::place_not_found(const core::Target& target) const {
  if (Status same = check_place(); !same) return std::move(same).error();
  return {Code::not_found,
          fmt::format("\"{}\" is not there any more, or not shared with us: share it again, or "
                      "choose another place. Nothing was removed here",
                      target.title),
          core::kTargetGone};
}

Execution::Round Execution::react(const Error& error) {
  if (exchange_ && exchange_->needs_reconnect()) return park(RunWait::reconnect);
  if (error.code == Code::unauthenticated) return park(RunWait::reconnect);
  if (passes(error.code)) {
    retry_after_ms_ = std::max(retry_after_ms_, error.retry_after_ms.value_or(0));
    last_error_ = error;
    return Round::later;
  }
  fail(error);
  return Round::failed;
}

/// A person's yes covers what they were shown, and no more.
bool Execution::approved(const core::Refuse& refuse) const {
  return run_.approved && covers(run_.guard, plan_id_, run_.script_revision, refuse);
}

/// When what goes now counts as gone: what a person agreed to does not count against later
/// removals.
core::Instant Execution::gone_ms() const {
  const bool agreed = was_approved() && is_about(run_.guard, plan_id_);
  return ports_.clock.now_ms() - (agreed ? core::kDayMs : 0);
}

Execution::Round Execution::park(RunWait wait) {
  if (wait == RunWait::reconnect && exchange_) {
    auto connection = ports_.store.connections().find(run_.connection_id);
    const bool changed = connection && connection->rev != connection_rev_ &&
                         connection->status == core::ConnectionStatus::connected;
    if (changed) {  // the person may have connected anew while a last answer was under way
      traffic_before_.writes += exchange_->traffic().writes;
      traffic_before_.reads += exchange_->traffic().reads;
      exchange_.reset();
      return Round::later;
    }
  }
  set_state(RunState::waiting, wait, std::nullopt);
  const auto with = [&](ports::Changes& changes, core::Run& run) {
    if (wait != RunWait::reconnect) return;
    auto connection = ports_.store.connections().find(run.connection_id);
    if (!connection || connection->status != core::ConnectionStatus::connected) return;
    if (connection->rev != connection_rev_) return;  // the run is taken up at once
    // Usually the token service has said so already, with its reason.
    connection->status = core::ConnectionStatus::needs_reconnect;
    connection->reason = "unauthenticated";
    connection->updated_ms = ports_.clock.now_ms();
    changes.push_back(ports::put(std::move(*connection)));
  };
  if (Status saved = save_run(with); !saved) return Round::failed;
  tell("run_waiting");
  return Round::parked;
}

Task<Status> Execution::ensure_target(const Link& link, Target how) {
  const ports::Manifest& manifest = link.connector->manifest();
  std::optional<core::Target> target;
  if (manifest.operations.targets) {
    Task<Result<Report>> listing = exchange_->drive(call_for(link, ports::Operation::targets));
    Result<Report> report = co_await listing;
    if (!report) co_return Status(report.error());
    for (const ports::TargetChoice& choice : report->targets) {
      if (choice.is_default && !choice.read_only) target = choice.target;
    }
  }
  if (!target && how == Target::chosen_only) co_return Status();
  if (!target && manifest.operations.make_target) {
    ports::Call call = call_for(link, ports::Operation::make_target);
    call.title = options_.target_title;
    call.once_key = core::once_key(options_.installation, link.connection.id, "target", 0);
    Task<Result<Report>> making = exchange_->drive(std::move(call));
    Result<Report> report = co_await making;
    if (!report) co_return Status(report.error());
    if (!report->targets.empty()) target = report->targets.front().target;
  }
  if (!target) {
    co_return Status(
        Error{Code::invalid, "no place to work in was chosen, and none can be made", "no_target"});
  }
  co_return save_run([&](ports::Changes& changes, core::Run&) {
    auto connection = ports_.store.connections().find(run_.connection_id);
    if (!connection || !connection->target.id.empty()) return;  // a person was faster
    connection->target = *target;
    connection->updated_ms = ports_.clock.now_ms();
    changes.push_back(ports::put(std::move(*connection)));
  });
}

void Execution::count_wanted(const core::ChangeList& changes) {
  core::RunCounts& counts = run_.counts;
  if (counted_.empty()) {
    counts.update = counts.remove = counts.unchanged = 0;
    // What an earlier process did of this run was wanted, too.
    counts.create = counts.done;
  }
  for (const core::Action& action : changes.actions) {
    if (!counted_.insert(counted_as(action)).second) continue;
    counts.create += action.kind == core::ActionKind::create;
    counts.update += action.kind == core::ActionKind::update;
    // What leaves with its container is no removal of its own: nothing will report it done.
    counts.remove += action.kind == core::ActionKind::remove;
  }
  if (!counted_.insert(plan_id_).second) return;
  counts.unchanged += std::max<std::int64_t>(changes.unchanged - counts.done, 0);
}

std::string Execution::counted_as(const core::Action& action) const {
  return fmt::format("{}\n{}\n{}", plan_id_, action.key, static_cast<int>(action.kind));
}

void Execution::leave_out_given_up(const Snapshot& snapshot, core::ChangeList& changes) const {
  if (given_up_.empty()) return;
  // What would go with a container that does not go stays what it is.
  const core::Contents contents(snapshot.pairs);
  std::set<std::string> staying;
  for (const core::Action& action : changes.actions) {
    if (action.kind != core::ActionKind::remove || !given_up_.contains(action.key)) continue;
    for (const core::Pair* pair : contents.of(action.key)) staying.insert(pair->key);
  }
  // What would stand in a container that is not made (anew) must not land in the old one.
  std::set<std::string> unmade;
  std::erase_if(changes.actions, [&](const core::Action& action) {
    const bool is_new = action.kind == core::ActionKind::create;
    const bool out = given_up_.contains(action.key) || staying.contains(action.key) ||
                     (is_new && unmade.contains(action.parent_key));
    if (out && is_new) unmade.insert(action.key);
    return out;
  });
}

Result<core::Run> Execution::end_cancelled(const std::string& reason) {
  forget_error();
  run_.error_reason = reason;
  const core::Rev before = run_.rev;
  finish(Round::failed, true);
  if (run_.rev == before) return last_error_.value_or(Error{Code::conflict, "the run moved on"});
  return run_;
}

/// What passes comes first: it says that trying again may help.
Error Execution::why_left(Round how) const {
  if (how == Round::later && last_error_ && passes(last_error_->code)) return *last_error_;
  for (const auto& [key, error] : given_up_) {
    if (passes(error.code)) return error;
  }
  if (!given_up_.empty()) return given_up_.begin()->second;
  return last_error_.value_or(Error{Code::unavailable, "gave up trying"});
}

core::Run Execution::finish(Round how, bool cancelled) {
  const bool wrote = progress() > 0;
  RunState state = RunState::succeeded;
  if (cancelled) {
    state = RunState::cancelled;
  } else if (how == Round::failed) {
    state = wrote ? RunState::partial : RunState::failed;
  } else if (how == Round::later || !given_up_.empty()) {
    state = wrote || run_.counts.unchanged > 0 ? RunState::partial : RunState::failed;
    if (run_.error_code.empty()) fail(why_left(how));
  }
  set_state(state, RunWait::none, std::nullopt);
  run_.finished_ms = ports_.clock.now_ms();
  const bool counts = wrote || state == RunState::succeeded;
  // What is refused for good is told and left out: the rest is in step.
  const bool in_step = how == Round::nothing_left &&
                       std::none_of(given_up_.begin(), given_up_.end(),
                                    [](const auto& each) { return passes(each.second.code); });
  Status saved = save_run(
      [&](ports::Changes& changes, core::Run& run) {
        settle_usage(changes, run,
                     counts ? core::UsageState::committed : core::UsageState::released);
        if (state == RunState::succeeded || state == RunState::partial) {
          auto connection = ports_.store.connections().find(run.connection_id);
          if (connection) {
            connection->last_sync_ms = run.finished_ms;
            changes.push_back(ports::put(std::move(*connection)));
          }
        }
        note_state(changes, run, in_step);
        changes.push_back(ports::put(core::Event{new_id(core::kEventPrefix), "run.finished",
                                                 run.account_id, run_json(run), *run.finished_ms}));
      },
      ports::Durability::full);
  if (!saved) last_error_ = saved.error();
  tell("run_ended");
  return run_;
}

/// How the connection's sync stands after a run that looked there; one that only wrote says only
/// that the place is gone, or is there again. `in_step`: nothing is left that trying again could
/// bring.
void Execution::note_state(ports::Changes& changes, const core::Run& run, bool in_step) const {
  if (run.state == RunState::cancelled) return;
  auto state = ports_.store.sync_states().find(run.connection_id);
  if (!state) return;
  const bool place = core::kTargetGone == run.error_reason ||
                     (core::kTargetGone == state->error_reason && wrote_there_);
  if (!wants_pull() && !place) return;
  if (in_step && narrow_ && !looked_at_all_) return;  // that says nothing of the rest
  if (in_step) {
    if (run.plan_id.empty() && looked_at_all_) state->complete_ms = run.finished_ms;
    state->failures = 0;
  } else {
    ++state->failures;
  }
  state->error_code = run.error_code;
  state->error_reason = run.error_reason;
  state->error_message = run.error_message;
  changes.push_back(ports::put(*std::move(state)));
}

void Execution::tell(std::string_view event) const {
  if (!ports_.log) return;
  const bool well = run_.state == RunState::succeeded || run_.state == RunState::cancelled;
  std::string line = fmt::format(
      "event={} run={} connection={} plan={} kind={} state={} done={} failed={} parked={} "
      "received={} conflicts={} writes={} reads={} retries={}",
      event, run_.id, run_.connection_id, run_.plan_id, core::name_of(run_.kind),
      core::name_of(run_.state), run_.counts.done, run_.counts.failed, run_.counts.parked,
      run_.counts.received, run_.counts.conflicts, run_.counts.writes, run_.counts.reads,
      run_.counts.retries);
  if (run_.waiting_for != RunWait::none) {
    line += fmt::format(" waiting_for={}", core::name_of(run_.waiting_for));
  }
  if (!run_.error_code.empty()) {
    line += fmt::format(" code={} reason={}", run_.error_code, run_.error_reason);
  }
  ports_.log(well ? "information" : "warning", line);
}

void Execution::settle_usage(ports::Changes& changes, core::Run& run, core::UsageState to) {
  if (run.usage != core::UsageState::reserved) return;
  auto usage = ports_.store.usages().find(run.account_id, run.usage_month);
  if (!usage) return;
  --usage->reserved;
  if (to == core::UsageState::committed) ++usage->committed;
  run.usage = to;
  changes.push_back(ports::put(std::move(*usage)));
}

Status Execution::save_run(const With& with, ports::Durability durability) {
  if (exchange_) {
    run_.counts.writes = traffic_before_.writes + exchange_->traffic().writes;
    run_.counts.reads = traffic_before_.reads + exchange_->traffic().reads;
    run_.counts.failed = std::max<std::int64_t>(given_up_for_certain() - run_.counts.parked, 0);
    run_.counts.uncertain = static_cast<std::int64_t>(uncertain_.size());
  }
  Status status;
  for (int tries = 0; tries < kCommitTries; ++tries) {
    core::Run next = run_;
    ports::Changes changes;
    for (const core::RunItem& item : unsaved_items_) changes.push_back(ports::put(item));
    if (with) with(changes, next);
    changes.push_back(ports::put(next));
    status = ports_.store.commit(std::move(changes), durability);
    if (status) {
      ++next.rev;
      run_ = std::move(next);
      unsaved_items_.clear();
      stored_ = true;
      stored_state_ = run_.state;
      ports_.publisher.publish("run:" + run_.id, "run", run_json(run_));
      ports_.publisher.publish("account:" + run_.account_id, "run", run_json(run_));
      return status;
    }
    if (status.error().code != Code::conflict || status.error().reason == "external_id_taken")
      break;
    // Somebody may have asked for it, or for its end, meanwhile; what has ended already, or was
    // begun by somebody else, is not ours any more.
    auto stored = ports_.store.runs().find(run_.id);
    if (!stored || stored->finished_ms || stored->state != stored_state_) break;
    run_.rev = stored->rev;
    run_.trigger = stored->trigger;
    run_.request_id = stored->request_id;
    run_.cancel_requested = stored->cancel_requested;
  }
  stored_ = status.error().code == Code::conflict;
  return status;
}

void Execution::set_state(RunState state, RunWait wait, std::optional<core::Instant> until_ms) {
  run_.state = state;
  run_.waiting_for = wait;
  run_.waiting_until_ms = until_ms;
}

void Execution::fail(const Error& error) {
  run_.error_code = code_name(error.code);
  run_.error_reason = error.reason;
  run_.error_message = error.message;
}

/// Of a plan that failed while another one asked.
void Execution::forget_error() {
  run_.error_code.clear();
  run_.error_reason.clear();
  run_.error_message.clear();
}

ports::Call Execution::call_for(const Link& link, ports::Operation operation) const {
  ports::Call call;
  call.operation = operation;
  call.now_ms = ports_.clock.now_ms();
  call.settings = link.connector_settings;
  call.target = link.connection.target;
  return call;
}

std::string Execution::new_id(std::string_view prefix) {
  return ports::new_id(prefix, ports_.clock.now_ms(), ports_.random);
}

}  // namespace mortise::sync
