// The real clock, timers, workers and random bytes: what tests replace.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "ports/clock.hpp"

namespace mortise::app {

class SystemClock final : public ports::Clock {
 public:
  /// `ahead_ms` moves the wall clock, for tests on a given day.
  explicit SystemClock(std::int64_t ahead_ms = 0) : ahead_ms_(ahead_ms) {}
  core::Instant now_ms() const override;
  std::int64_t steady_ms() const override;

 private:
  const std::int64_t ahead_ms_;
};

/// The operating system's generator. A machine that has none cannot run the host: fill() aborts.
class SystemRandom final : public ports::Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

/// A fixed number of threads over one queue.
class Workers final : public ports::Executor {
 public:
  explicit Workers(std::size_t threads);
  ~Workers() override;  ///< runs what is queued, then joins
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  void post(std::function<void()> function) override;

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// One thread that posts what is due to an executor.
class SystemTimers final : public ports::Timers {
 public:
  SystemTimers(const ports::Clock& clock, ports::Executor& executor);
  ~SystemTimers() override;
  /// What has not fired never does, and nothing more is taken; call before the executor ends, and
  /// destroy this after it: what the executor still runs may ask for timers.
  void stop();
  SystemTimers(const SystemTimers&) = delete;
  SystemTimers& operator=(const SystemTimers&) = delete;
  Id after(std::int64_t delay_ms, std::function<void()> function) override;
  void cancel(Id id) override;

 private:
  void work();
  const ports::Clock& clock_;
  ports::Executor& executor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::int64_t, Id>, std::function<void()>> due_;  ///< by moment, then by age
  std::map<Id, std::int64_t> moments_;
  Id last_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mortise::app
