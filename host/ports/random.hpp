// What is made of randomness: ids, and words that nobody guesses.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/hex.hpp"
#include "core/ids.hpp"
#include "ports/clock.hpp"

namespace mortise::ports {

/// A new id of our own (core/ids.hpp).
inline std::string new_id(std::string_view prefix, core::Instant now_ms, Random& random) {
  std::array<std::byte, 10> bytes{};
  random.fill(bytes);
  return core::make_id(prefix, now_ms, bytes);
}

/// So many bytes, as hex digits.
inline std::string random_hex(Random& random, std::size_t bytes) {
  std::vector<std::byte> drawn(bytes);
  random.fill(drawn);
  return core::hex(drawn);
}

}  // namespace mortise::ports
