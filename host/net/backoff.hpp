// How long to wait before trying again. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/records.hpp"
#include "ports/clock.hpp"
#include "ports/transport.hpp"

namespace mortise::net {

struct RetryPolicy {
  int attempts = 8;
  std::int64_t base_ms = 500;
  std::int64_t cap_ms = 30'000;
  std::int64_t total_ms = 600'000;  ///< no attempt begins later than this after the first
};

/// Exponential with full jitter: anything from 0 to min(cap, base * 2^(attempt - 1)). `attempt` is
/// the one that just failed, from 1.
std::int64_t backoff_ms(const RetryPolicy& policy, int attempt, ports::Random& random);

/// Retry-After (RFC 9110 section 10.2.3) as a wait from now: seconds or an HTTP date in any of the
/// three forms. Nothing when it is missing or not understood.
std::optional<std::int64_t> retry_after_ms(const ports::HttpHeaders& headers, core::Instant now_ms);

/// The value of a header by its lower-case name, or nothing.
std::optional<std::string> header(const ports::HttpHeaders& headers, std::string_view name);

}  // namespace mortise::net
