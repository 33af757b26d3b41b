// One secret at a time: AES-256-GCM, bound to the place where it is kept.
#pragma once

#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "core/secret.hpp"
#include "ports/clock.hpp"

namespace mortise::store {

/// Where a sealed secret lives. A seal opens nowhere else, so that nobody who can write the
/// database can give one row the secret of another. `table` and `column` are our own names.
struct Place {
  std::string_view table;
  std::string_view column;
  std::string_view row;
};

/// Seals: version byte 1, nonce (12 random bytes), ciphertext, tag (16 bytes); the authenticated
/// data is the version byte and "table|column|row". Thread-safe.
class Sealer {
 public:
  /// `key`: 32 bytes (MasterKey::derive(kSealingPurpose)). `random` must outlive the sealer.
  Sealer(core::Secret key, ports::Random& random) : key_(std::move(key)), random_(&random) {}

  Result<std::string> seal(const core::Secret& secret, const Place& place) const;
  /// Error: `internal` with reason `seal_broken`: changed, moved, or sealed with another key.
  Result<core::Secret> open(std::string_view sealed, const Place& place) const;

 private:
  core::Secret key_;
  ports::Random* random_;
};

}  // namespace mortise::store
