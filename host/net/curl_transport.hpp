// The only user of libcurl: every exchange with the outside runs on one multi handle on one thread.
// Decided in docs/adr/0008-http.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/transport.hpp"

namespace mortise::net {

struct CurlOptions {
  /// What may be spoken to: "https://api.notion.com", "http://127.0.0.1:8091". Scheme, host and
  /// port must match; anything else is refused with `invalid`. A host name that resolves to a
  /// loopback or link-local address is refused too, unless the origin itself names such an address.
  std::vector<std::string> origins;
  /// "http://proxy:3128" or empty for none. The environment's proxy variables are not read.
  /// Loopback origins are never sent through it.
  std::string proxy;
  std::string user_agent = "Mortise";
  std::int64_t connect_timeout_ms = 10'000;
  long connections_per_host = 8;
};

/// ports::Transport over libcurl. HTTP/2 where offered, connections reused, no redirects, no
/// cookies, no repeats: also not the silent ones that libcurl makes on a reused connection that
/// died, because they may carry out a write twice.
///
/// `done` is posted to the executor, which must outlive this object and run what is still posted
/// when it is destroyed: requests under way then end with `unavailable`, reason `closing`.
class CurlTransport final : public ports::Transport {
 public:
  CurlTransport(CurlOptions options, ports::Executor& executor);
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  void send(ports::HttpRequest request, std::function<void(ports::HttpOutcome)> done) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace mortise::net
