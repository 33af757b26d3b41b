// What surrounds every handler: who the client is (trusted proxies), request ids, CORS, security
// headers, the route, the guard, and a problem for whatever goes wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "api/http.hpp"
#include "api/http_parser.hpp"
#include "api/problem.hpp"
#include "api/router.hpp"

namespace mortise::api {

/// Networks in CIDR notation (`10.0.0.0/8`, `::1`).
class Networks {
 public:
  static Result<Networks> parse(const std::vector<std::string>& list);
  bool contains(std::string_view address) const;

 private:
  struct Network {
    std::string bytes;  ///< 4 or 16
    unsigned bits = 0;
  };
  std::vector<Network> networks_;
};

struct EdgeOptions {
  std::vector<std::string> cors_origins;  ///< exact origins that may use the API from a browser
  Networks
      trusted_proxies;  ///< whose X-Forwarded-For, X-Forwarded-Proto, X-Request-Id are believed
};

/// One line of the access log. `route` is the operation's name, never the path: paths hold ids.
struct AccessRecord {
  std::string request_id;
  std::string method;
  std::string route;
  std::string client;
  int status = 0;
  std::int64_t microseconds = 0;
};

struct EdgeHooks {
  /// Looks at credentials, rates, bodies before the handler; an answer means: go no further.
  std::function<std::optional<Response>(Request&, const Route&)> guard;
  /// After the answer is made, any thread.
  std::function<void(const AccessRecord&)> access_log;
  /// A bug: an exception that escaped a handler.
  std::function<void(std::string_view request_id, std::string_view what)> bug;
};

/// Any thread.
class Edge {
 public:
  Edge(Router router, EdgeOptions options, EdgeHooks hooks);

  Response handle(Request& request) const;
  /// For an answer that came later: what handle() does after the handler.
  void finish(Request& request, Response& response) const;
  /// The answer to what the parser refused.
  Response refuse(const ParseFailure& failure) const;

  const Router& router() const { return router_; }

 private:
  void identify(Request& request) const;
  Response route(Request& request) const;
  Response preflight(const Request& request, const std::string& allow) const;
  void decorate(const Request& request, Response& response) const;
  std::string make_request_id() const;

  Router router_;
  EdgeOptions options_;
  EdgeHooks hooks_;
  std::string id_prefix_;
  mutable std::atomic<std::uint64_t> requests_{0};
};

}  // namespace mortise::api
