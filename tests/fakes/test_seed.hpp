// The dice of tests that roll some: which roll it was is said, and can be given back.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>

#include <catch2/catch.hpp>

namespace mortise::fakes {

/// What MORTISE_TEST_SEED says, else `otherwise`, else a number nobody knows before. It is printed
/// with the test's name, so that an aborted run tells it, too.
inline std::uint64_t test_seed(std::optional<std::uint64_t> otherwise = std::nullopt) {
  const char* given = std::getenv("MORTISE_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10)
                             : otherwise      ? *otherwise
                                              : std::random_device{}();
  std::cout << Catch::getResultCapture().getCurrentTestName() << ": MORTISE_TEST_SEED=" << seed
            << std::endl;
  return seed;
}

}  // namespace mortise::fakes
