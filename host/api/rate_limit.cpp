#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "api/address.hpp"

namespace mortise::api {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kSweepMs = 1'000;
constexpr std::size_t kSweepFrom = 1'000;

}  // namespace

RateLimiter::Verdict RateLimiter::take(const Request& request) {
  Verdict verdict;
  std::string caller;
  switch (request.principal.kind) {
    case Principal::Kind::app:
      verdict.policy = "app";
      verdict.quota = limits_.app_per_minute;
      caller = request.principal.id;
      break;
    case Principal::Kind::user:
      verdict.policy = "user";
      verdict.quota = limits_.user_per_minute;
      caller = "account:" + request.principal.account_id;
      break;
    case Principal::Kind::nobody:
      const bool hook = request.path.starts_with("/hooks/");
      verdict.policy = hook ? kHooks : "address";
      verdict.quota = hook ? limits_.hook_per_minute : limits_.stranger_per_minute;
      caller = std::string(verdict.policy) + ":" + address_group(request.client_address);
      break;
  }
  const bool stranger = request.principal.kind == Principal::Kind::nobody;
  const std::size_t most = stranger ? limits_.addresses : std::numeric_limits<std::size_t>::max();
  const auto quota = static_cast<double>(verdict.quota);
  const std::int64_t now_ms = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(stranger ? strangers_ : known_, caller, quota, most, now_ms);
  const auto passed = static_cast<double>(now_ms - bucket.at_ms);
  bucket.tokens = std::min(quota, bucket.tokens + passed * quota / kMinuteMs);
  bucket.at_ms = now_ms;
  verdict.allowed = bucket.tokens >= 1;
  if (verdict.allowed) bucket.tokens -= 1;
  verdict.remaining = static_cast<std::int64_t>(bucket.tokens);
  const double missing = verdict.allowed ? quota - bucket.tokens : 1 - bucket.tokens;
  verdict.reset_s = static_cast<std::int64_t>(std::ceil(missing * kMinuteMs / quota / 1000));
  return verdict;
}

RateLimiter::Bucket& RateLimiter::bucket_of(Buckets& buckets, const std::string& caller,
                                            double quota, std::size_t most, std::int64_t now_ms) {
  auto& all = buckets.by_caller;
  if (all.size() >= std::min(most, kSweepFrom) && now_ms - buckets.swept_ms >= kSweepMs) {
    // A bucket that has had a minute to refill says the same as none.
    std::erase_if(all, [&](const auto& each) { return now_ms - each.second.at_ms >= kMinuteMs; });
    buckets.swept_ms = now_ms;
  }
  if (const auto found = all.find(caller); found != all.end()) return found->second;
  // The policy's own name is the bucket of all for whom there is no room.
  const bool full = all.size() >= most;
  const std::string name = full ? caller.substr(0, caller.find(':')) : caller;
  return all.try_emplace(name, Bucket{quota, now_ms}).first->second;
}

std::size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return known_.by_caller.size() + strangers_.by_caller.size();
}

std::vector<Header> RateLimiter::Verdict::headers() const {
  const std::string name = "\"" + std::string(policy) + "\"";
  return {
      {"RateLimit-Policy", name + ";q=" + std::to_string(quota) + ";w=60"},
      {"RateLimit", name + ";r=" + std::to_string(remaining) + ";t=" + std::to_string(reset_s)}};
}

}  // namespace mortise::api
