// Identifiers and tokens. With a seed the same run hands out the same ones.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace mortise::simulators {

/// Thread-safe. Nothing here is a secret worth keeping: these are simulated providers.
class Ids {
 public:
  explicit Ids(std::optional<std::uint64_t> seed);
  /// A dashed lower-case UUID, version 4.
  std::string uuid();
  /// `length` characters of `alphabet`.
  std::string text(int length, std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789");
  std::string token(std::string_view prefix) { return std::string(prefix) + text(40); }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace mortise::simulators
