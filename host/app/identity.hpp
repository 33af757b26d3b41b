// What makes this installation itself: made once, kept in the store.
#pragma once

#include <cstdint>
#include <string>

#include <mortise/result.hpp>

#include "core/secret.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace mortise::app {

struct InstallationIdentity {
  std::string installation;  ///< part of once-keys; no secret
  core::Secret session_key;  ///< signs bearer tokens
};

enum class NewIdentity : std::uint8_t { keep, forget };

/// Reads them from the store; makes them on the first start, and stores what is to be kept.
Result<InstallationIdentity> installation_identity(ports::Store& store, ports::Random& random,
                                                   const ports::Clock& clock, NewIdentity made);

}  // namespace mortise::app
