#include "api/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace mortise::api {

namespace {

constexpr double kMinuteMs = 60'000;
constexpr std::size_t kMostBuckets = 50'000;

}  // namespace

RateLimiter::Verdict RateLimiter::take(const Request& request) {
  Verdict verdict;
  std::string key;
  switch (request.principal.kind) {
    case Principal::Kind::app:
      verdict.policy = "app";
      verdict.quota = limits_.app_per_minute;
      key = request.principal.id;
      break;
    case Principal::Kind::user:
      verdict.policy = "user";
      verdict.quota = limits_.user_per_minute;
      key = "account:" + request.principal.account_id;
      break;
    case Principal::Kind::nobody:
      const bool hook = request.path.starts_with("/hooks/");
      verdict.policy = hook ? "hooks" : "address";
      verdict.quota = hook ? limits_.hook_per_minute : limits_.stranger_per_minute;
      key = (hook ? "hooks:" : "address:") + request.client_address;
      break;
  }
  const auto quota = static_cast<double>(verdict.quota);
  const std::int64_t now_ms = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMostBuckets) forget_full(now_ms);
  auto [found, added] = buckets_.try_emplace(key, Bucket{quota, now_ms});
  Bucket& bucket = found->second;
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

void RateLimiter::forget_full(std::int64_t now_ms) {
  // A bucket that has had a minute to refill says the same as none.
  std::erase_if(buckets_, [&](const auto& each) {
    return static_cast<double>(now_ms - each.second.at_ms) >= kMinuteMs;
  });
}

std::vector<Header> RateLimiter::Verdict::headers() const {
  const std::string name = "\"" + std::string(policy) + "\"";
  return {
      {"RateLimit-Policy", name + ";q=" + std::to_string(quota) + ";w=60"},
      {"RateLimit", name + ";r=" + std::to_string(remaining) + ";t=" + std::to_string(reset_s)}};
}

}  // namespace mortise::api
