// The HTTP side of the host, put together: server, edge, guard, resources, event streams.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "api/edge.hpp"
#include "api/rate_limit.hpp"
#include "api/server.hpp"
#include "api/services.hpp"

namespace mortise::api {

struct ApiOptions {
  ServerOptions server;
  EdgeOptions edge;
  RateLimits rates;
  Site site;
  /// Further routes: the pages and components of web/. Patterns of /v1 stay the API's.
  std::vector<Route> more_routes;
  std::function<void(const AccessRecord&)> access_log;
  std::function<void(std::string_view request_id, std::string_view what)> bug;
};

/// Pushes events to the streams. May be handed to the services before the Api exists: what is
/// published until then has no listeners. The clock outlives it.
class EventPublisher final : public ports::Publisher {
 public:
  explicit EventPublisher(const ports::Clock& clock);
  ~EventPublisher() override;
  void publish(const std::string& topic, const std::string& event,
               const core::JsonText& data) override;
  /// What the requests of a run wait for longest, until that time is over or the run has moved.
  std::optional<Waiting> waiting(const std::string& run_id) const;

 private:
  friend class Api;
  struct Target;
  std::shared_ptr<Target> target_;
};

class Api {
 public:
  /// `services` and `publisher` outlive the Api; callbacks of services that come after its end are
  /// dropped.
  Api(Services services, EventPublisher& publisher, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  Status start();
  int port() const;
  /// Answers /v1/ready with 503, finishes what is under way for at most `at_most`, stops.
  void stop(std::chrono::milliseconds at_most);

  /// Every route, for the test that holds openapi.yaml against them.
  const std::vector<Route>& routes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mortise::api
