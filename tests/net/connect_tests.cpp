// The browser's way to the service and back, and everything that may go wrong on it.
#include <algorithm>
#include <set>
#include <utility>

#include "net/connect_world.hpp"

using namespace mortise;
using namespace mortise::test;

namespace {

/// What was asked to be revoked, as the request had it.
std::vector<std::string> revocations(const ConnectWorld& world) {
  std::vector<std::string> bodies;
  for (const ports::HttpRequest& request : world.transport.requests()) {
    if (request.url.find("/revoke") != std::string::npos) bodies.push_back(request.body);
  }
  return bodies;
}

bool connects(const ports::Changes& changes) {
  return std::any_of(changes.begin(), changes.end(), [](const ports::Change& change) {
    return std::holds_alternative<ports::Put<core::Connection>>(change);
  });
}

}  // namespace

TEST_CASE("connect: Google, from the button to the connection", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr","scope":"openid email )"
                                          R"(https://scope/calendar.events")"));
  const auto view = world.begin("google_calendar");
  CHECK(view.url == "https://sync.example.com/connect/" + view.session_id);
  CHECK(view.expires_ms == world.clock.now_ms() + 600'000);
  CHECK(world.connecting.session(view.session_id)->connector == "google_calendar");
  const auto entered = world.connecting.enter(view.session_id, "");
  REQUIRE(entered.ok());
  CHECK(entered->browser_cookie.size() == 64);
  CHECK(entered->location.rfind("https://accounts.google.com/o/oauth2/v2/auth?", 0) == 0);
  CHECK(parameter(entered->location, "redirect_uri") ==
        "https%3A%2F%2Fsync.example.com%2Foauth%2Fgoogle_calendar%2Fcallback");
  CHECK(parameter(entered->location, "code_challenge_method") == "S256");
  CHECK(world.transport.count() == 0);  // nothing is read before consent

  const auto end = world.callback({"google_calendar", parameter(entered->location, "state"), "c0de",
                                   "", "https://accounts.google.com", entered->browser_cookie});
  REQUIRE(end.ok());
  CHECK(end->location == "https://app.example.com/settings?status=success");
  CHECK(end->export_plan_id == "pln_1");
  const auto connection = world.store.connections().find(end->connection_id).value();
  CHECK(connection.account_id == "ann");
  CHECK(connection.status == core::ConnectionStatus::connected);
  CHECK(connection.identity.id == "107");
  CHECK(connection.identity.email == "ann@x.org");
  CHECK(connection.features == std::vector<std::string>{"identity", "events"});
  const auto grant = world.store.grants().find(end->connection_id).value();
  CHECK(grant.access_token.equals("ga"));
  CHECK(grant.refresh_token.equals("gr"));
  CHECK(grant.expires_ms == world.clock.now_ms() + 3'599'000);
  CHECK(world.event_types() == std::vector<std::string>{"connection.connected"});
  CHECK(world.listener.ready == std::vector<std::string>{connection.id});
  CHECK(world.upkeep.told() == std::vector<std::string>{"arrived " + connection.id});
  const auto request = world.transport.requests().at(0);
  CHECK(request.body.find("code_verifier=") != std::string::npos);
  CHECK(request.body.find("redirect_uri=https%3A%2F%2Fsync.example.com%2Foauth%2F") !=
        std::string::npos);
}

TEST_CASE("connect: push begins once the grant is stored and before anything is synced",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  bool asked = false;
  world.upkeep.meanwhile = [&](const std::string& id) {
    asked = true;
    CHECK(world.store.grants().find(id).ok());
    CHECK(world.listener.ready.empty());
  };
  const auto id = world.connect("google_calendar")->connection_id;
  CHECK(asked);
  CHECK(world.listener.ready == std::vector<std::string>{id});
}

TEST_CASE("connect: Notion says through its connector who it is", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto end = world.connect("notion");
  REQUIRE(end.ok());
  CHECK(end->location == "https://app.example.com/settings?status=success");
  const auto connection = world.store.connections().find(end->connection_id).value();
  CHECK(connection.identity == core::Identity{"bot1", "ann@x.org", "", "w1", "Home"});
  CHECK(connection.features == std::vector<std::string>{"sync"});
  CHECK_FALSE(world.store.grants().find(end->connection_id)->expires_ms.has_value());
}

TEST_CASE("connect: a state works once, in its browser, for its service, for ten minutes",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto view = world.begin("notion");
  const auto entered = world.connecting.enter(view.session_id, "").value();
  ports::ConnectCallback back;
  back.connector = "notion";
  back.state = parameter(entered.location, "state");
  back.code = "c0de";
  back.browser_cookie = entered.browser_cookie;
  SECTION("another browser") {
    back.browser_cookie = GENERATE(as<std::string>{}, "", "0", std::string(64, '0'));
    CHECK(world.callback(back).error().reason == "other_browser");
  }
  SECTION("another state") {
    back.state = GENERATE(as<std::string>{}, "", "x", std::string(64, '0'));
    CHECK(world.callback(back).error().code == Code::not_found);
  }
  SECTION("another service's callback") {
    back.connector = "google_calendar";
    CHECK(world.callback(back).error().code == Code::not_found);
  }
  SECTION("too late") {
    world.clock.advance(600'000);
    CHECK(world.callback(back).error().code == Code::not_found);
    CHECK(world.connecting.session(view.session_id).error().code == Code::not_found);
    CHECK(world.connecting.enter(view.session_id, "").error().code == Code::not_found);
  }
  SECTION("twice") {
    CHECK(world.callback(back).ok());
    const auto sent = world.transport.count();
    CHECK(world.callback(back).error().code == Code::not_found);
    CHECK(world.transport.count() == sent);
    CHECK(world.connecting.session(view.session_id).error().code == Code::not_found);
    CHECK(world.connecting.enter(view.session_id, entered.browser_cookie).error().code ==
          Code::not_found);
    return;
  }
  CHECK(world.transport.count() == 0);
  CHECK(world.store.connections().list("ann")->empty());
}

TEST_CASE("connect: entering again in the same browser replaces the state", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto view = world.begin("notion");
  const auto first = world.connecting.enter(view.session_id, "").value();
  CHECK(world.connecting.enter(view.session_id, "").error().reason == "other_browser");
  CHECK(world.connecting.enter(view.session_id, std::string(64, 'a')).error().reason ==
        "other_browser");
  const auto again = world.connecting.enter(view.session_id, first.browser_cookie).value();
  CHECK(again.browser_cookie == first.browser_cookie);
  CHECK(parameter(again.location, "state") != parameter(first.location, "state"));
  ports::ConnectCallback back{
      "notion", parameter(first.location, "state"), "c", "", "", first.browser_cookie};
  CHECK(world.callback(back).error().code == Code::not_found);
  back.state = parameter(again.location, "state");
  CHECK(world.callback(back)->reason.empty());
}

TEST_CASE("connect: the form may come twice, at the same moment too, with the page's cookie",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto view = world.begin("notion");
  const std::string cookie = world.connecting.browser_cookie(view.session_id, "");
  CHECK(cookie.size() == 64);
  CHECK(world.connecting.browser_cookie(view.session_id, cookie) == cookie);
  CHECK(world.connecting.browser_cookie(view.session_id, "") != cookie);
  std::string state;
  bool pressed = false;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (!std::exchange(pressed, true)) {  // the second press comes first
      CHECK(world.connecting.enter(view.session_id, cookie).ok());
    }
    return {};
  });
  const auto entered = world.connecting.enter(view.session_id, cookie);
  world.store.before_commit({});
  REQUIRE(entered.ok());
  CHECK(entered->browser_cookie == cookie);
  CHECK(world.connecting.enter(view.session_id, "").error().reason == "other_browser");
  CHECK(world.callback({"notion", parameter(entered->location, "state"), "c", "", "", cookie})
            ->reason.empty());
}

TEST_CASE("connect: a cookie of another session is not taken over", "[service][connect]") {
  ConnectWorld world;
  const std::string other = world.connecting.browser_cookie(world.begin("notion").session_id, "");
  const auto entered = world.connecting.enter(world.begin("notion").session_id, other);
  CHECK(entered->browser_cookie != other);
}

TEST_CASE("connect: a cookie that somebody else planted is not taken over", "[service][connect]") {
  ConnectWorld world;
  const std::string planted(64, 'e');
  const auto entered = world.connecting.enter(world.begin("notion").session_id, planted);
  CHECK(entered->browser_cookie != planted);
}

TEST_CASE("connect: the store holds no state, cookie or code in the clear", "[service][connect]") {
  ConnectWorld world;
  const auto view = world.begin("google_calendar");
  const auto entered = world.connecting.enter(view.session_id, "").value();
  const auto session = world.store.grants().session(view.session_id).value();
  CHECK(session.state_hash != parameter(entered.location, "state"));
  CHECK(session.browser_hash != entered.browser_cookie);
  CHECK(session.state_hash.size() == 64);
}

TEST_CASE("connect: every refusal brings the browser home with a reason", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  std::string reason;
  std::string left;
  const auto entered =
      world.connecting.enter(world.begin("google_calendar").session_id, "").value();
  ports::ConnectCallback back{
      "google_calendar",     parameter(entered.location, "state"), "c0de", "", "",
      entered.browser_cookie};
  SECTION("the person said no") {
    back.error = "access_denied";
    back.code = "";
    reason = "access_denied";
  }
  SECTION("an error that is no word") {
    back.error = "x&status=success#";
    reason = "service_refused";
  }
  SECTION("neither code nor error") {
    back.code = "";
    reason = "service_refused";
  }
  SECTION("another issuer") {
    back.iss = GENERATE(as<std::string>{}, "https://evil.test",
                        "https://accounts.google.com.evil.test", "nonsense");
    reason = "wrong_issuer";
  }
  SECTION("the code is dead") {
    world.transport.answer_with(
        [](const auto&) { return answer(400, R"({"error":"invalid_grant"})"); });
    reason = "code_refused";
  }
  SECTION("our client is not known there") {
    world.transport.answer_with(
        [](const auto&) { return answer(401, R"({"error":"invalid_client"})"); });
    reason = "not_configured";
  }
  SECTION("the service is down") {
    world.transport.answer_with([](const auto&) { return unreachable(); });
    reason = "service_unavailable";
  }
  SECTION("the answer to the exchange was lost") {
    world.transport.answer_with([](const auto&) { return lost(); });
    reason = "service_unavailable";
  }
  SECTION("a scope that is needed was unticked") {
    world.transport.answer_with(google_says(R"(,"scope":"openid email")"));
    reason = "missing_scope";
  }
  SECTION("nobody knows whose grant it is") {
    world.transport.answer_with([](const auto&) { return answer(200, R"({"access_token":"a"})"); });
    reason = "identity_unknown";
    left = "&access=left";
  }
  SECTION("the store is full") {
    world.store.before_commit([](const ports::Changes& changes, ports::Durability) {
      return changes.size() < 3 ? Status() : Status(Error{Code::unavailable, "full"});
    });
    reason = "connect_failed";
  }
  const auto end = world.callback(back);
  REQUIRE(end.ok());
  CHECK(end->reason == reason);
  CHECK(end->location == "https://app.example.com/settings?status=error&reason=" + reason + left);
  CHECK(end->connection_id.empty());
  CHECK(end->export_plan_id.empty());
  CHECK(world.store.connections().list("ann")->empty());
  CHECK(world.listener.ready.empty());
}

TEST_CASE("connect: a consent that leads to nothing is ended there, unless others live of it",
          "[service][connect]") {
  ConnectWorld world;
  const std::string others = GENERATE(as<std::string>{}, "nobody", "ann", "bob");
  const std::string reason = GENERATE(as<std::string>{}, "missing_scope", "connect_failed");
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  if (others != "nobody") REQUIRE(world.connect("google_calendar", others)->reason.empty());
  const std::size_t connections = world.store.connections().list_all()->size();
  if (reason == "missing_scope") {
    world.transport.answer_with(google_says(R"(,"refresh_token":"gr2","scope":"openid email")"));
  } else {
    world.transport.answer_with(google_says(R"(,"refresh_token":"gr2")"));
    world.store.before_commit([](const ports::Changes& changes, ports::Durability) {
      return connects(changes) ? Status(Error{Code::unavailable, "full"}) : Status();
    });
  }
  const auto end = world.connect("google_calendar");
  CHECK(end->reason == reason);
  CHECK(end->location == "https://app.example.com/settings?status=error&reason=" + reason);
  CHECK(world.store.connections().list_all()->size() == connections);
  const auto revoked = revocations(world);
  CHECK(revoked.empty() == (others != "nobody"));
  CHECK(revoked.size() <= 1);
  for (const std::string& body : revoked) CHECK(body.find("token=gr2") != std::string::npos);
}

TEST_CASE("connect: a consent that lives on there is told, for the person to end",
          "[service][connect]") {
  ConnectWorld world;
  std::string connector = "google_calendar";
  std::string reason = "missing_scope";
  std::size_t attempts = 0;
  SECTION("the service did not end it") {
    const auto tokens = google_says(R"(,"scope":"openid email")");
    world.transport.answer_with([tokens](const ports::HttpRequest& request) {
      return request.url.find("/revoke") == std::string::npos ? tokens(request) : lost();
    });
    attempts = 3;
  }
  SECTION("nobody knows whose it is, and it would not do") {
    world.transport.answer_with(
        [](const auto&) { return answer(200, R"({"access_token":"a","scope":"openid"})"); });
  }
  SECTION("nobody knows whose it is, because the service refuses to say") {
    const auto tokens = notion_says();
    world.transport.answer_with([tokens](const ports::HttpRequest& request) {
      return request.url.find("/oauth/") == std::string::npos ? answer(403, "{}") : tokens(request);
    });
    connector = "notion";
    reason = "not_configured";
  }
  const auto end = world.connect(connector);
  CHECK(end->reason == reason);
  CHECK(end->location ==
        "https://app.example.com/settings?status=error&reason=" + reason + "&access=left");
  CHECK(revocations(world).size() == attempts);
  CHECK(world.store.connections().list("ann")->empty());
}

TEST_CASE("connect: a code is exchanged once even when its answer is lost", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with([](const auto&) { return lost(); });
  CHECK(world.connect("notion")->reason == "service_unavailable");
  CHECK(world.transport.count() == 1);
}

TEST_CASE("connect: the same identity again keeps id, target and settings", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto first = world.connect("google_calendar")->connection_id;
  auto connection = world.store.connections().find(first).value();
  connection.status = core::ConnectionStatus::needs_reconnect;
  connection.reason = "invalid_grant";
  connection.target = {"primary", "calendar", "Mine", ""};
  connection.settings = R"({"mapping":{"x":1}})";
  world.keep({ports::put(connection)});
  world.transport.answer_with(google_says(""));  // a re-consent that brings no refresh token
  const auto second = world.connect("google_calendar")->connection_id;
  CHECK(second == first);
  const auto now = world.store.connections().find(first).value();
  CHECK(now.status == core::ConnectionStatus::connected);
  CHECK(now.reason.empty());
  CHECK(now.target.id == "primary");
  CHECK(now.settings == R"({"mapping":{"x":1}})");
  CHECK(world.store.grants().find(first)->refresh_token.equals("gr"));
  CHECK(world.store.connections().list("ann")->size() == 1);
}

TEST_CASE("connect: tokens that do not open any more are replaced, others are not lost",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto id = world.connect("google_calendar")->connection_id;
  const bool is_broken = GENERATE(false, true);
  world.store.fail_grants(is_broken ? Error{Code::internal, "the seal is broken", "seal_broken"}
                                    : Error{Code::unavailable, "the disk is gone"});
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr2")"));
  const auto again = world.connect("google_calendar");
  world.store.fail_grants(std::nullopt);
  CHECK(again->reason == (is_broken ? "" : "connect_failed"));
  CHECK(world.store.grants().find(id)->refresh_token.equals(is_broken ? "gr2" : "gr"));
  CHECK(world.store.connections().list("ann")->size() == 1);
}

TEST_CASE("connect: two consents that end together are one connection", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  std::string second;
  bool begun = false;
  world.store.before_commit([&](const ports::Changes& changes, ports::Durability) -> Status {
    if (!connects(changes) || std::exchange(begun, true)) return {};
    second = world.connect("notion")->connection_id;  // another tab, in between
    return {};
  });
  const auto first = world.connect("notion");
  REQUIRE(begun);
  CHECK(first->reason.empty());
  CHECK_FALSE(second.empty());
  CHECK(first->connection_id == second);
  CHECK(world.store.connections().list("ann")->size() == 1);
  CHECK(world.store.grants().find(second)->rev == 2);
}

TEST_CASE("connect: another identity or account is another connection", "[service][connect]") {
  ConnectWorld world;
  std::set<std::string> ids;
  world.transport.answer_with(notion_says("bot1"));
  ids.insert(world.connect("notion")->connection_id);
  ids.insert(world.connect("notion", "bob")->connection_id);
  world.transport.answer_with(notion_says("bot2"));
  ids.insert(world.connect("notion")->connection_id);
  CHECK(ids.size() == 3);
}

TEST_CASE("connect: sessions are refused for what cannot work", "[service][connect]") {
  ConnectWorld world;
  const std::string home = "https://app.example.com/settings";
  CHECK(
      world.connecting.start_session({"ann", "notion", "https://evil.test/", ""}).error().reason ==
      "return_to_refused");
  CHECK(world.connecting.start_session({"nobody", "notion", home, ""}).error().code ==
        Code::not_found);
  CHECK(world.connecting.start_session({"ann", "outlook", home, ""}).error().reason ==
        "connector_missing");
  auto manifest = notion_manifest();
  manifest.id = "unconfigured";
  world.connectors.add(std::make_shared<ScriptedConnector>(manifest));
  CHECK(world.connecting.start_session({"ann", "unconfigured", home, ""}).error().reason ==
        "not_configured");
  CHECK(world.connecting.start_session({"ann", "notion", "https://sync.example.com/ui", ""}).ok());
}

TEST_CASE("connect: a service that asks for no consent takes the same way", "[service][connect]") {
  ConnectWorld world;
  ports::Manifest manifest;
  manifest.id = "memory";
  manifest.name = "Memory";
  manifest.auth.features = {{"sync", {}, true, ""}};
  world.connectors.add(std::make_shared<ScriptedConnector>(manifest));
  const auto entered = world.connecting.enter(world.begin("memory").session_id, "").value();
  CHECK(entered.location.rfind("https://sync.example.com/oauth/memory/callback?", 0) == 0);
  const auto end =
      world.callback({"memory", parameter(entered.location, "state"),
                      parameter(entered.location, "code"), "", "", entered.browser_cookie});
  CHECK(end->location == "https://app.example.com/settings?status=success");
  const auto connection = world.store.connections().find(end->connection_id).value();
  CHECK(connection.identity.id == "ann");
  CHECK(connection.features == std::vector<std::string>{"sync"});
  CHECK_FALSE(world.store.grants().find(connection.id).ok());
  CHECK(world.disconnect(connection.id).revoked);
}

TEST_CASE("connect: targets are listed, chosen and made", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  const auto choices = world.targets(id);
  REQUIRE(choices.ok());
  CHECK(choices->size() == 2);

  const auto choose = [&](const std::string& target) { return world.choose_target(id, target); };
  CHECK(choose("page2").error().reason == "target_read_only");
  CHECK(choose("elsewhere").error().code == Code::not_found);
  // Not where another connection of the account works, until that one ends.
  core::Connection other = world.store.connections().find(id).value();
  other.id = "cnn_other";
  other.target.id = "page1";
  other.rev = 0;
  world.keep({ports::put(other)});
  CHECK(choose("page1").error().reason == "target_taken");
  other = world.store.connections().find(other.id).value();
  other.status = core::ConnectionStatus::disconnected;
  world.keep({ports::put(other)});
  const auto chosen = choose("page1");
  REQUIRE(chosen.ok());
  CHECK(world.store.connections().find(id).value() == chosen.value());
  CHECK(chosen->target.title == "Plans");

  // Items of ours keep the place, unless it was found gone: then they are made anew elsewhere.
  core::Pair pair;
  pair.connection_id = id;
  pair.plan_id = "pln_1";
  pair.key = "task:t1";
  pair.remote_id = "row1";
  pair.generation = 2;
  pair.synced_ms = world.clock.now_ms();
  world.keep({ports::put(pair)});
  CHECK(world.make_target(id, "My plans").error().reason == "target_in_use");
  core::SyncState lost;
  lost.connection_id = id;
  lost.error_reason = "target_gone";
  world.keep({ports::put(lost)});
  const auto made = world.make_target(id, "My plans");
  CHECK(made->target.title == "My plans");
  CHECK(world.store.sync_states().find(id)->error_reason.empty());
  const auto left = world.store.pairs().of_plan(id, "pln_1").value();
  REQUIRE(left.size() == 1);
  CHECK(left[0].state == core::PairState::tombstone);
  CHECK(left[0].generation == 2);
  CHECK(left[0].synced_ms == 0);  // no removal of the last day, for guards
  CHECK(world.targets("cnn_none").error().code == Code::not_found);
}

TEST_CASE("targets: a connection that cannot be used says so, and nobody is asked",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  const auto status =
      GENERATE(core::ConnectionStatus::needs_reconnect, core::ConnectionStatus::disconnected);
  auto connection = world.store.connections().find(id).value();
  connection.status = status;
  world.keep({ports::put(connection)});
  const auto sent = world.transport.count();
  const auto all_say = [&](const Error& error) {
    CHECK(error.code == Code::conflict);
    CHECK(error.reason ==
          (status == core::ConnectionStatus::disconnected ? "not_connected" : "needs_reconnect"));
  };
  all_say(world.targets(id).error());
  all_say(world.choose_target(id, "page1").error());
  all_say(world.make_target(id, "My plans").error());
  CHECK(world.transport.count() == sent);
}

TEST_CASE("targets: what the service refuses is not refused to the caller", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  const int status = GENERATE(400, 403, 404, 503);
  CAPTURE(status);
  world.transport.answer_with([status](const auto&) { return answer(status, "{}"); });
  for (const Error& error : {world.targets(id).error(), world.choose_target(id, "page1").error(),
                             world.make_target(id, "My plans").error()}) {
    CHECK(error.code == Code::unavailable);
    CHECK_FALSE(error.reason.empty());
    CHECK_FALSE(error.message.empty());
  }
  CHECK(world.store.connections().find(id)->status == core::ConnectionStatus::connected);
}

TEST_CASE("targets: a grant that turns out to be dead needs a reconnect", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  world.transport.answer_with([](const ports::HttpRequest& request) {
    const bool refresh = request.url == "https://api.notion.com/v1/oauth/token";
    return refresh ? answer(400, R"({"error":"invalid_grant"})") : answer(401, "{}");
  });
  const auto targets = world.targets(id);
  CHECK(targets.error().code == Code::conflict);
  CHECK(targets.error().reason == "needs_reconnect");
}

TEST_CASE("connect: a service that wants no authorisation is sent none", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with([](const ports::HttpRequest&) { return answer(200, "{}"); });
  ports::Manifest manifest = notion_manifest();
  manifest.auth = {};
  ports::ConnectorRequest request;
  request.origin = "api";
  request.method = "GET";
  request.target = "/v1/users/me";
  bool answered = false;
  world.authorization.send_signed(
      manifest, request, core::Secret(),
      [&](const ports::ConnectorReply& reply) { answered = !reply.error; });
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  CHECK(answered);
  REQUIRE(world.transport.count() == 1);
  CHECK(header_of(world.transport.requests().back(), "Authorization").empty());
}
