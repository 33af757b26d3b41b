#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/public_url.hpp"

namespace mortise::api {

namespace {

Response health(const Context& context, const Request&) {
  core::Json connectors = core::Json::array();
  for (const auto& connector : context.services.connectors.list()) {
    connectors.push_back(
        {{"id", connector->manifest().id}, {"version", connector->manifest().version}});
  }
  // Without an address that services can be told, polling does their part.
  const std::string trouble = core::push_trouble(context.site.public_url);
  const std::string_view message = trouble.empty() ? "notifications are possible"
                                   : trouble == "no_public_url"
                                       ? "public_url is not set: push is off"
                                       : "public_url is not an https address: push is off";
  return json_response({{"status", "ok"},
                        {"version", context.site.version},
                        {"connectors", std::move(connectors)},
                        {"push", {{"enabled", trouble.empty()}, {"message", message}}}});
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
