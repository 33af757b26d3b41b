// The whole API over fakes, on a real socket. Every exchange is kept for the test that holds
// answers against openapi.yaml (openapi.test.mjs).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/api.hpp"
#include "api/fake_services.hpp"
#include "api/raw_client.hpp"
#include "fakes/upkeep.hpp"
#include "service/script_trials.hpp"

namespace mortise::tests {

struct ApiAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string text;
  core::Json json;  ///< discarded when the body is no JSON
  /// `code/reason` of a problem, e.g. "forbidden/quota_exceeded".
  std::string problem() const;
};

class ApiHost {
 public:
  explicit ApiHost(std::string public_url = "", api::RateLimits rates = {});
  ~ApiHost();

  /// With the app's key, unless `lines` brings an Authorization or Cookie of its own.
  ApiAnswer call(std::string_view method, std::string_view path, std::string_view body = {},
                 std::string_view lines = {});
  ApiAnswer get(std::string_view path, std::string_view lines = {}) {
    return call("GET", path, {}, lines);
  }
  ApiAnswer post(std::string_view path, std::string_view body, std::string_view lines = {}) {
    return call("POST", path, body, lines);
  }
  /// Without credentials.
  ApiAnswer visit(std::string_view method, std::string_view path, std::string_view lines = {},
                  std::string_view body = {});

  /// A key with these scopes, as a header line.
  std::string key_line(std::vector<std::string> scopes);
  /// Signs a user of `account` in: the cookie and CSRF header lines.
  std::string sign_in(const std::string& account);

  /// Account "ann" with a plan of three tasks and a connection to "memo".
  void seed();
  std::string plan_id, task_id, connection_id;

  fakes::ManualClock clock;
  fakes::SeededRandom random;
  fakes::MemoryStore store;
  api::EventPublisher publisher{clock};
  FakePlans plans;
  FakeExports exports;
  FakeChanged changed;
  FakeConnectors connectors;
  FakeGate gate;
  FakeMapper mapper;
  FakeScripts scripts;
  service::StoredTrials trials{store, scripts, gate, exports, clock};
  fakes::PoolExecutor executor;
  FakeConnect connect;
  FakeHooks hooks;
  FakeEgress egress;
  fakes::RememberedUpkeep upkeep{executor};
  std::unique_ptr<api::Api> api;

 private:
  ApiAnswer exchange(std::string_view method, std::string_view path, std::string_view body,
                     const std::string& lines);

  std::mutex mutex_;
  std::map<std::string, std::string> routes_;  ///< by request id
  std::string key_;
};

}  // namespace mortise::tests
