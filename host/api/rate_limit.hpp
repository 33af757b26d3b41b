// How often one caller may ask: token buckets, told in the standard header fields
// (draft-ietf-httpapi-ratelimit-headers-10: RateLimit-Policy, RateLimit).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.hpp"
#include "ports/clock.hpp"

namespace mortise::api {

struct RateLimits {
  std::int64_t app_per_minute = 6'000;
  std::int64_t user_per_minute = 600;
  std::int64_t stranger_per_minute = 300;  ///< per address: sign-in, callbacks, wrong keys
  /// Per address: a service tells of all its users' changes from a few.
  std::int64_t hook_per_minute = 12'000;
};

/// Thread-safe. A bucket holds one minute's worth and refills evenly.
class RateLimiter {
 public:
  RateLimiter(RateLimits limits, const ports::Clock& clock) : limits_(limits), clock_(clock) {}

  struct Verdict {
    bool allowed = true;
    std::int64_t remaining = 0;
    std::int64_t quota = 0;
    std::int64_t reset_s = 0;  ///< until the bucket is full, or, refused, until one is free
    std::string_view policy;
    std::vector<Header> headers() const;
  };
  Verdict take(const Request& request);

 private:
  struct Bucket {
    double tokens = 0;
    std::int64_t at_ms = 0;
  };
  void forget_full(std::int64_t now_ms);

  RateLimits limits_;
  const ports::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace mortise::api
