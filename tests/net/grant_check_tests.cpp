// Whether a grant is good, as the service says it; and that asking ends none that could be renewed.
#include "net/connect_world.hpp"
#include "plugin/loader.hpp"

using namespace mortise;
using namespace mortise::test;
using By = ports::GrantChecked::By;

namespace {

constexpr const char* kTokenUrl = "https://api.notion.com/v1/oauth/token";
constexpr const char* kIntrospectUrl = "https://api.notion.com/v1/oauth/introspect";
constexpr const char* kIdentityUrl = "https://api.notion.com/v1/users/me";

/// A service with one grant, "access-1" and "refresh-1", whose tokens rotate.
struct Service {
  int number = 1;
  bool active = true;         ///< the present access token is taken
  bool after_renewal = true;  ///< so is the next one
  bool revoked = false;
  int refreshes = 0;

  std::string access() const { return "access-" + std::to_string(number); }
  std::string refresh() const { return "refresh-" + std::to_string(number); }

  ports::HttpOutcome operator()(const ports::HttpRequest& request) {
    if (request.url == kTokenUrl) return token(request);
    if (request.url == kIntrospectUrl) {
      const bool known = active && request.body == R"({"token":")" + access() + "\"}";
      return answer(200, known ? R"({"active":true})" : R"({"active":false})");
    }
    const bool known = active && header_of(request, "Authorization") == "Bearer " + access();
    return known ? answer(200, R"({"id":"bot1"})") : answer(401, "{}");
  }

 private:
  ports::HttpOutcome token(const ports::HttpRequest& request) {
    if (request.body.find("authorization_code") == std::string::npos) {
      ++refreshes;
      const bool known = request.body.find('"' + refresh() + '"') != std::string::npos;
      if (revoked || !known) return answer(400, R"({"error":"invalid_grant"})");
      ++number;
      active = after_renewal;
    }
    return answer(200, R"({"access_token":")" + access() + R"(","refresh_token":")" + refresh() +
                           R"(","bot_id":"bot1"})");
  }
};

struct CheckWorld : ConnectWorld {
  Service service;
  std::string id;

  /// Connected to a service that can be asked in this way.
  explicit CheckWorld(By by) {
    auto manifest = notion_manifest();
    if (by == By::identity) manifest.auth.introspect = {};
    join(std::make_shared<ScriptedConnector>(manifest, notion_operations()));
  }
  explicit CheckWorld(std::shared_ptr<ports::Connector> connector) { join(std::move(connector)); }

  void join(std::shared_ptr<ports::Connector> connector) {
    connectors.add(std::move(connector));
    transport.answer_with([this](const ports::HttpRequest& request) { return service(request); });
    id = connect("notion")->connection_id;
    REQUIRE_FALSE(id.empty());
  }

  Result<ports::GrantChecked> check() {
    std::optional<Result<ports::GrantChecked>> got;
    connecting.check(id, [&](Result<ports::GrantChecked> end) { got = std::move(end); });
    REQUIRE_FALSE(got.has_value());
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(got.has_value());
    if (!got->ok()) {
      for (const char* secret : {"access-", "refresh-", "nsecret"}) {
        CHECK(got->error().message.find(secret) == std::string::npos);
      }
    }
    return std::move(*got);
  }

  core::Connection connection() const { return store.connections().find(id).value(); }

  std::size_t sent_to(const std::string& url) const {
    std::size_t count = 0;
    for (const auto& request : transport.requests()) count += request.url == url;
    return count;
  }
  /// Everything but one address answers as the service does.
  void answer_at(const std::string& url, ScriptedTransport::Answer instead) {
    transport.answer_with([this, url, instead](const ports::HttpRequest& request) {
      return request.url == url ? instead(request) : service(request);
    });
  }
};

void check_said(const Result<ports::GrantChecked>& checked, bool active, By by) {
  REQUIRE(checked);
  CHECK(checked->active == active);
  CHECK(checked->by == by);
}

}  // namespace

TEST_CASE("check: a good grant is said to be, and nothing changes", "[service][check]") {
  const By by = GENERATE(By::introspection, By::identity);
  CheckWorld world(by);
  const auto before = world.connection();
  const auto asked = world.transport.count();
  const auto checked = world.check();
  check_said(checked, true, by);
  CHECK(checked->at_ms == world.clock.now_ms());
  CHECK(world.transport.count() == asked + 1);
  CHECK(world.transport.requests().back().url ==
        (by == By::identity ? kIdentityUrl : kIntrospectUrl));
  CHECK(world.connection() == before);
  CHECK(world.service.refreshes == 0);
}

TEST_CASE("check: a token that ended does not end a grant that can be renewed",
          "[service][check]") {
  const By by = GENERATE(By::introspection, By::identity);
  CheckWorld world(by);
  world.service.active = false;
  check_said(world.check(), true, by);
  CHECK(world.service.refreshes == 1);
  CHECK(world.connection().status == core::ConnectionStatus::connected);
  const auto grant = world.store.grants().find(world.id);
  CHECK(grant->access_token.equals("access-2"));
  CHECK(grant->refresh_token.equals("refresh-2"));
  CHECK(world.event_types() == std::vector<std::string>{"connection.connected"});
}

TEST_CASE("check: what the token endpoint calls dead needs a reconnect, and says so",
          "[service][check]") {
  CheckWorld world(GENERATE(By::introspection, By::identity));
  world.service.active = false;
  world.service.revoked = true;
  world.clock.advance(1);
  check_said(world.check(), false, By::refresh);
  CHECK(world.connection().status == core::ConnectionStatus::needs_reconnect);
  CHECK(world.connection().reason == "invalid_grant");
  CHECK_FALSE(world.store.grants().find(world.id).ok());
  CHECK(world.event_types().front() == "connection.needs_reconnect");
  const auto sent = world.transport.count();
  const auto again = world.check();
  CHECK(again.error().code == Code::conflict);
  CHECK(again.error().reason == "needs_reconnect");
  CHECK(world.transport.count() == sent);

  world.service = {};  // the person consents again
  CHECK(world.connect("notion")->connection_id == world.id);
  CHECK(world.check()->active);
}

TEST_CASE("check: a fresh token that is not active either is told, and ends nothing",
          "[service][check]") {
  const By by = GENERATE(By::introspection, By::identity);
  CheckWorld world(by);
  world.service.active = false;
  world.service.after_renewal = false;
  check_said(world.check(), false, by);
  CHECK(world.service.refreshes == 1);
  CHECK(world.sent_to(by == By::identity ? kIdentityUrl : kIntrospectUrl) ==
        (by == By::identity ? 3 : 2));  // one of them when it was connected
  CHECK(world.connection().status == core::ConnectionStatus::connected);
  CHECK(world.store.grants().find(world.id).ok());
}

TEST_CASE("check: a connector in a library says of a refused token what the host told it",
          "[service][check]") {
  auto notion =
      plugin::load_connector(std::filesystem::path(MORTISE_BINARY_DIR) / "plugins/notion", {}, {},
                             [](ports::Manifest& manifest) { manifest.auth.introspect = {}; });
  REQUIRE(notion);
  CheckWorld world(*notion);
  check_said(world.check(), true, By::identity);
  world.service.active = false;
  world.service.after_renewal = false;
  check_said(world.check(), false, By::identity);
  CHECK(world.connection().status == core::ConnectionStatus::connected);
}

TEST_CASE("check: introspection alone ends no grant that cannot be renewed", "[service][check]") {
  CheckWorld world(By::introspection);
  auto grant = world.store.grants().find(world.id).value();
  grant.refresh_token = core::Secret();
  world.keep({ports::put(grant)});
  world.service.active = false;
  check_said(world.check(), false, By::introspection);
  CHECK(world.service.refreshes == 0);
  CHECK(world.connection().status == core::ConnectionStatus::connected);
  CHECK(world.store.grants().find(world.id).ok());
}

TEST_CASE("check: a token that is about to end is renewed before anybody is asked",
          "[service][check]") {
  const By by = GENERATE(By::introspection, By::identity);
  CheckWorld world(by);
  auto grant = world.store.grants().find(world.id).value();
  grant.expires_ms = world.clock.now_ms() + 1'000;
  world.keep({ports::put(grant)});
  const auto sent = world.transport.count();
  check_said(world.check(), true, by);
  CHECK(world.service.refreshes == 1);
  CHECK(world.transport.requests().at(sent).url == kTokenUrl);
  CHECK(world.transport.count() == sent + 2);
}

TEST_CASE("check: many at once make one exchange", "[service][check]") {
  CheckWorld world(By::introspection);
  world.service.active = false;
  int active = 0;
  for (int i = 0; i < 20; ++i) {
    world.connecting.check(world.id, [&](const Result<ports::GrantChecked>& checked) {
      active += checked.ok() && checked->active;
    });
  }
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  CHECK(active == 20);
  CHECK(world.service.refreshes == 1);
}

TEST_CASE("check: a service that does not answer says nothing about the grant",
          "[service][check]") {
  const auto [by, url] = GENERATE(table<By, const char*>({{By::introspection, kIntrospectUrl},
                                                          {By::introspection, kTokenUrl},
                                                          {By::identity, kIdentityUrl},
                                                          {By::identity, kTokenUrl}}));
  const int how = GENERATE(0, 1, 2, 3);
  CAPTURE(url, how);
  CheckWorld world(by);
  world.service.active = false;
  const auto before = world.connection();
  world.answer_at(url, [&](const ports::HttpRequest&) {
    if (how == 0) return unreachable();
    if (how == 1) return answer(503, "{}");
    if (how == 2) return answer(200, "nonsense");
    return answer(403, R"({"error":"test_env_error"})");
  });
  const auto checked = world.check();
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::unavailable);
  CHECK(world.connection() == before);
  CHECK(world.store.grants().find(world.id).ok());
}

TEST_CASE("check: our own credentials being wrong is no word about the grant", "[service][check]") {
  CheckWorld world(By::introspection);
  world.answer_at(kIntrospectUrl, [](const ports::HttpRequest&) {
    return answer(401, R"({"error":"invalid_client"})");
  });
  const auto checked = world.check();
  CHECK(checked.error().code == Code::unavailable);
  CHECK(checked.error().reason == "invalid_client");
  CHECK(world.connection().status == core::ConnectionStatus::connected);
}

TEST_CASE("check: the identity call is one of the connection's requests", "[service][check]") {
  CheckWorld world(By::identity);
  REQUIRE(world.check());
  const auto budgets = world.egress.budgets(world.id);
  REQUIRE(budgets.size() == 1);
  CHECK(budgets[0].used == 1);
}

TEST_CASE("check: a connection that ended meanwhile is disconnected, not dead",
          "[service][check]") {
  CheckWorld world(By::introspection);
  world.answer_at(kIntrospectUrl, [&](const ports::HttpRequest&) {
    auto connection = world.connection();
    connection.status = core::ConnectionStatus::disconnected;
    world.keep({ports::put(connection), ports::EraseGrant{world.id}});
    return answer(200, R"({"active":false})");
  });
  const auto checked = world.check();
  CHECK(checked.error().code == Code::conflict);
  CHECK(checked.error().reason == "not_connected");
  CHECK(world.connection().status == core::ConnectionStatus::disconnected);
  CHECK(world.service.refreshes == 0);
}

TEST_CASE("check: only what has a grant, and a service to ask, can be checked",
          "[service][check]") {
  SECTION("disconnected") {
    CheckWorld world(By::introspection);
    world.disconnect(world.id);
    CHECK(world.check().error().reason == "not_connected");
  }
  SECTION("unknown") {
    CheckWorld world(By::introspection);
    world.id = "cnn_none";
    CHECK(world.check().error().code == Code::not_found);
  }
  SECTION("its connector is gone") {
    CheckWorld world(By::introspection);
    auto connection = world.connection();
    connection.connector = "gone";
    world.keep({ports::put(connection)});
    CHECK(world.check().error().reason == "connector_missing");
  }
  SECTION("a service that asks for no grant") {
    auto manifest = notion_manifest();
    manifest.auth = {};
    CheckWorld world(std::make_shared<ScriptedConnector>(manifest));
    CHECK(world.check().error().code == Code::conflict);
    CHECK(world.check().error().reason == "no_grant");
  }
  SECTION("a connector that answers without asking the service") {
    CheckWorld world(By::identity);
    auto manifest = notion_manifest();
    manifest.auth.introspect = {};
    world.connectors.add(std::make_shared<ScriptedConnector>(manifest, [](const ports::Call&) {
      ports::Started started;
      started.operation = std::make_unique<ScriptedOperation>(
          [](std::vector<ports::ConnectorReply>) { return ports::Step{}; });
      started.step.identity = R"({"id":"bot1"})";
      return started;
    }));
    CHECK(world.check().error().code == Code::unsupported);
    CHECK(world.check().error().reason == "check_unsupported");
  }
}
