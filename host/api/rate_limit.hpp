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
  /// Per address: connecting (three a user, and a class may do so at once), sign-in, wrong keys.
  std::int64_t stranger_per_minute = 600;
  /// Per address: a service tells of all its users' changes from a few.
  std::int64_t hook_per_minute = 12'000;
  /// How many addresses are told apart within a minute; those beyond share one bucket.
  std::size_t addresses = 50'000;
};

/// Thread-safe. A bucket holds one minute's worth and refills evenly.
class RateLimiter {
 public:
  RateLimiter(RateLimits limits, const ports::Clock& clock) : limits_(limits), clock_(clock) {}

  static constexpr std::string_view kHooks = "hooks";  ///< the policy of notifications

  struct Verdict {
    bool allowed = true;
    std::int64_t remaining = 0;
    std::int64_t quota = 0;
    std::int64_t reset_s = 0;  ///< until the bucket is full, or, refused, until one is free
    std::string_view policy;
    std::vector<Header> headers() const;
  };
  Verdict take(const Request& request);

  /// How many buckets there are.
  std::size_t size() const;

 private:
  struct Bucket {
    double tokens = 0;
    std::int64_t at_ms = 0;
  };
  struct Buckets {
    std::map<std::string, Bucket> by_caller;
    std::int64_t swept_ms = 0;
  };
  Bucket& bucket_of(Buckets& buckets, const std::string& caller, double quota, std::size_t most,
                    std::int64_t now_ms);

  const RateLimits limits_;
  const ports::Clock& clock_;
  mutable std::mutex mutex_;
  Buckets known_;      ///< apps and users: as many as there are
  Buckets strangers_;  ///< addresses: anybody may come from as many as they like
};

}  // namespace mortise::api
