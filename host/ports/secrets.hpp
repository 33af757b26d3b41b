// Secrets that an operator set: "<connector>.client_id", "<connector>.client_secret" ...
#pragma once

#include <string>
#include <string_view>

#include <mortise/result.hpp>

#include "core/secret.hpp"

namespace mortise::ports {

/// What the host keeps for itself among them: nobody lists, sets or removes it.
inline constexpr std::string_view kOwnSecrets = "host.";

/// Thread-safe. Answers what is set right now: a secret may be changed while the host runs.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// Error `not_found` when nobody set it; the message says how to.
  virtual Result<core::Secret> find(const std::string& name) const = 0;
};

}  // namespace mortise::ports
