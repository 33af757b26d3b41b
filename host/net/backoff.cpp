#include "net/backoff.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace mortise::net {
namespace {

/// A day: what asks for more than that is not worth waiting for.
constexpr std::int64_t kLongestMs = 24 * 3600 * 1000LL;

std::optional<core::Instant> http_date_ms(const std::string& text) {
  // RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime.
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    tm parts{};
    const char* end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return core::Instant{timegm(&parts)} * 1000;
  }
  return std::nullopt;
}

}  // namespace

std::int64_t backoff_ms(const RetryPolicy& policy, int attempt, ports::Random& random) {
  const int doublings = std::clamp(attempt - 1, 0, 30);
  const std::int64_t most = std::min(policy.cap_ms, policy.base_ms << doublings);
  std::array<std::byte, 8> bytes{};
  random.fill(bytes);
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
  return static_cast<std::int64_t>(value % (static_cast<std::uint64_t>(most) + 1));
}

std::optional<std::int64_t> retry_after_ms(const ports::HttpHeaders& headers,
                                           core::Instant now_ms) {
  const auto text = header(headers, "retry-after");
  if (!text || text->empty()) return std::nullopt;
  if (std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; })) {
    if (text->size() > 9) return kLongestMs;
    return std::min<std::int64_t>(std::stoll(*text) * 1000, kLongestMs);
  }
  const auto date = http_date_ms(*text);
  if (!date) return std::nullopt;
  return std::clamp<std::int64_t>(*date - now_ms, 0, kLongestMs);
}

std::optional<std::string> header(const ports::HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace mortise::net
