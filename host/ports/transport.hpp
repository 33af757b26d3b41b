// One HTTP exchange with the outside, with no policy: no retries, no redirects, no signing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

namespace mortise::ports {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::int64_t deadline_ms = 65'000;  ///< whole exchange
  std::size_t max_reply_bytes = 16 * 1024 * 1024;
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;  ///< names in lower case
  std::string body;
};

/// A reply, or why there is none. `maybe_sent`: the request may have reached the other side.
struct HttpOutcome {
  Result<HttpReply> reply;
  bool maybe_sent = false;
};

/// Sends one request. Thread-safe. `done` is called exactly once, on the executor or an own thread,
/// and never inside send(). Errors: `unavailable` (no connection, time-out, broken answer),
/// `too_large` (answer over the bound), `invalid` (not a request that may be sent).
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(HttpRequest request, std::function<void(HttpOutcome)> done) = 0;
};

}  // namespace mortise::ports
