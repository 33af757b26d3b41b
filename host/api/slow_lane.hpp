// What may take seconds (a preview, a script's trial) runs here: no other request waits for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace mortise::api {

/// One thread, and a short queue before it. Thread-safe.
class SlowLane {
 public:
  /// `waiting`: how much may wait beside what runs.
  explicit SlowLane(std::size_t waiting);
  ~SlowLane();  ///< stop()
  SlowLane(const SlowLane&) = delete;
  SlowLane& operator=(const SlowLane&) = delete;

  /// Runs `work` on the thread, in order. False: too much waits, or the lane was stopped; `work` is
  /// dropped. `work` must not throw.
  bool post(std::function<void()> work);
  /// Drops what waits, and returns when what runs has ended.
  void stop();

 private:
  void run();

  const std::size_t waiting_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
  bool busy_ = false;
  bool stopped_ = false;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace mortise::api
