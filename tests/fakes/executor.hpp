// Executors for tests: one that is driven by hand and one with real threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "fakes/manual_clock.hpp"
#include "ports/clock.hpp"

namespace mortise::fakes {

/// Functions wait in a queue until the test runs them, on the test's thread, first in first out.
/// post() is thread-safe.
class QueueExecutor final : public ports::Executor {
 public:
  void post(std::function<void()> function) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(function));
  }

  /// False: nothing was waiting.
  bool run_one() {
    std::unique_lock lock(mutex_);
    if (queue_.empty()) return false;
    std::function<void()> function = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    function();
    return true;
  }
  /// Runs until nothing waits, what was posted meanwhile included. Answers how many ran.
  std::size_t run_until_idle() {
    std::size_t ran = 0;
    while (run_one()) ++ran;
    return ran;
  }
  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
};

/// Runs everything and lets time pass from timer to timer until neither a function nor a timer is
/// left or `limit_ms` have passed. Answers whether it became quiet.
inline bool run_until_quiet(ManualClock& clock, QueueExecutor& executor,
                            std::int64_t limit_ms = std::int64_t{24} * 3600 * 1000) {
  const std::int64_t end_ms = clock.steady_ms() + limit_ms;
  for (;;) {
    executor.run_until_idle();
    const auto wait_ms = clock.next_in_ms();
    if (!wait_ms) {
      if (executor.waiting() == 0) return true;
      continue;
    }
    if (clock.steady_ms() + *wait_ms > end_ms) return false;
    clock.advance(*wait_ms);
  }
}

/// A few real threads. The destructor runs what is still waiting, then joins.
class PoolExecutor final : public ports::Executor {
 public:
  explicit PoolExecutor(std::size_t threads = 2) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  PoolExecutor(const PoolExecutor&) = delete;
  PoolExecutor& operator=(const PoolExecutor&) = delete;
  ~PoolExecutor() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void post(std::function<void()> function) override {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(function));
    }
    wake_.notify_one();
  }
  /// Blocks until nothing waits and nothing runs.
  void wait_idle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::function<void()> function = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
      lock.unlock();
      function();
      function = nullptr;
      lock.lock();
      --running_;
      if (queue_.empty() && running_ == 0) idle_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> queue_;
  std::size_t running_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mortise::fakes
