// Random bytes that a test can repeat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>

#include "ports/clock.hpp"

namespace mortise::fakes {

/// The same seed gives the same bytes. Thread-safe (but threads share one sequence).
class SeededRandom final : public ports::Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}

  void fill(std::span<std::byte> bytes) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_() & 0xffU);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace mortise::fakes
