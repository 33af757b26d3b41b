// Tokens: one exchange per expiry whoever asks, and no grant lost by a crash.
#include "service/tokens.hpp"

#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <thread>

#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "net/http_authorization.hpp"
#include "net/provider_doubles.hpp"

using namespace mortise;
using namespace mortise::test;
using Rotation = TokenEndpoint::Rotation;

namespace {

constexpr const char* kConnection = "cnn_1";

void keep(ports::Store& store, ports::Changes changes) {
  REQUIRE(store.commit(std::move(changes)).ok());
}

/// One account, one connection, its grant ("access1", "refresh1").
void add_connection(ports::Store& store, const std::string& connector,
                    std::optional<core::Instant> expires_ms) {
  core::Account account;
  account.id = "ann";
  core::Connection connection;
  connection.id = kConnection;
  connection.account_id = "ann";
  connection.connector = connector;
  core::Grant grant;
  grant.connection_id = kConnection;
  grant.access_token = core::Secret("access1");
  grant.refresh_token = core::Secret("refresh1");
  grant.expires_ms = expires_ms;
  keep(store, {ports::put(account), ports::put(connection), ports::put(grant)});
}

struct Doubles {
  FixedConnectors connectors;
  FixedSecrets secrets;
  fakes::SeededRandom random;
  Doubles() {
    connectors.add(std::make_shared<ScriptedConnector>(notion_manifest()));
    connectors.add(std::make_shared<ScriptedConnector>(google_manifest()));
  }
};

/// A host on one thread. Several may stand on the same store, one after the other: a crash is a
/// host that is left where it stands.
struct Host : Doubles {
  fakes::QueueExecutor executor;
  fakes::ManualClock clock{fakes::ManualClock::kStart, &executor};
  ScriptedTransport transport;
  net::HttpAuthorization authorization;
  service::StoredTokens tokens;

  Host(ports::Store& store, ScriptedTransport::Answer endpoint)
      : transport(clock, std::move(endpoint)),
        authorization({transport, secrets, clock, clock, executor, random}, net::Endpoints()),
        tokens({store, connectors, authorization, clock, executor, random}) {}

  Result<core::Secret> access() {
    std::optional<Result<core::Secret>> got;
    tokens.access(kConnection, [&](Result<core::Secret> token) { got = std::move(token); });
    REQUIRE_FALSE(got.has_value());
    REQUIRE(fakes::run_until_quiet(clock, executor));
    return std::move(got.value());
  }
  Result<core::Secret> renew(const std::string& refused) {
    std::optional<Result<core::Secret>> got;
    tokens.renew(kConnection, core::Secret(refused),
                 [&](Result<core::Secret> token) { got = std::move(token); });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    return std::move(got.value());
  }
  std::size_t recover() {
    std::optional<std::size_t> count;
    tokens.recover([&](std::size_t all) { count = all; });
    REQUIRE(fakes::run_until_quiet(clock, executor));
    return count.value();
  }
};

auto calls(TokenEndpoint& endpoint) {
  return [&endpoint](const ports::HttpRequest& request) { return endpoint(request); };
}

std::string text(const Result<core::Secret>& token) {
  return token.ok() ? std::string(token.value().reveal_for_use()) : token.error().message;
}

core::Connection connection_in(const ports::Store& store) {
  return store.connections().find(kConnection).value();
}

std::vector<core::Event> events_in(const ports::Store& store) {
  return store.outbox().list("ann", {50, ""}).value().items;
}

}  // namespace

TEST_CASE("tokens: a fresh token is given without asking anybody", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::none);
  Host host(store, calls(endpoint));
  add_connection(store, "google_calendar", host.clock.now_ms() + 60'001);
  CHECK(text(host.access()) == "access1");
  CHECK(endpoint.exchanges() == 0);
}

TEST_CASE("tokens: a grant that was idle for nearly as long as it may be is refreshed",
          "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::none);
  Host host(store, calls(endpoint));
  add_connection(store, "google_calendar", std::nullopt);
  core::Grant grant = store.grants().find(kConnection).value();
  grant.refreshed_ms = host.clock.now_ms();
  keep(store, {ports::put(grant)});
  const auto keep_alive = [&] {
    std::optional<Result<core::Secret>> got;
    host.tokens.keep_alive(kConnection,
                           [&](Result<core::Secret> token) { got = std::move(token); });
    REQUIRE_FALSE(got.has_value());
    REQUIRE(fakes::run_until_quiet(host.clock, host.executor));
    return text(*got);
  };
  const std::int64_t day_ms = 86'400'000;
  CHECK(keep_alive() == "access1");
  host.clock.advance(5 * day_ms);
  CHECK(keep_alive() == "access1");
  CHECK(endpoint.exchanges() == 0);
  host.clock.advance(2 * day_ms);
  CHECK(keep_alive() == "access2");
  CHECK(keep_alive() == "access2");
  CHECK(endpoint.exchanges() == 1);
  grant = store.grants().find(kConnection).value();
  grant.refresh_token = core::Secret();
  keep(store, {ports::put(grant)});
  host.clock.advance(30 * day_ms);
  CHECK(keep_alive() == "access2");  // nothing to refresh with: not dead for that
  CHECK(connection_in(store).status == core::ConnectionStatus::connected);
}

TEST_CASE("tokens: one that ends within a minute is refreshed first", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::none);
  Host host(store, calls(endpoint));
  add_connection(store, "google_calendar", host.clock.now_ms() + 60'000);
  CHECK(text(host.access()) == "access2");
  const auto grant = store.grants().find(kConnection).value();
  CHECK(grant.access_token.equals("access2"));
  CHECK(grant.refresh_token.equals("refresh1"));  // Google keeps it
  CHECK(grant.expires_ms == host.clock.now_ms() + 3'600'000);
  CHECK(text(host.access()) == "access2");
  CHECK(endpoint.exchanges() == 1);
}

TEST_CASE("tokens: a rotating service replaces both tokens in one commit", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  Host host(store, calls(endpoint));
  add_connection(store, "notion", {});
  CHECK(text(host.access()) == "access1");
  const auto full_before = store.full_commits();
  CHECK(text(host.renew("access1")) == "access2");
  CHECK(store.full_commits() - full_before == 2);  // the intent, then both tokens
  const auto grant = store.grants().find(kConnection).value();
  CHECK(grant.access_token.equals("access2"));
  CHECK(grant.refresh_token.equals("refresh2"));
  CHECK_FALSE(grant.refresh_intent_ms.has_value());
  // Somebody who still holds the old one gets the new one without an exchange.
  CHECK(text(host.renew("access1")) == "access2");
  CHECK(endpoint.exchanges() == 1);
}

TEST_CASE("tokens: the intent is in the store before the request leaves", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  bool intended = false;
  Host host(store, [&](const ports::HttpRequest& request) {
    intended = store.grants().find(kConnection).value().refresh_intent_ms.has_value();
    return endpoint(request);
  });
  add_connection(store, "notion", {});
  CHECK(host.renew("access1").ok());
  CHECK(intended);
}

TEST_CASE("tokens: invalid_grant ends in needs_reconnect, told once", "[net][tokens]") {
  fakes::MemoryStore store;
  const auto rotation = GENERATE(Rotation::none, Rotation::rotating);
  TokenEndpoint endpoint(rotation);
  Host host(store, calls(endpoint));
  add_connection(store, rotation == Rotation::none ? "google_calendar" : "notion", {});
  endpoint.revoke();
  const auto token = host.renew("access1");
  REQUIRE_FALSE(token.ok());
  CHECK(token.error().code == Code::unauthenticated);
  CHECK(token.error().reason == "needs_reconnect");
  CHECK(connection_in(store).status == core::ConnectionStatus::needs_reconnect);
  CHECK(connection_in(store).reason == "invalid_grant");
  CHECK_FALSE(store.grants().find(kConnection).ok());
  CHECK(host.access().error().reason == "needs_reconnect");
  const auto events = events_in(store);
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "connection.needs_reconnect");
  CHECK(events[0].data.find("invalid_grant") != std::string::npos);
}

TEST_CASE("tokens: nothing but invalid_grant kills a grant", "[net][tokens]") {
  fakes::MemoryStore store;
  const int status = GENERATE(200, 400, 401, 403, 429, 500, 503);
  const std::string body =
      GENERATE(as<std::string>{}, "{}", "<html>", R"({"error":"invalid_client"})",
               R"({"error":"invalid_request"})", R"({"access_token":""})", "");
  TokenEndpoint endpoint(Rotation::rotating);
  bool broken = true;
  Host host(store, [&](const ports::HttpRequest& request) {
    return broken ? answer(status, body) : endpoint(request);
  });
  add_connection(store, "notion", {});
  CHECK_FALSE(host.renew("access1").ok());
  CHECK(connection_in(store).status == core::ConnectionStatus::connected);
  broken = false;
  CHECK(text(host.renew("access1")) == "access2");
}

TEST_CASE("tokens: a grant without refresh token dies with its access token", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  Host host(store, calls(endpoint));
  add_connection(store, "notion", {});
  auto grant = store.grants().find(kConnection).value();
  grant.refresh_token = core::Secret();
  keep(store, {ports::put(grant)});
  CHECK(text(host.access()) == "access1");
  CHECK(host.renew("access1").error().reason == "needs_reconnect");
  CHECK(connection_in(store).reason == "no_refresh_token");
  CHECK(endpoint.exchanges() == 0);
}

TEST_CASE("tokens: a lost answer is asked for again", "[net][tokens]") {
  fakes::MemoryStore store;
  SECTION("Google: the refresh token still works") {
    TokenEndpoint endpoint(Rotation::none);
    int n = 0;
    Host host(store, [&](const ports::HttpRequest& request) {
      auto outcome = endpoint(request);
      return ++n == 1 ? lost() : outcome;
    });
    add_connection(store, "google_calendar", 0);
    CHECK(text(host.access()) == "access3");
  }
  SECTION("Notion: not used up") {
    TokenEndpoint endpoint(Rotation::rotating);
    int n = 0;
    Host host(store, [&](const ports::HttpRequest& request) {
      return ++n == 1 ? lost() : endpoint(request);
    });
    add_connection(store, "notion", {});
    CHECK(text(host.renew("access1")) == "access2");
  }
  SECTION("Notion: used up, and it says so") {
    TokenEndpoint endpoint(Rotation::rotating);
    int n = 0;
    Host host(store, [&](const ports::HttpRequest& request) {
      auto outcome = endpoint(request);
      return ++n == 1 ? lost() : outcome;
    });
    add_connection(store, "notion", {});
    CHECK(host.renew("access1").error().reason == "needs_reconnect");
    CHECK(connection_in(store).reason == "refresh_interrupted");
  }
}

TEST_CASE("tokens: an endpoint that cannot be reached leaves no blame behind", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  bool down = true;
  Host host(store, [&](const ports::HttpRequest& request) {
    return down ? unreachable() : endpoint(request);
  });
  add_connection(store, "notion", {});
  CHECK(host.renew("access1").error().code == Code::unavailable);
  CHECK_FALSE(store.grants().find(kConnection).value().refresh_intent_ms.has_value());
  down = false;
  endpoint.revoke();
  CHECK_FALSE(host.renew("access1").ok());
  CHECK(connection_in(store).reason == "invalid_grant");
}

TEST_CASE("tokens: a crash inside a refresh loses only what was used up unanswered",
          "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  const std::string moment =
      GENERATE(as<std::string>{}, "before its intent", "before it arrived", "before its answer");
  add_connection(store, "notion", {});
  {
    Host host(store, [&](const ports::HttpRequest& request) {
      return moment == "before its answer" ? endpoint(request) : unreachable();
    });
    host.transport.latency(1'000);
    host.tokens.renew(kConnection, core::Secret("access1"), [](Result<core::Secret>) { FAIL(); });
    if (moment != "before its intent") {
      host.executor.run_until_idle();
      REQUIRE(host.transport.count() == 1);
    }
  }
  Host host(store, calls(endpoint));
  const std::size_t interrupted = host.recover();
  CHECK(interrupted == (moment == "before its intent" ? 0 : 1));
  if (moment == "before its answer") {
    CHECK(connection_in(store).status == core::ConnectionStatus::needs_reconnect);
    CHECK(connection_in(store).reason == "refresh_interrupted");
    CHECK(events_in(store).size() == 1);
    CHECK(store.grants().interrupted().value().empty());
  } else {
    CHECK(connection_in(store).status == core::ConnectionStatus::connected);
    CHECK(text(host.renew("access1")) == "access2");
  }
  CHECK(host.recover() == 0);
}

TEST_CASE("tokens: tokens that the store would not take are kept until it does", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  bool full_disk = false;
  Host host(store, [&](const ports::HttpRequest& request) {
    full_disk = true;  // after the intent, before the tokens
    return endpoint(request);
  });
  add_connection(store, "notion", {});
  store.before_commit([&](const ports::Changes&, ports::Durability) {
    return full_disk ? Status(Error{Code::unavailable, "the disk is full"}) : Status();
  });
  CHECK(host.renew("access1").error().code == Code::unavailable);
  CHECK(host.renew("access1").error().code == Code::unavailable);
  full_disk = false;
  CHECK(text(host.renew("access1")) == "access2");
  CHECK(endpoint.exchanges() == 1);
  CHECK(store.grants().find(kConnection).value().refresh_token.equals("refresh2"));
}

TEST_CASE("tokens: a reconnect during a refresh wins", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  const bool dead = GENERATE(false, true);
  Host host(store, [&](const ports::HttpRequest& request) {
    auto grant = store.grants().find(kConnection).value();
    grant.access_token = core::Secret("reconnected");
    grant.refresh_token = core::Secret("other");
    grant.refresh_intent_ms.reset();
    keep(store, {ports::put(grant)});
    return dead ? answer(400, R"({"code":"invalid_grant"})") : endpoint(request);
  });
  add_connection(store, "notion", {});
  const auto token = host.renew("access1");
  CHECK(connection_in(store).status == core::ConnectionStatus::connected);
  CHECK(store.grants().find(kConnection).value().access_token.equals("reconnected"));
  if (!dead) CHECK(text(token) == "reconnected");
}

TEST_CASE("tokens: what a refresh brings for a connection that has ended is revoked",
          "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  std::string revoked;
  Host host(store, [&](const ports::HttpRequest& request) {
    if (request.url.find("/revoke") != std::string::npos) {
      revoked += request.body;
      return answer(200, "{}");
    }
    auto connection = connection_in(store);
    connection.status = core::ConnectionStatus::disconnected;
    keep(store, {ports::put(connection), ports::EraseGrant{kConnection}});
    return endpoint(request);
  });
  add_connection(store, "notion", {});
  const bool is_shared = GENERATE(false, true);
  if (is_shared) {  // whatever becomes of that one: it holds the grant
    core::Connection other = connection_in(store);
    other.id = "cnn_other";
    other.rev = 0;
    other.status = GENERATE(core::ConnectionStatus::connected, core::ConnectionStatus::error);
    core::Grant grant = store.grants().find(kConnection).value();
    grant.connection_id = other.id;
    grant.rev = 0;
    keep(store, {ports::put(other), ports::put(std::move(grant))});
  }
  CHECK_FALSE(host.renew("access1").ok());
  CHECK_FALSE(store.grants().find(kConnection).ok());
  CHECK(revoked.empty() == is_shared);
  if (!is_shared) CHECK(revoked.find("access2") != std::string::npos);
}

TEST_CASE("tokens: a disconnect and a reconnect during a refresh win", "[net][tokens]") {
  fakes::MemoryStore store;
  const auto rotation = GENERATE(Rotation::none, Rotation::rotating);
  const bool rotates = rotation == Rotation::rotating;
  const std::string said = GENERATE(as<std::string>{}, "new tokens", "invalid_grant", "nothing");
  TokenEndpoint endpoint(rotation);
  core::Grant reconnected;
  Host host(store, [&](const ports::HttpRequest& request) {
    if (reconnected.connection_id.empty()) {
      const core::Rev rev = store.grants().find(kConnection).value().rev;
      auto connection = connection_in(store);
      connection.status = core::ConnectionStatus::disconnected;
      keep(store, {ports::put(connection), ports::EraseGrant{kConnection}});
      connection = connection_in(store);
      connection.status = core::ConnectionStatus::connected;
      reconnected.connection_id = kConnection;
      reconnected.access_token = core::Secret("reconnected");
      reconnected.refresh_token = core::Secret("other");
      keep(store, {ports::put(connection), ports::put(reconnected)});
      for (reconnected.rev = 1; reconnected.rev < rev; ++reconnected.rev) {
        keep(store, {ports::put(reconnected)});
      }
      REQUIRE(store.grants().find(kConnection).value().rev == rev);  // as if nothing had been
    }
    if (said == "nothing") return unreachable();
    return said == "new tokens" ? endpoint(request) : answer(400, R"({"error":"invalid_grant"})");
  });
  add_connection(store, rotates ? "notion" : "google_calendar", {});
  const auto token = host.renew("access1");
  CHECK(token.ok() == (said == "new tokens"));
  if (token.ok()) CHECK(text(token) == "reconnected");
  CHECK(connection_in(store).status == core::ConnectionStatus::connected);
  const auto grant = store.grants().find(kConnection);
  REQUIRE(grant.ok());
  CHECK(grant->access_token.equals("reconnected"));
  CHECK(grant->refresh_token.equals("other"));
  CHECK(grant->rev == reconnected.rev);
  CHECK(events_in(store).empty());
  CHECK(text(host.access()) == "reconnected");
}

TEST_CASE("tokens: settings that are saved during a refresh cost no token", "[net][tokens]") {
  fakes::MemoryStore store;
  const auto rotation = GENERATE(Rotation::none, Rotation::rotating);
  const bool rotates = rotation == Rotation::rotating;
  TokenEndpoint endpoint(rotation);
  bool down = false;
  Host host(store, [&](const ports::HttpRequest& request) {
    auto connection = connection_in(store);
    connection.settings = R"({"mapping":{"x":1}})";
    keep(store, {ports::put(connection)});
    return down ? unreachable() : endpoint(request);
  });
  add_connection(store, rotates ? "notion" : "google_calendar", {});
  CHECK(text(host.renew("access1")) == "access2");
  const auto grant = store.grants().find(kConnection).value();
  CHECK(grant.access_token.equals("access2"));
  CHECK(grant.refresh_token.equals(rotates ? "refresh2" : "refresh1"));
  CHECK(connection_in(store).settings == R"({"mapping":{"x":1}})");
  down = true;
  CHECK_FALSE(host.renew("access2").ok());
  CHECK_FALSE(store.grants().find(kConnection).value().refresh_intent_ms.has_value());
  down = false;
  endpoint.revoke();
  CHECK(host.renew("access2").error().reason == "needs_reconnect");
  CHECK(connection_in(store).reason == "invalid_grant");
}

TEST_CASE("tokens: tokens are kept when the store cannot say what was saved meanwhile",
          "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::rotating);
  Host host(store, [&](const ports::HttpRequest& request) {
    keep(store, {ports::put(connection_in(store))});
    store.fail_grants(Error{Code::unavailable, "the disk is gone"});
    return endpoint(request);
  });
  add_connection(store, "notion", {});
  CHECK(host.renew("access1").error().code == Code::unavailable);
  store.fail_grants(std::nullopt);
  CHECK(text(host.renew("access1")) == "access2");
  CHECK(endpoint.exchanges() == 1);
  CHECK(store.grants().find(kConnection).value().refresh_token.equals("refresh2"));
}

TEST_CASE("tokens: a service that gives the refused token again is not asked for ever",
          "[net][tokens]") {
  fakes::MemoryStore store;
  int exchanges = 0;
  Host host(store, [&](const ports::HttpRequest&) {
    if (++exchanges == 20) return answer(400, R"({"error":"invalid_grant"})");
    return answer(200, R"({"access_token":"access1","refresh_token":"refresh1"})");
  });
  add_connection(store, "notion", {});
  // Whoever asked sends it again, and the service refuses it again: `token_refused`.
  CHECK(text(host.renew("access1")) == "access1");
  CHECK(exchanges == 2);
  CHECK(connection_in(store).status == core::ConnectionStatus::connected);
}

TEST_CASE("tokens: unknown and disconnected connections get none", "[net][tokens]") {
  fakes::MemoryStore store;
  TokenEndpoint endpoint(Rotation::none);
  Host host(store, calls(endpoint));
  CHECK(host.access().error().code == Code::not_found);
  CHECK(host.renew("x").error().code == Code::not_found);
  add_connection(store, "notion", {});
  auto connection = connection_in(store);
  connection.status = core::ConnectionStatus::disconnected;
  keep(store, {ports::put(connection)});
  CHECK(host.access().error().code == Code::unauthenticated);
  CHECK(endpoint.exchanges() == 0);
}

namespace {

/// Counts what happens, so that a test can wait for it without sleeping.
class Counter {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

void race(Rotation rotation, const std::string& connector) {
  constexpr int kThreads = 64;
  constexpr int kRounds = 1'000;
  Doubles doubles;
  fakes::MemoryStore store;
  TokenEndpoint endpoint(rotation);
  fakes::ManualClock clock;
  Counter sent;
  Counter answered;
  std::atomic<int> wrong = 0;
  {
    fakes::PoolExecutor executor(2);
    clock.use_executor(&executor);
    ScriptedTransport transport(clock, calls(endpoint));
    transport.latency(2'000);
    transport.on_sent = [&] { sent.add(); };
    net::HttpAuthorization authorization(
        {transport, doubles.secrets, clock, clock, executor, doubles.random}, net::Endpoints());
    service::StoredTokens tokens(
        {store, doubles.connectors, authorization, clock, executor, doubles.random});
    const bool expires = rotation == Rotation::none;
    add_connection(store, connector, expires ? std::optional(clock.now_ms()) : std::nullopt);

    std::barrier turn(kThreads + 1);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int round = 1; round <= kRounds; ++round) {
          turn.arrive_and_wait();
          const std::string want = "access" + std::to_string(round + 1);
          const auto check = [&, want](Result<core::Secret> token) {
            if (!token.ok() || !token.value().equals(want)) ++wrong;
            answered.add();
          };
          if (expires) {
            tokens.access(kConnection, check);
          } else {
            tokens.renew(kConnection, core::Secret("access" + std::to_string(round)), check);
          }
        }
      });
    }
    for (int round = 1; round <= kRounds; ++round) {
      turn.arrive_and_wait();
      sent.wait_for(round);
      clock.advance(2'000);
      answered.wait_for(round * kThreads);
      clock.advance(3'600'000);  // Google's new token has ended when the next round begins
    }
    for (auto& thread : threads) thread.join();
  }
  CHECK(endpoint.exchanges() == kRounds);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("tokens: 64 threads on an expired Google token make one exchange a round",
          "[net][tokens][race]") {
  race(Rotation::none, "google_calendar");
}

TEST_CASE("tokens: 64 threads on a refused Notion token make one exchange a round",
          "[net][tokens][race]") {
  race(Rotation::rotating, "notion");
}
