#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/resources.hpp"
#include "core/public_url.hpp"
#include "ports/secrets.hpp"

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

/// Whether the store takes changes: it is given a small one, and its answer counts for some
/// seconds, so that asking often costs nothing. A read says nothing of a full disk.
class WriteTrial {
 public:
  Status result(const Services& services) {
    const std::int64_t now_ms = services.clock.steady_ms();
    {
      const std::lock_guard lock(mutex_);
      if (tried_ms_ && now_ms - *tried_ms_ < kCountsMs) return result_;
      tried_ms_ = now_ms;
    }
    const Status result = services.store.commit(
        {ports::put(core::NamedSecret{std::string(ports::kOwnSecrets) + "write_trial",
                                      core::Secret(), services.clock.now_ms()})});
    const std::lock_guard lock(mutex_);
    result_ = result;
    return result;
  }

 private:
  static constexpr std::int64_t kCountsMs = 15'000;
  std::mutex mutex_;
  std::optional<std::int64_t> tried_ms_;
  Status result_;
};

// For load balancers: may requests be sent here?
Response ready(const Context& context, const Request& request, WriteTrial& trial) {
  if (!context.ready()) {
    return refusal(request, make_problem(503, "draining", "The host is about to stop."));
  }
  if (const auto page = context.services.store.accounts().list({1, ""}); !page) {
    return refusal(request, make_problem(503, "store", "The store does not answer."));
  }
  if (const Status written = trial.result(context.services); !written) {
    return refusal(request, make_problem(503, "store", "The store takes no changes."));
  }
  return json_response({{"status", "ready"}});
}

}  // namespace

void add_health(Router& router, const Context& context) {
  router.add({"GET", "/v1/health", "health", Access::free,
              [&context](const Request& request) { return health(context, request); }});
  router.add({"GET", "/v1/ready", "ready", Access::free,
              [&context, trial = std::make_shared<WriteTrial>()](const Request& request) {
                return ready(context, request, *trial);
              }});
}

}  // namespace mortise::api
