#include "sync/channels.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/log_value.hpp"
#include "core/public_url.hpp"
#include "core/schedule.hpp"

namespace mortise::sync {
namespace {

using core::Channel;
using core::ChannelState;
using core::Instant;
using ports::Notifications;

/// A service that refuses for good is asked again at this pace, in case a person put it right.
constexpr std::int64_t kRefusedRetryMs = 12 * core::kHourMs;
constexpr std::int64_t kSilentMs = core::kDayMs;
/// A notification that is under way is not missing yet.
constexpr std::int64_t kUnderWayMs = 10 * core::kMinuteMs;
constexpr std::size_t kRunsLooked = 200;
/// Of a subscription that is not ours to make anew.
constexpr const char* kSilence =
    "no notification came for a day or more, while polls found changes: the subscription at the "
    "service may be gone";

/// Whether asking again soon may help.
bool passes(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::rate_limited ||
         error.code == Code::cancelled || error.code == Code::conflict ||
         error.code == Code::internal || error.code == Code::unauthenticated;
}

/// When a channel gave its last sign of life.
Instant heard_of(const Channel& channel) {
  return std::max(channel.opened_ms, channel.notified_ms.value_or(0));
}

}  // namespace

const Channel* PushChannels::View::live(Instant now_ms) const {
  const Channel* last = nullptr;
  for (const Channel& channel : channels) {
    const bool lives = !channel.expires_ms || *channel.expires_ms > now_ms;
    if (channel.state != ChannelState::open || !lives) continue;
    if (channel.target_id != connection.target.id) continue;
    if (last == nullptr || channel.opened_ms >= last->opened_ms) last = &channel;
  }
  return last;
}

PushChannels::PushChannels(Ports ports, const ports::Secrets& secrets, ports::RunQueue& runs,
                           ChannelOptions options)
    : ports_(std::move(ports)),
      secrets_(secrets),
      runs_(runs),
      options_(std::move(options)),
      address_trouble_(core::push_trouble(options_.public_url)),
      stopping_(std::make_shared<std::atomic<bool>>(false)) {}

void PushChannels::on_change(std::function<void(const std::string&)> changed) {
  changed_ = std::move(changed);
}

void PushChannels::stop() {
  stopping_->store(true);
}

bool PushChannels::idle(std::int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return quiet_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                         [this] { return under_way_ == 0; });
}

void PushChannels::open(const std::string& connection_id, std::function<void()> done) {
  ask_turn(
      connection_id,
      [](Work& work) {
        work.choosing = true;
        work.leaving = false;
        work.failures = 0;
        work.retry_ms = 0;
      },
      bounded(std::move(done)));
}

void PushChannels::close(const std::string& connection_id, std::function<void()> done) {
  ask_turn(
      connection_id, [](Work& work) { work.leaving = true; }, bounded(std::move(done)));
}

void PushChannels::keep(const std::string& connection_id) {
  ask_turn(connection_id, [](Work&) {});
}

void PushChannels::refresh(const std::string& connection_id) {
  ask_turn(connection_id, [](Work& work) {
    work.leaving = false;
    work.failures = 0;
    work.retry_ms = 0;
  });
}

void PushChannels::sweep(const std::string& connection_id) {
  ask_turn(connection_id, [](Work& work) { work.sweeping = true; });
}

void PushChannels::set_back(std::int64_t by_ms) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, work] : works_) work.retry_ms = std::max<Instant>(work.retry_ms - by_ms, 0);
}

/// `done`, once: when it is called, or when patience is at its end.
std::function<void()> PushChannels::bounded(std::function<void()> done) {
  auto told = std::make_shared<std::atomic<bool>>(false);
  auto tell = [told, done = std::move(done)] {
    if (!told->exchange(true)) done();
  };
  const ports::Timers::Id timer = ports_.timers.after(options_.patience_ms, tell);
  return [this, timer, tell] {
    ports_.timers.cancel(timer);
    tell();
  };
}

void PushChannels::ask_turn(const std::string& connection_id, void (*mark)(Work&),
                            std::function<void()> done) {
  std::function<void()> next = done;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_->load()) {
      Work& work = works_[connection_id];
      mark(work);
      if (done) work.waiting.push_back(std::move(done));
      work.again = true;
      if (work.busy) return;
      work.busy = true;
      ++under_way_;
      next = [this, connection_id] { take_turns(connection_id); };
    }
  }
  if (next) ports_.executor.post(std::move(next));
}

Detached PushChannels::take_turns(std::string connection_id) {
  for (;;) {
    Work asked;
    std::vector<std::function<void()>> waiting;
    {
      const std::lock_guard lock(mutex_);
      Work& work = works_[connection_id];
      waiting.swap(work.waiting);
      if (!work.again) {
        work.busy = false;
        if (--under_way_ == 0) quiet_.notify_all();
        co_return;
      }
      asked = work;
      work.again = work.sweeping = work.choosing = false;
    }
    if (!stopping_->load()) {
      Task<bool> taking = turn(connection_id, std::move(asked));
      co_await taking;
    }
    for (const auto& done : waiting) done();
    if (changed_ && !stopping_->load()) changed_(connection_id);
  }
}

PushChannels::Reason PushChannels::why_off(const core::Connection& connection,
                                           const ports::Connector* connector) const {
  using Subscription = Notifications::Subscription;
  if (connector == nullptr) return "unsupported";
  const ports::Manifest& manifest = connector->manifest();
  const bool channels = manifest.notifications.subscription == Subscription::channel;
  if (manifest.notifications.subscription == Subscription::none) return "unsupported";
  if (channels && !manifest.operations.channels) return "unsupported";
  if (connection.status != core::ConnectionStatus::connected) return "not_connected";
  if (!core::pulls_by_itself(connection)) return "not_wanted";
  if (!address_trouble_.empty()) return address_trouble_;
  if (!channels) return secrets_.find(manifest.id + ".webhook_secret") ? "" : "no_handshake";
  return connection.target.id.empty() ? "no_target" : "";
}

Result<PushChannels::View> PushChannels::look(const std::string& connection_id) const {
  View view;
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  view.connection = std::move(*connection);
  view.connector = ports_.connectors.find(view.connection.connector);
  auto channels = ports_.store.channels().of_connection(connection_id);
  if (!channels) return std::move(channels).error();
  view.channels = std::move(*channels);
  view.off = why_off(view.connection, view.connector.get());
  return view;
}

/// One look at a connection and all that is to be done for it.
Task<bool> PushChannels::turn(std::string connection_id, Work asked) {
  auto looked = look(connection_id);
  if (!looked) co_return false;
  View view = std::move(*looked);
  if (asked.choosing && view.off == "no_target") {
    Task<bool> choosing = choose_target(view);
    co_await choosing;
  }
  if (asked.leaving) view.off = "not_connected";
  const Instant now_ms = ports_.clock.now_ms();
  const bool by_channel = view.connector && view.connector->manifest().notifications.subscription ==
                                                Notifications::Subscription::channel;
  if (by_channel && view.off.empty() && now_ms >= asked.retry_ms) {
    const Channel* const live = view.live(now_ms);
    const bool lapses = live == nullptr || core::renewal_due(*live).value_or(now_ms + 1) <= now_ms;
    if (lapses || (asked.sweeping && is_silent(connection_id, heard_of(*live)))) {
      Task<bool> opening = open_one(view, live != nullptr);
      co_await opening;
      auto again = look(connection_id);
      if (!again) co_return false;
      view.channels = std::move(again->channels);
    }
  }
  const Channel* const live = view.off.empty() ? view.live(now_ms) : nullptr;
  const std::string kept = live ? live->id : std::string();
  const std::vector<Channel> channels = view.channels;
  for (const Channel& channel : channels) {
    if (channel.id == kept) continue;
    if (channel.failures > 0 && !asked.sweeping && view.off.empty()) continue;
    Task<bool> closing = close_one(view, channel, asked.leaving);
    co_await closing;
  }
  co_return true;
}

/// Whether polls found what should have been told since a notification last came.
bool PushChannels::is_silent(const std::string& connection_id, Instant heard_ms) const {
  if (ports_.clock.now_ms() - heard_ms < kSilentMs) return false;
  auto runs = ports_.store.runs().list("", connection_id, {kRunsLooked, ""});
  if (!runs) return false;
  return std::any_of(runs->items.begin(), runs->items.end(), [&](const core::Run& run) {
    return run.trigger == core::RunTrigger::schedule && run.counts.received > 0 &&
           run.created_ms > heard_ms + kUnderWayMs;
  });
}

void PushChannels::note_failure(const View& view, const Error& error) {
  const Instant now_ms = ports_.clock.now_ms();
  const Channel* const live = view.live(now_ms);
  std::int64_t failures = 0;
  {
    const std::lock_guard lock(mutex_);
    Work& work = works_[view.connection.id];
    failures = ++work.failures;
    work.message = error.message;
    work.retry_ms =
        passes(error)
            ? core::renewal_retry(now_ms, failures, live ? live->expires_ms : std::nullopt,
                                  view.connection.id)
            : now_ms + core::jittered(kRefusedRetryMs, view.connection.id, failures);
    work.retry_ms = std::max(work.retry_ms, now_ms + error.retry_after_ms.value_or(0));
  }
  log("warning",
      fmt::format("event=channel_failed connection={} failures={} live={} message={}",
                  view.connection.id, failures, live != nullptr, core::log_value(error.message)));
}

void PushChannels::note_success(const std::string& connection_id) {
  const Instant now_ms = ports_.clock.now_ms();
  const std::lock_guard lock(mutex_);
  Work& work = works_[connection_id];
  work.failures = 0;
  work.retry_ms = now_ms + core::kChannelRetryMs;  // also where channels hardly live
  work.message.clear();
}

std::optional<Instant> PushChannels::due(const core::Connection& connection) const {
  auto looked = look(connection.id);
  if (!looked) return std::nullopt;
  const View& view = *looked;
  Work work;
  {
    const std::lock_guard lock(mutex_);
    const auto found = works_.find(connection.id);
    if (found != works_.end()) {
      if (found->second.busy) return std::nullopt;  // on_change() follows
      work.retry_ms = found->second.retry_ms;
      work.leaving = found->second.leaving;
    }
  }
  const Instant now_ms = ports_.clock.now_ms();
  const bool wanted = view.off.empty() && !work.leaving;
  const Channel* const live = wanted ? view.live(now_ms) : nullptr;
  const bool left_over = std::any_of(
      view.channels.begin(), view.channels.end(),
      [&](const Channel& channel) { return &channel != live && channel.failures == 0; });
  std::optional<Instant> due_ms;
  if (left_over) due_ms = now_ms;
  const bool by_channel = view.connector && view.connector->manifest().notifications.subscription ==
                                                Notifications::Subscription::channel;
  if (wanted && by_channel) {
    const auto next_ms = live ? core::renewal_due(*live) : now_ms;
    if (next_ms && (!due_ms || *next_ms < *due_ms)) due_ms = next_ms;
  }
  if (due_ms) due_ms = std::max(*due_ms, work.retry_ms);
  return due_ms;
}

ports::PushStatus PushChannels::status(const core::Connection& connection) const {
  ports::PushStatus status;
  auto looked = look(connection.id);
  if (!looked || !looked->off.empty()) {
    status.reason = looked ? looked->off : "not_connected";
    return status;
  }
  const View& view = *looked;
  if (view.connector->manifest().notifications.subscription !=
      Notifications::Subscription::channel) {
    status.state = ports::PushState::on;
    if (auto latest = ports_.store.inbox().latest(connection.id)) status.notified_ms = *latest;
    // Nothing was heard yet: then it cannot be told from one that was just made.
    if (status.notified_ms && is_silent(connection.id, *status.notified_ms)) {
      status.state = ports::PushState::failing;
      status.message = kSilence;
    }
    return status;
  }
  const Channel* const live = view.live(ports_.clock.now_ms());
  status.state = live ? ports::PushState::on : ports::PushState::opening;
  if (live) {
    status.expires_ms = live->expires_ms;
    status.notified_ms = live->notified_ms;
  }
  const std::lock_guard lock(mutex_);
  const auto found = works_.find(connection.id);
  if (found != works_.end() && found->second.failures > 0) {
    status.state = ports::PushState::failing;
    status.message = found->second.message;
  }
  return status;
}

void PushChannels::log(std::string_view level, const std::string& line) const {
  if (ports_.log) ports_.log(level, line);
}

}  // namespace mortise::sync
