#include "sync/scheduler.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/log_value.hpp"
#include "core/schedule.hpp"

namespace mortise::sync {
namespace {

using core::Instant;

constexpr std::int64_t kVisitMs = 5 * core::kMinuteMs;
constexpr std::int64_t kSweepMs = 12 * core::kHourMs;
constexpr std::int64_t kPruneMs = 10 * core::kMinuteMs;
/// The wall clock may jump: no timer is set for longer.
constexpr std::int64_t kLongestWaitMs = core::kMinuteMs;
/// What is due again at once is not done again at once.
constexpr std::int64_t kPauseMs = 1'000;
/// How close the first visits after a start follow on each other.
constexpr std::int64_t kFirstVisitMs = 10;
/// Notifications that no run looked at for so long get one: theirs was lost, or failed.
constexpr std::int64_t kUnhandledMs = core::kMinuteMs;
constexpr std::size_t kVisitsPerTurn = 50;
/// The agenda's line for what is no connection's.
const std::string kHousekeeping;

}  // namespace

Scheduler::Scheduler(Ports ports, PushChannels& channels, ports::RunQueue& runs,
                     ports::Tokens& tokens, ScheduleOptions options)
    : ports_(std::move(ports)),
      channels_(channels),
      runs_(runs),
      tokens_(tokens),
      options_(options) {
  channels_.on_change([this](const std::string& connection_id) {
    plan(connection_id, ports_.clock.now_ms() + kPauseMs);
  });
}

Status Scheduler::start() {
  auto all = ports_.store.connections().list_all();
  if (!all) return std::move(all).error();
  auto waiting = ports_.store.inbox().connections_with_pending();
  if (!waiting) return std::move(waiting).error();
  const Instant now_ms = ports_.clock.now_ms();
  {
    const std::lock_guard lock(mutex_);
    since_ms_ = turned_ms_ = now_ms;
  }
  // What was answered before the end was promised: it does not wait for its turn.
  const std::set<std::string> told(waiting->begin(), waiting->end());
  for (const core::Connection& connection : *all) {
    if (!told.contains(connection.id) || !core::pulls_by_itself(connection)) continue;
    runs_.sync(connection.id, core::RunTrigger::notification);
  }
  const std::int64_t window_ms = static_cast<std::int64_t>(all->size()) * kFirstVisitMs;
  for (const core::Connection& connection : *all) {
    plan(connection.id, now_ms + core::spread(window_ms, connection.id, now_ms));
  }
  plan(kHousekeeping, now_ms + kPruneMs);
  return {};
}

void Scheduler::stop() {
  under_way_.stop();
  std::optional<ports::Timers::Id> timer;
  {
    const std::lock_guard lock(mutex_);
    timer = std::exchange(timer_, std::nullopt);
  }
  if (timer) ports_.timers.cancel(*timer);
}

void Scheduler::arrived(const std::string& connection_id, std::function<void()> done) {
  channels_.open(connection_id, std::move(done));
}

void Scheduler::leaving(const std::string& connection_id, std::function<void()> done) {
  channels_.close(connection_id, std::move(done));
}

void Scheduler::look(const std::string& connection_id) {
  channels_.refresh(connection_id);  // and then plans a visit, by on_change()
}

/// Moves the connection's next visit to `due_ms`.
void Scheduler::plan(const std::string& connection_id, Instant due_ms) {
  {
    const std::lock_guard lock(mutex_);
    put_down(connection_id, due_ms);
  }
  arm();
}

/// The same, without setting the timer. `mutex_` is held.
void Scheduler::put_down(const std::string& connection_id, Instant due_ms) {
  const auto [entry, fresh] = entries_.try_emplace(connection_id);
  if (!fresh) agenda_.erase({entry->second.due_ms, connection_id});
  entry->second.due_ms = due_ms;
  agenda_.emplace(due_ms, connection_id);
}

/// Sets the timer to the first line of the agenda, unless it is set to an earlier moment.
void Scheduler::arm() {
  const Instant now_ms = ports_.clock.now_ms();
  const std::lock_guard lock(mutex_);
  if (turning_ || agenda_.empty() || under_way_.stopped()) return;
  const Instant due_ms = std::clamp(agenda_.begin()->first, now_ms, now_ms + kLongestWaitMs);
  if (timer_ && armed_ms_ <= due_ms && armed_ms_ >= now_ms) return;
  if (timer_) ports_.timers.cancel(*timer_);
  armed_ms_ = due_ms;
  timer_ = ports_.timers.after(due_ms - now_ms, [this] { turn(); });
}

/// Visits all that is due, but not so many that other work waits long.
void Scheduler::turn() {
  if (!under_way_.begin()) return;
  const Instant began_ms = ports_.clock.now_ms();
  Instant before_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    timer_.reset();
    if (turning_) return under_way_.end();
    turning_ = true;
    before_ms = std::exchange(turned_ms_, began_ms);
  }
  if (began_ms < before_ms) set_back(before_ms - began_ms, began_ms);
  for (std::size_t visits = 0; visits < kVisitsPerTurn && !under_way_.stopped(); ++visits) {
    std::string next;
    {
      const Instant now_ms = ports_.clock.now_ms();
      const std::lock_guard lock(mutex_);
      if (agenda_.empty() || agenda_.begin()->first > now_ms) break;
      next = agenda_.begin()->second;
      agenda_.erase(agenda_.begin());
    }
    if (next.empty()) {
      prune();
    } else {
      visit(next);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    turning_ = false;
  }
  arm();
  under_way_.end();
}

/// The wall clock was set back: what was noted by it here goes back, too. The store's records stay;
/// what is due by them comes spread, as after a start.
void Scheduler::set_back(std::int64_t by_ms, Instant now_ms) {
  channels_.set_back(by_ms);
  const std::lock_guard lock(mutex_);
  since_ms_ = now_ms;
  std::set<std::pair<Instant, std::string>> agenda;
  for (const auto& [due_ms, id] : agenda_) agenda.emplace(due_ms - by_ms, id);
  agenda_ = std::move(agenda);
  for (auto& [id, entry] : entries_) {
    entry.due_ms -= by_ms;
    for (Instant* at_ms : {&entry.asked_ms, &entry.nudged_ms, &entry.swept_ms}) {
      *at_ms = std::max<Instant>(*at_ms - by_ms, 0);
    }
  }
}

void Scheduler::visit(const std::string& connection_id) {
  const Instant now_ms = ports_.clock.now_ms();
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    entry = entries_[connection_id];
  }
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection && connection.error().code == Code::not_found) {
    const std::lock_guard lock(mutex_);
    entries_.erase(connection_id);
    return;
  }
  Instant next_ms = connection ? attend(*connection, entry, now_ms) : now_ms + kVisitMs;
  {
    const std::lock_guard lock(mutex_);
    Entry& kept = entries_[connection_id];
    kept.asked_ms = entry.asked_ms;
    kept.nudged_ms = entry.nudged_ms;
    kept.swept_ms = entry.swept_ms;
    // Planned anew meanwhile: for something that was perhaps not read here.
    if (kept.due_ms != entry.due_ms) next_ms = std::min(next_ms, kept.due_ms);
    put_down(connection_id, next_ms);
  }
  arm();
}

/// Does what is due for a connection. Answers when it is to be visited next.
Instant Scheduler::attend(const core::Connection& connection, Entry& entry, Instant now_ms) {
  sweep_if_due(connection, entry, now_ms);
  drop_unwanted(connection);
  poll_if_due(connection, entry, now_ms);
  Instant next_ms = now_ms + kVisitMs;
  auto state = ports_.store.sync_states().find(connection.id);
  if (state) {
    next_ms = std::min(next_ms, next_poll(connection, *state, entry.asked_ms).value_or(next_ms));
  }
  if (const auto channel_ms = channels_.due(connection)) {
    if (*channel_ms <= now_ms) channels_.keep(connection.id);
    next_ms = std::min(next_ms, *channel_ms);
  }
  return std::max(next_ms, now_ms + kPauseMs);
}

/// The net below the timers: at start and twice a day.
void Scheduler::sweep_if_due(const core::Connection& connection, Entry& entry, Instant now_ms) {
  if (entry.swept_ms != 0 && now_ms - entry.swept_ms < kSweepMs) return;
  entry.swept_ms = now_ms;
  channels_.sweep(connection.id);
  if (connection.status != core::ConnectionStatus::connected) return;
  tokens_.keep_alive(connection.id, [log = ports_.log, id = connection.id](auto token) {
    if (token || !log || token.error().code == Code::not_found) return;
    log("warning", fmt::format("event=keepalive_failed connection={} message={}", id,
                               core::log_value(token.error().message)));
  });
}

std::int64_t Scheduler::interval_ms(const core::Connection& connection) const {
  return connection.interval_s > 0 ? connection.interval_s * 1000 : options_.poll_ms;
}

/// Of a connection that was last asked to sync at `asked_ms`.
std::optional<Instant> Scheduler::next_poll(const core::Connection& connection,
                                            const core::SyncState& state, Instant asked_ms) const {
  if (!core::pulls_by_itself(connection)) return std::nullopt;
  // The first look chooses the place where the service has a default one.
  if (connection.target.id.empty() && state.complete_ms) return std::nullopt;
  if (!ports_.connectors.find(connection.connector)) return std::nullopt;
  core::SyncState known = state;
  known.connection_id = connection.id;
  // A look that is still to come was noted before the clock was set back.
  if (known.started_ms > ports_.clock.now_ms()) known.started_ms.reset();
  if (asked_ms > known.started_ms.value_or(0)) known.started_ms = asked_ms;
  const std::lock_guard lock(mutex_);
  return core::poll_due_since(known, interval_ms(connection), since_ms_);
}

/// What waits in the inbox of a connection that takes nothing in any more would wait for ever. One
/// that needs a person keeps it: that one may come.
void Scheduler::drop_unwanted(const core::Connection& connection) {
  const bool wanted = connection.auto_sync && connection.direction != core::Direction::push &&
                      connection.status != core::ConnectionStatus::disconnected &&
                      !connection.target.id.empty();
  if (wanted) return;
  auto pending = ports_.store.inbox().pending(connection.id);
  if (!pending || pending->empty()) return;
  ports::HandleNotifications handled{connection.id, {}, ports_.clock.now_ms()};
  for (const core::Notification& each : *pending) handled.ids.push_back(each.id);
  using Of = ports::ExpectRev::Of;
  // Switched on again meanwhile, it wants them: the next visit sees.
  (void)ports_.store.commit(
      {std::move(handled), ports::ExpectRev{Of::connection, connection.id, connection.rev}},
      ports::Durability::relaxed);
}

/// Asks for a sync when its time has come, or when notifications wait and none is on its way.
void Scheduler::poll_if_due(const core::Connection& connection, Entry& entry, Instant now_ms) {
  auto state = ports_.store.sync_states().find(connection.id);
  auto oldest = ports_.store.inbox().oldest_pending(connection.id);
  if (!state || !oldest) return;
  const auto poll_ms = next_poll(connection, *state, entry.asked_ms);
  if (!poll_ms) return;
  const bool poll = *poll_ms <= now_ms;
  // Once: after a failure they wait for the retry, as everything does.
  const bool unhandled = *oldest && state->failures == 0 && now_ms - **oldest >= kUnhandledMs &&
                         std::max(entry.asked_ms, entry.nudged_ms) < **oldest + kUnhandledMs;
  if (!poll && !unhandled) return;
  // That run may look only at what they name: it puts no poll off.
  (poll ? entry.asked_ms : entry.nudged_ms) = now_ms;
  runs_.sync(connection.id, poll ? core::RunTrigger::schedule : core::RunTrigger::notification);
}

void Scheduler::prune() {
  const Instant now_ms = ports_.clock.now_ms();
  if (options_.keep_days > 0) {
    ports::Prune prune;
    prune.before_ms = now_ms - options_.keep_days * core::kDayMs;
    Status pruned = ports_.store.commit({prune}, ports::Durability::relaxed);
    if (!pruned && ports_.log) {
      ports_.log("warning",
                 "event=prune_failed message=" + core::log_value(pruned.error().message));
    }
  }
  plan(kHousekeeping, now_ms + kPruneMs);
}

Result<ports::SyncStatus> Scheduler::status(const std::string& connection_id) const {
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  auto state = ports_.store.sync_states().find(connection_id);
  if (!state) return std::move(state).error();
  auto oldest = ports_.store.inbox().oldest_pending(connection_id);
  if (!oldest) return std::move(oldest).error();
  ports::SyncStatus status;
  status.push = channels_.status(*connection);
  status.state = *state;
  status.oldest_notification_ms = *oldest;
  Instant asked_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(connection_id);
    if (found != entries_.end()) asked_ms = found->second.asked_ms;
  }
  status.next_ms = next_poll(*connection, *state, asked_ms);
  return status;
}

}  // namespace mortise::sync
