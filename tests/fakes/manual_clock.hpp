// Time that moves only when a test says so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "ports/clock.hpp"

namespace mortise::fakes {

/// Clock and timers in one. Timers fire inside advance(), in the order of their moments (equal
/// moments: in the order they were set), each seeing its own moment as the time; a timer set by a
/// timer fires in the same advance() if it falls due. With an executor, functions are posted there
/// instead of run. Thread-safe; functions run without the lock. One thread advances at a time.
class ManualClock final : public ports::Clock, public ports::Timers {
 public:
  /// 2026-11-20T09:00:00Z, a Friday.
  static constexpr core::Instant kStart = 1'795'165'200'000;

  explicit ManualClock(core::Instant start_ms = kStart, ports::Executor* executor = nullptr)
      : wall_ms_(start_ms), executor_(executor) {}

  core::Instant now_ms() const override {
    const std::lock_guard lock(mutex_);
    return wall_ms_;
  }
  std::int64_t steady_ms() const override {
    const std::lock_guard lock(mutex_);
    return steady_ms_;
  }

  Id after(std::int64_t delay_ms, std::function<void()> function) override {
    const std::lock_guard lock(mutex_);
    const Id id = ++last_id_;
    timers_.emplace(std::pair(steady_ms_ + std::max<std::int64_t>(delay_ms, 0), id),
                    std::move(function));
    return id;
  }
  void cancel(Id id) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
  }

  /// Lets `ms` pass and fires what falls due, also at this very moment (advance(0)).
  void advance(std::int64_t ms) {
    std::unique_lock lock(mutex_);
    const std::int64_t end_ms = steady_ms_ + ms;
    while (!timers_.empty() && timers_.begin()->first.first <= end_ms) {
      auto node = timers_.extract(timers_.begin());
      move_to(std::max(node.key().first, steady_ms_));
      lock.unlock();
      fire(std::move(node.mapped()));
      lock.lock();
    }
    move_to(std::max(end_ms, steady_ms_));
  }
  /// Advances just to the next timer and fires what is due then. False: there is none.
  bool advance_to_next() {
    const std::optional<std::int64_t> wait_ms = next_in_ms();
    if (!wait_ms) return false;
    advance(*wait_ms);
    return true;
  }

  /// How long until the next timer; nothing if there is none.
  std::optional<std::int64_t> next_in_ms() const {
    const std::lock_guard lock(mutex_);
    if (timers_.empty()) return std::nullopt;
    return std::max<std::int64_t>(timers_.begin()->first.first - steady_ms_, 0);
  }
  std::size_t pending() const {
    const std::lock_guard lock(mutex_);
    return timers_.size();
  }
  /// The wall clock jumps (somebody set it); no timer moves.
  void set_wall(core::Instant now_ms) {
    const std::lock_guard lock(mutex_);
    wall_ms_ = now_ms;
  }
  /// For clocks and executors that need each other.
  void use_executor(ports::Executor* executor) {
    const std::lock_guard lock(mutex_);
    executor_ = executor;
  }

 private:
  void move_to(std::int64_t steady_ms) {
    wall_ms_ += steady_ms - steady_ms_;
    steady_ms_ = steady_ms;
  }
  void fire(std::function<void()> function) {
    ports::Executor* executor = nullptr;
    {
      const std::lock_guard lock(mutex_);
      executor = executor_;
    }
    if (executor != nullptr) {
      executor->post(std::move(function));
    } else {
      function();
    }
  }

  mutable std::mutex mutex_;
  core::Instant wall_ms_;
  std::int64_t steady_ms_ = 0;
  ports::Executor* executor_;
  Id last_id_ = 0;
  std::map<std::pair<std::int64_t, Id>, std::function<void()>> timers_;  // by moment, then by age
};

}  // namespace mortise::fakes
