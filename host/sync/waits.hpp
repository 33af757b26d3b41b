// Waiting without a thread, and waking everybody when the host stops.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "ports/clock.hpp"
#include "ports/egress.hpp"
#include "sync/coroutine.hpp"

namespace mortise::sync {

/// Thread-safe. Must outlive every coroutine that waits on it; stop() lets them end.
class Waits {
 public:
  Waits(ports::Timers& timers, ports::Executor& executor);

  /// Goes on after `delay_ms`, or sooner when woken: true if the time passed or wake(key) was
  /// called, false when the host stops. `key` names what waits (a run id). `cancel`: set before
  /// wake(key) is called; a wait that begins after it is set ends at once.
  Callback<bool> sleep(std::string key, std::int64_t delay_ms, ports::CancelFlag cancel);

  /// Ends the wait of `key` early.
  void wake(const std::string& key);

  /// Wakes all, now and in future, with false.
  void stop();
  bool stopped() const;

 private:
  void finish(std::uint64_t id, bool passed);

  struct Waiting {
    std::string key;
    ports::Timers::Id timer = 0;
    std::function<void(bool)> done;
  };
  ports::Timers& timers_;
  ports::Executor& executor_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_ = 1;
  bool stopped_ = false;
};

}  // namespace mortise::sync
