// The whole way with nothing scripted: real transport, real sockets, the simulated providers.
#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/upkeep.hpp"
#include "net/connect_world.hpp"
#include "net/curl_transport.hpp"
#include "net/encoding.hpp"
#include "simulators/common/control.hpp"
#include "simulators/common/oauth.hpp"
#include "simulators/common/server.hpp"
#include "simulators/common/simulation.hpp"
#include "simulators/google/google.hpp"
#include "simulators/notion/notion.hpp"

using namespace mortise;
using namespace mortise::test;

namespace {

/// Notion and Google on a port of this process.
class Providers {
 public:
  Providers() : simulation_(7), control_(simulation_) {
    simulation_.add(std::make_unique<simulators::Google>(simulation_.world()));
    simulation_.add(std::make_unique<simulators::Notion>(simulation_.world()));
    control_.attach(server_);
    url = simulation_.locked([&](simulators::World& world) {
      world.base_url = "http://127.0.0.1:" + std::to_string(server_.start("127.0.0.1", 0));
      return world.base_url;
    });
  }
  ~Providers() { server_.stop(); }
  void revoke(const std::string& provider) {
    simulation_.locked(
        [&](simulators::World&) { return simulation_.find(provider)->revoke_grants(""); });
  }

  std::string url;

 private:
  simulators::Simulation simulation_;
  simulators::Control control_;
  simulators::Server server_{[this](simulators::Request& request) {
    return request.below("/control") ? control_.answer(request) : simulation_.handle(request);
  }};
};

ports::Manifest real_google() {
  auto manifest = google_manifest();
  const std::string prefix = "https://www.googleapis.com/auth/";
  manifest.auth.features = {{"identity", {"openid", prefix + "userinfo.email"}, true, ""},
                            {"events", {prefix + "calendar.events"}, true, ""},
                            {"calendars", {prefix + "calendar.app.created"}, false, ""}};
  manifest.origins[0].url = "https://www.googleapis.com";
  return manifest;
}

ScriptedConnector::OnBegin notion_bot() {
  return [](const ports::Call&) {
    ports::Started started;
    started.operation =
        std::make_unique<ScriptedOperation>([](std::vector<ports::ConnectorReply> replies) {
          ports::Step step;
          if (replies.at(0).error) {
            step.error = replies[0].error;
            return step;
          }
          const auto bot = core::Json::parse(replies[0].reply.body);
          step.identity =
              core::Json{{"id", bot["id"]}, {"workspace_name", bot["bot"]["workspace_name"]}}
                  .dump();
          return step;
        });
    ports::ConnectorRequest request;
    request.origin = "api";
    request.method = "GET";
    request.target = "/v1/users/me";
    request.headers = {{"Notion-Version", "2026-03-11"}};
    request.repeatable = true;
    started.step.requests = {request};
    return started;
  };
}

struct World {
  Providers providers;
  fakes::PoolExecutor executor{2};
  fakes::ManualClock clock{fakes::ManualClock::kStart, &executor};
  fakes::SeededRandom random;
  fakes::MemoryStore store;
  FixedConnectors connectors;
  const std::string id{simulators::kDemoClientId};
  const std::string secret{simulators::kDemoClientSecret};
  FixedSecrets secrets{{{"notion.client_id", id},
                        {"notion.client_secret", secret},
                        {"google_calendar.client_id", id},
                        {"google_calendar.client_secret", secret}}};
  net::Endpoints endpoints{{{{"notion", "api"}, providers.url},
                            {{"google_calendar", "api"}, providers.url},
                            {{"google_calendar", "accounts"}, providers.url},
                            {{"google_calendar", "oauth"}, providers.url}}};
  net::CurlTransport transport{{{providers.url}, "", "Mortise", 10'000, 8}, executor};
  net::HttpAuthorization authorization{{transport, secrets, clock, clock, executor, random},
                                       endpoints};
  service::StoredTokens tokens{{store, connectors, authorization, clock, executor, random}};
  net::PacedEgress egress{
      {transport, tokens, store.connections(), connectors, clock, clock, executor, random},
      endpoints};
  Listener listener;
  fakes::RememberedUpkeep upkeep{executor};
  service::Connecting connecting{
      {store, connectors, authorization, tokens, egress, listener, upkeep, clock, executor, random},
      {"http://127.0.0.1:9", {}, 600'000}};

  World() {
    connectors.add(std::make_shared<ScriptedConnector>(real_google()));
    connectors.add(std::make_shared<ScriptedConnector>(notion_manifest(), notion_bot()));
    core::Account account;
    account.id = "ann";
    REQUIRE(store.commit({ports::put(account)}, ports::Durability::relaxed).ok());
  }

  template <class T>
  static T wait(std::future<T> future) {
    if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) FAIL("no answer");
    return future.get();
  }
  ports::HttpReply http(ports::HttpRequest request) {
    std::promise<ports::HttpOutcome> promise;
    transport.send(std::move(request), [&](ports::HttpOutcome out) { promise.set_value(out); });
    return wait(promise.get_future()).reply.value();
  }

  /// A person allows everything on the consent page; answers where the browser is sent.
  std::string consent(const std::string& location, const std::string& provider) {
    const std::string query = location.substr(location.find('?') + 1);
    std::string form = "decision=allow&user=" + std::string(simulators::people().front().id);
    if (provider == "notion") {
      form += "&" + query;
    } else {
      const std::string scopes = parameter(location, "scope");
      form += "&request=" + net::percent_encode(query);
      for (std::size_t from = 0; from < scopes.size();) {
        const std::size_t to = std::min(scopes.find("%20", from), scopes.size());
        form += "&scope=" + scopes.substr(from, to - from);
        from = to + 3;
      }
    }
    ports::HttpRequest request;
    request.method = "POST";
    request.url = location.substr(0, location.find('?'));
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form;
    const auto reply = http(request);
    INFO(reply.body);
    REQUIRE((reply.status == 302 || reply.status == 303));
    return net::header(reply.headers, "location").value();
  }

  ports::Connected connect(const std::string& connector) {
    const auto view =
        connecting.start_session({"ann", connector, "http://127.0.0.1:9/settings", ""});
    REQUIRE(view.ok());
    const auto entered = connecting.enter(view->session_id, "").value();
    const auto back = consent(entered.location, connector == "notion" ? "notion" : "google");
    CHECK(back.rfind("http://127.0.0.1:9/oauth/" + connector + "/callback?", 0) == 0);
    std::promise<Result<ports::Connected>> promise;
    // The code as the API would decode it: the simulators' codes need no decoding but for the
    // slash.
    std::string code = parameter(back, "code");
    for (std::size_t at = 0; (at = code.find("%2F", at)) != std::string::npos;) {
      code.replace(at, 3, "/");
    }
    connecting.callback({connector, parameter(back, "state"), code, "", "", entered.browser_cookie},
                        [&](Result<ports::Connected> end) { promise.set_value(std::move(end)); });
    return wait(promise.get_future()).value();
  }

  ports::ConnectorReply get(const std::string& connection, const std::string& target) {
    ports::EgressCall call;
    call.connection_id = connection;
    call.request.origin = "api";
    call.request.method = "GET";
    call.request.target = target;
    call.request.headers = {{"Notion-Version", "2026-03-11"}};
    call.request.repeatable = true;
    std::promise<ports::ConnectorReply> promise;
    egress.send(std::move(call), [&](ports::ConnectorReply reply) { promise.set_value(reply); });
    return wait(promise.get_future());
  }

  ports::Disconnected disconnect(const std::string& connection) {
    std::promise<Result<ports::Disconnected>> promise;
    connecting.disconnect(
        connection, [&](Result<ports::Disconnected> end) { promise.set_value(std::move(end)); });
    return wait(promise.get_future()).value();
  }
};

}  // namespace

TEST_CASE("provider flow: Notion connects, calls, rotates, dies and comes back",
          "[service][connect][simulated]") {
  World world;
  const auto connected = world.connect("notion");
  REQUIRE(connected.reason.empty());
  const std::string id = connected.connection_id;
  CHECK_FALSE(world.store.connections().find(id)->identity.id.empty());
  CHECK(world.get(id, "/v1/users/me").reply.status == 200);

  const auto before = world.store.grants().find(id).value();
  std::promise<Result<core::Secret>> renewed;
  world.tokens.renew(id, before.access_token,
                     [&](Result<core::Secret> token) { renewed.set_value(std::move(token)); });
  REQUIRE(World::wait(renewed.get_future()).ok());
  const auto after = world.store.grants().find(id).value();
  CHECK_FALSE(after.access_token.equals(before.access_token.reveal_for_use()));
  CHECK_FALSE(after.refresh_token.equals(before.refresh_token.reveal_for_use()));
  CHECK(world.get(id, "/v1/users/me").reply.status == 200);

  world.providers.revoke("notion");
  CHECK(world.get(id, "/v1/users/me").error->reason == "needs_reconnect");
  CHECK(world.store.connections().find(id)->reason == "invalid_grant");
  CHECK(world.connect("notion").connection_id == id);
  CHECK(world.get(id, "/v1/users/me").reply.status == 200);

  CHECK(world.disconnect(id).revoked);
  CHECK(world.get(id, "/v1/users/me").error.has_value());
}

TEST_CASE("provider flow: Google connects with PKCE, refreshes before expiry, is revoked",
          "[service][connect][simulated]") {
  World world;
  const auto connected = world.connect("google_calendar");
  REQUIRE(connected.reason.empty());
  const std::string id = connected.connection_id;
  const auto connection = world.store.connections().find(id).value();
  CHECK(connection.identity.id == simulators::people().front().google_id);
  CHECK(connection.identity.email == simulators::people().front().email);
  CHECK(connection.features.size() == 3);
  const std::string events = "/calendar/v3/calendars/primary/events";
  CHECK(world.get(id, events).reply.status == 200);

  const auto before = world.store.grants().find(id).value();
  world.clock.advance(*before.expires_ms - world.clock.now_ms());
  CHECK(world.get(id, events).reply.status == 200);
  const auto after = world.store.grants().find(id).value();
  CHECK_FALSE(after.access_token.equals(before.access_token.reveal_for_use()));
  CHECK(after.refresh_token.equals(before.refresh_token.reveal_for_use()));

  CHECK(world.disconnect(id).revoked);
  CHECK(world.connect("google_calendar").connection_id == id);
  CHECK(world.get(id, events).reply.status == 200);
  world.providers.revoke("google");
  CHECK(world.get(id, events).error->reason == "needs_reconnect");
}
