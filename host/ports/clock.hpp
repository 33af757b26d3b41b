// Time, randomness and turns as parameters: what makes tests exact and the core pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/records.hpp"

namespace mortise::ports {

/// What time it is. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time, milliseconds UTC. May jump.
  virtual core::Instant now_ms() const = 0;
  /// Monotonic milliseconds since an unknown moment; for waits and windows.
  virtual std::int64_t steady_ms() const = 0;
};

/// Runs functions later without holding a thread. Thread-safe. Functions run on the executor.
class Timers {
 public:
  using Id = std::uint64_t;
  virtual ~Timers() = default;
  /// Runs `function` once, `delay_ms` from now (0 = as soon as possible).
  virtual Id after(std::int64_t delay_ms, std::function<void()> function) = 0;
  /// Forgets a timer that has not fired; a fired one is ignored.
  virtual void cancel(Id id) = 0;
};

/// Runs functions soon, on a pool of workers. Thread-safe; never runs inside post().
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> function) = 0;
};

/// Unpredictable bytes (the system's generator in production, a seeded one in tests). Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

}  // namespace mortise::ports
