// The interface every simulated provider implements, and the world they share.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulators/common/clock.hpp"
#include "simulators/common/faults.hpp"
#include "simulators/common/http.hpp"
#include "simulators/common/ids.hpp"
#include "simulators/common/limits.hpp"
#include "simulators/common/oauth.hpp"

namespace mortise::simulators {

/// What the providers share. Everything in it except `clock` and `ids` is used under the world's
/// lock, which the simulation holds while it calls a provider.
struct World {
  explicit World(std::optional<std::uint64_t> seed) : ids(seed) {}
  Clock clock;
  Ids ids;
  Limits limits;
  RateWindows windows;
  std::map<std::string, OAuthSettings, std::less<>> oauth;  ///< by provider name
  std::string base_url;                                     ///< "http://127.0.0.1:PORT"
  /// Says that there is something new to save and to show. Callable without the lock.
  std::function<void()> changed;
};

/// Which API call a request is.
struct Route {
  std::string name;  ///< the path's template as in the provider's reference: "/v1/pages/{page_id}"
  bool write = false;  ///< changes something at the provider (a query by POST does not)
  bool token =
      false;  ///< exchanges, refreshes, revokes: waits token_delay_ms, never logged in clear
};

/// One simulated provider. Every function is called under the world's lock, by one thread at a
/// time, except `name`, `route` and `shows`, which look at nothing but the request.
class Provider {
 public:
  virtual ~Provider() = default;
  /// "notion", "google": also where its pages are (/notion) and its control calls
  /// (/control/notion/...).
  virtual std::string_view name() const = 0;
  /// The call, if the request is under this provider's API; unknown paths below it are routed too
  /// (and answered 404 by `answer`). Only these see faults and are logged and counted.
  virtual std::optional<Route> route(const Request& request) const = 0;
  virtual Response answer(const Request& request, const Route& route) = 0;
  /// A grant's id for the log: whose token came with the request, or "".
  virtual std::string caller(const Request& request) const = 0;
  /// The provider's own form of an error of this status (429, 5xx ...). `applied` is the answer
  /// that the request would have got if it took effect, else null.
  virtual Response failure(const Fault& fault, const Request& request, const Response* applied) = 0;
  /// True for what people look at: consent pages and everything below /<name>.
  virtual bool shows(const Request& request) const = 0;
  virtual Response show(const Request& request) = 0;
  /// POST /control/<name>/<action>: what a person does at the provider, by script. `answer.status`
  /// 404 for an unknown action.
  virtual Response control(std::string_view action, const Json& body) = 0;
  /// Withdraws the grants of a person (id or e-mail; "" for everybody); answers how many.
  virtual int revoke_grants(std::string_view person) = 0;

  /// Ends the provider's own threads, if it has any; nothing else is called afterwards but `save`.
  virtual void stop() {}

  virtual Json save() const = 0;
  /// Takes a state that `save` wrote; throws Json::exception if it is something else.
  virtual void load(const Json& state) = 0;
  virtual void reset() = 0;
};

}  // namespace mortise::simulators
