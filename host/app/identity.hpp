// What makes this installation itself: made once, kept in the store.
#pragma once

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

/// Reads them from the store; makes and stores them on the first start.
Result<InstallationIdentity> installation_identity(ports::Store& store, ports::Random& random,
                                                   const ports::Clock& clock);

}  // namespace mortise::app
