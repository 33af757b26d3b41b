// The time inside the simulation: the machine's, shifted, or standing still.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

namespace mortise::simulators {

/// Thread-safe.
class Clock {
 public:
  /// Milliseconds since 1970, UTC: what the providers stamp on things and measure token lives with.
  std::int64_t now_ms() const;
  /// Milliseconds for rate windows: real time passes here even while `now_ms` stands still, and a
  /// step forward counts too. So a frozen clock never blocks a client for ever.
  std::int64_t pace_ms() const;
  /// From now on the time is `now_ms` and stands still.
  void freeze(std::int64_t now_ms);
  /// Steps forward (a frozen clock stays frozen, a running one runs on).
  void advance(std::int64_t by_ms);
  /// The machine's time again.
  void follow_system();
  bool frozen() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::int64_t> frozen_at_ms_;
  std::int64_t offset_ms_ = 0;
  std::int64_t stepped_ms_ = 0;
};

}  // namespace mortise::simulators
