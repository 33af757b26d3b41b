// Which handler answers what. A table of methods and patterns, compared segment by segment; built
// once, then only read, from any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.hpp"

namespace mortise::api {

using Handler = std::function<Response(const Request&)>;

/// What a caller must be allowed to do. `free`: nothing, and it is not counted: pages and health.
/// `open`: nothing, the handler looks for itself; counted by address.
enum class Access { free, open, read, write, admin };

/// Who may call: the app's server only, or its end users too, for their own account.
enum class Callers { apps, apps_and_users };

struct Route {
  std::string method;
  std::string pattern;  ///< `/v1/plans/{plan}`; a last segment `{name...}` takes the whole rest
  std::string name;     ///< the operation's id in openapi.yaml
  Access access = Access::open;
  Handler handler;
  Callers callers = Callers::apps;
  /// The query parameters that it takes: any other is refused, with an access above `open`.
  std::vector<std::string_view> query = {};
};

class Router {
 public:
  void add(Route route);

  /// Either the route, with its decoded parameters in `request.path_params`, or why there is none.
  struct Match {
    const Route* route = nullptr;
    bool malformed_path = false;
    std::string allow;  ///< the path exists with these methods
  };
  Match match(Request& request) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  ///< of routes_, split
};

}  // namespace mortise::api
