// Who may do how much: the tier policy's decision.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/json.hpp"

namespace mortise::ports {

struct Ask {
  std::string action;  ///< "export.start", "outside_progress" ...
  std::string account_id;
  std::string tier;
  std::string trigger;  ///< "user", "change", "schedule", "reconnect"
  std::string connector;
};

struct Used {
  std::int64_t exports_this_month = 0;
};

struct Decision {
  bool allow = false;
  std::int64_t cost = 0;  ///< 1: counts as an export of the month
  std::string reason;     ///< "quota_exceeded", "policy_error", ... when denied
  std::string message;
  std::optional<std::int64_t> limit;  ///< exports a month of the tier; empty = unlimited
  std::string revision;               ///< of the policy that decided
};

/// Thread-safe. Fails closed: a policy that errs or overruns its budget denies with `policy_error`.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual Decision decide(const Ask& ask, const Used& used) = 0;
  /// The limits of a tier as the policy states them, for usage pages; empty limit = unlimited.
  virtual Decision limits(const std::string& tier) = 0;
};

}  // namespace mortise::ports
