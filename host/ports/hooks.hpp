// What services tell us by themselves: verified, made durable, answered; worked on afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "core/secret.hpp"
#include "ports/transport.hpp"

namespace mortise::ports {

/// A notification as it came in. Names of headers are in lower case.
struct Knock {
  std::string_view connector;  ///< from the path
  std::string_view channel;    ///< from the path, or empty
  const HttpHeaders& headers;
  std::string_view body;  ///< raw: signatures are over these bytes
};

/// What becomes of it.
enum class Verdict : std::uint8_t {
  stored,   ///< durable; a sync of what it concerns follows by itself
  nothing,  ///< the service's own, and nothing changed: a sync message, a handshake, nobody of ours
  unknown,  ///< no such connector or channel; nothing was stored
  forged,   ///< its secret or signature is wrong, or missing; nothing was stored
  broken,   ///< signed as it should be and still not to be read; nothing was stored
  later,    ///< ours could not be made durable: the service may come again
};

/// A handshake that an operator has begun: the service's first message brings the key that its
/// later ones are signed with.
struct Handshake {
  bool open = false;  ///< one may arrive now
  core::Instant until_ms = 0;
  std::optional<core::Instant> arrived_ms;  ///< the key came, and is stored
  /// The key, for ten minutes after it came: a person pastes it into the service's page. Empty
  /// before and ever after.
  core::Secret token;
};

/// Thread-safe. receive() waits for no writer of the store and for no provider.
class Hooks {
 public:
  virtual ~Hooks() = default;
  virtual Verdict receive(const Knock& knock) = 0;

  /// For ten minutes the connector's service may bring a key; the one that is stored is replaced by
  /// it. Errors: `not_found` (no such connector), `unsupported` (it has no handshake).
  virtual Result<Handshake> open_handshake(const std::string& connector) = 0;
  /// How that went. Changes nothing.
  virtual Result<Handshake> handshake(const std::string& connector) = 0;
};

}  // namespace mortise::ports
