#include "simulators/common/clock.hpp"

#include <algorithm>
#include <chrono>

namespace mortise::simulators {
namespace {

template <class Source>
std::int64_t read_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Source::now().time_since_epoch())
      .count();
}

}  // namespace

std::int64_t Clock::now_ms() const {
  const std::scoped_lock lock(mutex_);
  return frozen_at_ms_ ? *frozen_at_ms_ : read_ms<std::chrono::system_clock>() + offset_ms_;
}

std::int64_t Clock::pace_ms() const {
  const std::scoped_lock lock(mutex_);
  return read_ms<std::chrono::steady_clock>() + stepped_ms_;
}

void Clock::freeze(std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  frozen_at_ms_ = now_ms;
}

void Clock::advance(std::int64_t by_ms) {
  const std::scoped_lock lock(mutex_);
  if (frozen_at_ms_) {
    *frozen_at_ms_ += by_ms;
  } else {
    offset_ms_ += by_ms;
  }
  stepped_ms_ += std::max<std::int64_t>(by_ms, 0);
}

void Clock::follow_system() {
  const std::scoped_lock lock(mutex_);
  frozen_at_ms_.reset();
  offset_ms_ = 0;
}

bool Clock::frozen() const {
  const std::scoped_lock lock(mutex_);
  return frozen_at_ms_.has_value();
}

}  // namespace mortise::simulators
