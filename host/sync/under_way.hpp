// Counting what was begun and has not ended, so that a part can be stopped and waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mortise::sync {

/// Thread-safe.
class UnderWay {
 public:
  /// False once stopped: it must not be begun.
  bool begin() {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    ++count_;
    return true;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) quiet_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  /// Waits until nothing is under way; false after `timeout_ms`.
  bool idle(std::int64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    return quiet_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [this] { return count_ == 0; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable quiet_;
  int count_ = 0;
  bool stopped_ = false;
};

}  // namespace mortise::sync
