// Access tokens that are good right now. Egress asks; service/ keeps them fresh.
#pragma once

#include <functional>
#include <string>

#include <mortise/result.hpp>

#include "core/secret.hpp"

namespace mortise::ports {

/// Thread-safe. `done` is called exactly once, on the executor, never inside the call. Errors:
/// `unauthenticated` with reason `needs_reconnect` (the grant is dead: a person must consent
/// again), `unavailable` (the token endpoint could not be asked; try later), `not_found`.
class Tokens {
 public:
  using Done = std::function<void(Result<core::Secret>)>;
  virtual ~Tokens() = default;
  /// The connection's access token; refreshed first when it is about to expire.
  virtual void access(const std::string& connection_id, Done done) = 0;
  /// The service refused `refused` (401): answers its successor, refreshing unless somebody already
  /// has.
  virtual void renew(const std::string& connection_id, core::Secret refused, Done done) = 0;
  /// Answers the access token; refreshes it first if the grant was idle for so long that it might
  /// lapse (the manifest's keepalive_days).
  virtual void keep_alive(const std::string& connection_id, Done done) = 0;
};

}  // namespace mortise::ports
