#include "app/system.hpp"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace mortise::app {
namespace {

/// A hundred years: whatever a service asks to wait, sums with it stay within their types.
constexpr std::int64_t kLongestDelayMs = std::int64_t{100} * 366 * 86'400 * 1'000;

}  // namespace

core::Instant SystemClock::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
             .count() +
         ahead_ms_;
}

std::int64_t SystemClock::steady_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void SystemRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

Workers::Workers(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::post(std::function<void()> function) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(function));
  }
  ready_.notify_one();
}

void Workers::work() {
  for (;;) {
    std::function<void()> function;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      function = std::move(queue_.front());
      queue_.pop_front();
    }
    function();
  }
}

SystemTimers::SystemTimers(const ports::Clock& clock, ports::Executor& executor)
    : clock_(clock), executor_(executor), thread_([this] { work(); }) {}

SystemTimers::~SystemTimers() {
  stop();
}

void SystemTimers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::map<std::pair<std::int64_t, Id>, std::function<void()>> dropped;  // destroyed last, unlocked
  const std::lock_guard lock(mutex_);
  dropped.swap(due_);
  moments_.clear();
}

ports::Timers::Id SystemTimers::after(std::int64_t delay_ms, std::function<void()> function) {
  Id id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return 0;
    id = ++last_;
    const std::int64_t moment =
        clock_.steady_ms() + std::clamp<std::int64_t>(delay_ms, 0, kLongestDelayMs);
    due_.emplace(std::pair(moment, id), std::move(function));
    moments_.emplace(id, moment);
  }
  changed_.notify_all();
  return id;
}

void SystemTimers::cancel(Id id) {
  std::function<void()> dropped;  // destroyed without the lock: it may hold anything
  const std::lock_guard lock(mutex_);
  auto moment = moments_.find(id);
  if (moment == moments_.end()) return;
  auto node = due_.extract(std::pair(moment->second, id));
  if (!node.empty()) dropped = std::move(node.mapped());
  moments_.erase(moment);
}

void SystemTimers::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const std::int64_t wait_ms = due_.begin()->first.first - clock_.steady_ms();
    if (wait_ms > 0) {
      changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
      continue;
    }
    auto node = due_.extract(due_.begin());
    moments_.erase(node.key().second);
    lock.unlock();
    executor_.post(std::move(node.mapped()));
    lock.lock();
  }
}

}  // namespace mortise::app
