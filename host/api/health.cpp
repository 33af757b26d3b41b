#include <nlohmann/json.hpp>

#include "api/resources.hpp"

namespace mortise::api {

namespace {

Response health(const Context& context, const Request&) {
  core::Json connectors = core::Json::array();
  for (const auto& connector : context.services.connectors.list()) {
    connectors.push_back(
        {{"id", connector->manifest().id}, {"version", connector->manifest().version}});
  }
  // Providers reach us over https only (requirements A): without it, polling does their part.
  const bool push = context.site.is_https();
  return json_response({{"status", "ok"},
                        {"version", context.site.version},
                        {"connectors", std::move(connectors)},
                        {"push",
                         {{"enabled", push},
                          {"message", push ? "notifications are possible"
                                           : "public_url is not an https address: push is off"}}}});
}

// For load balancers: may requests be sent here?
Response ready(const Context& context, const Request& request) {
  if (!context.ready()) {
    return refusal(request, make_problem(503, "draining", "The host is about to stop."));
  }
  if (const auto page = context.services.store.accounts().list({1, ""}); !page) {
    return refusal(request, make_problem(503, "store", "The store does not answer."));
  }
  return json_response({{"status", "ready"}});
}

}  // namespace

void add_health(Router& router, const Context& context) {
  router.add({"GET", "/v1/health", "health", Access::free,
              [&context](const Request& request) { return health(context, request); }});
  router.add({"GET", "/v1/ready", "ready", Access::free,
              [&context](const Request& request) { return ready(context, request); }});
}

}  // namespace mortise::api
