// Egress: what is sent, what is repeated, what is waited for, and what comes out.
#include "net/egress.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "net/provider_doubles.hpp"

using namespace mortise;
using namespace mortise::test;
using ports::ConnectorReply;
using ports::HttpOutcome;
using ports::HttpRequest;

namespace {

/// Tokens without a store: a renewal makes the next one, or fails.
class ScriptedTokens final : public ports::Tokens {
 public:
  explicit ScriptedTokens(ports::Executor& executor) : executor_(executor) {}
  void access(const std::string&, Done done) override {
    executor_.post([this, done] { done(core::Secret("token" + std::to_string(number))); });
  }
  void renew(const std::string&, core::Secret refused, Done done) override {
    ++renewals;
    executor_.post([this, done, refused] {
      if (dead) return done(Error{Code::unauthenticated, "dead", "needs_reconnect"});
      if (refused.equals("token" + std::to_string(number))) ++number;
      done(core::Secret("token" + std::to_string(number)));
    });
  }
  void keep_alive(const std::string& id, Done done) override { access(id, std::move(done)); }
  int number = 1;
  int renewals = 0;
  bool dead = false;

 private:
  ports::Executor& executor_;
};

struct World {
  fakes::QueueExecutor executor;
  fakes::ManualClock clock{fakes::ManualClock::kStart, &executor};
  fakes::SeededRandom random;
  fakes::MemoryStore store;
  FixedConnectors connectors;
  ScriptedTokens tokens{executor};
  ScriptedTransport transport{clock, [](const HttpRequest&) { return answer(200, "{}"); }};
  net::PacedEgress egress;
  std::vector<std::pair<core::RunWait, core::Instant>> waits;

  explicit World(net::OriginOverrides overrides = {})
      : egress({transport, tokens, store.connections(), connectors, clock, clock, executor, random},
               net::Endpoints(std::move(overrides))) {
    connectors.add(std::make_shared<ScriptedConnector>(notion_manifest()));
    connectors.add(std::make_shared<ScriptedConnector>(google_manifest()));
    add("cnn_n", "notion", "ws_1", "ann");
    add("cnn_n2", "notion", "ws_1", "bob");
    add("cnn_n3", "notion", "ws_2", "eve");
    add("cnn_g", "google_calendar", "", "ann");
  }

  void add(const std::string& id, const std::string& connector, const std::string& workspace,
           const std::string& account) {
    if (!store.accounts().find(account).ok()) {
      core::Account owner;
      owner.id = account;
      REQUIRE(store.commit({ports::put(owner)}, ports::Durability::relaxed).ok());
    }
    core::Connection connection;
    connection.id = id;
    connection.account_id = account;
    connection.connector = connector;
    connection.identity.id = "id_" + id;
    connection.identity.workspace_id = workspace;
    REQUIRE(store.commit({ports::put(connection)}, ports::Durability::relaxed).ok());
  }

  static ports::EgressCall get(const std::string& connection, const std::string& target = "/v1/x") {
    ports::EgressCall call;
    call.connection_id = connection;
    call.run_id = "run_1";
    call.request.origin = "api";
    call.request.method = "GET";
    call.request.target = target;
    call.request.repeatable = true;
    return call;
  }
  static ports::EgressCall post(const std::string& connection) {
    ports::EgressCall call = get(connection, "/v1/pages");
    call.request.method = "POST";
    call.request.body = "{}";
    call.request.repeatable = false;
    return call;
  }

  ConnectorReply send(ports::EgressCall call) {
    std::optional<ConnectorReply> reply;
    call.on_wait = [this](core::RunWait why, core::Instant until) {
      waits.push_back({why, until});
    };
    egress.send(std::move(call), [&](ConnectorReply one) {
      REQUIRE_FALSE(reply.has_value());
      reply = std::move(one);
    });
    REQUIRE_FALSE(reply.has_value());  // never inside send()
    REQUIRE(fakes::run_until_quiet(clock, executor));
    REQUIRE(reply.has_value());
    return std::move(*reply);
  }
  /// Answers the n-th request (from 1) with what `script` says.
  void script(std::function<HttpOutcome(int, const HttpRequest&)> script) {
    transport.answer_with(
        [script, n = 0](const HttpRequest& request) mutable { return script(++n, request); });
  }
  std::int64_t passed() const { return clock.now_ms() - fakes::ManualClock::kStart; }
};

}  // namespace

TEST_CASE("egress: a request goes to the origin's URL, signed", "[net][egress]") {
  World world;
  auto call = World::get("cnn_n", "/v1/users/me?x=1");
  call.request.headers = {{"Notion-Version", "2026-03-11"}, {"authorization", "Bearer evil"}};
  const auto reply = world.send(call);
  CHECK_FALSE(reply.error.has_value());
  CHECK(reply.reply.status == 200);
  const auto request = world.transport.requests().at(0);
  CHECK(request.url == "https://api.notion.com/v1/users/me?x=1");
  CHECK(header_of(request, "Authorization") == "Bearer token1");
  CHECK(header_of(request, "authorization").empty());
  CHECK(header_of(request, "Notion-Version") == "2026-03-11");
}

TEST_CASE("egress: an override moves an origin", "[net][egress]") {
  World world({{{"notion", "api"}, "http://127.0.0.1:9/"}});
  world.send(World::get("cnn_n"));
  CHECK(world.transport.requests().at(0).url == "http://127.0.0.1:9/v1/x");
}

TEST_CASE("egress: an origin that is not signed gets no token", "[net][egress]") {
  World world;
  auto call = World::get("cnn_g", "/x");
  call.request.origin = "oauth";
  world.send(call);
  CHECK(header_of(world.transport.requests().at(0), "Authorization").empty());
}

TEST_CASE("egress: unknown origins, targets and connections are refused unsent", "[net][egress]") {
  World world;
  auto call = World::get("cnn_n");
  SECTION("origin") {
    call.request.origin = "evil";
  }
  SECTION("target") {
    call.request.target = "https://evil.test/";
  }
  SECTION("target that would extend the host") {
    call.request.target = ".evil.test/";
  }
  SECTION("connection") {
    call.connection_id = "cnn_none";
  }
  const auto reply = world.send(call);
  CHECK(reply.error.has_value());
  CHECK_FALSE(reply.maybe_sent);
  CHECK(world.transport.count() == 0);
}

TEST_CASE("egress: what certainly did not arrive is sent again, whatever it is", "[net][egress]") {
  World world;
  world.script([](int n, const HttpRequest&) { return n < 4 ? unreachable() : answer(200, "{}"); });
  const auto reply = world.send(World::post("cnn_n"));
  CHECK_FALSE(reply.error.has_value());
  CHECK(world.transport.count() == 4);
}

TEST_CASE("egress: a lost answer is asked for again only if that is harmless", "[net][egress]") {
  World world;
  SECTION("repeatable") {
    world.script([](int n, const HttpRequest&) { return n < 3 ? lost() : answer(200, "{}"); });
    CHECK_FALSE(world.send(World::get("cnn_n")).error.has_value());
    CHECK(world.transport.count() == 3);
  }
  SECTION("not repeatable") {
    world.script([](int, const HttpRequest&) { return lost(); });
    const auto reply = world.send(World::post("cnn_n"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->code == Code::unavailable);
    CHECK(reply.maybe_sent);
    CHECK(world.transport.count() == 1);
  }
}

TEST_CASE("egress: a 5xx is repeated if harmless, else the connector reads it", "[net][egress]") {
  World world;
  const int status = GENERATE(500, 502, 503, 504);
  world.script([status](int n, const HttpRequest&) {
    return n == 1 ? answer(status, R"({"code":"x"})") : answer(200, "{}");
  });
  CHECK(world.send(World::post("cnn_n")).reply.status == status);
  CHECK(world.transport.count() == 1);
  world.script([status](int n, const HttpRequest&) {
    return n == 1 ? answer(status, R"({"code":"x"})") : answer(200, "{}");
  });
  CHECK(world.send(World::get("cnn_n")).reply.status == 200);
}

TEST_CASE("egress: attempts are bounded and the last answer is delivered", "[net][egress]") {
  World world;
  world.script([](int, const HttpRequest&) { return answer(503, R"({"code":"down"})"); });
  const auto reply = world.send(World::get("cnn_n"));
  CHECK_FALSE(reply.error.has_value());
  CHECK(reply.reply.status == 503);
  CHECK(world.transport.count() == 8);
  CHECK(world.passed() <= 600'000);
}

TEST_CASE("egress: Retry-After is obeyed, in seconds and as a date", "[net][egress]") {
  World world;
  const auto [text, wait_ms] = GENERATE(table<std::string, std::int64_t>({
      {"7", 7'000},
      {"Fri, 20 Nov 2026 09:00:09 GMT", 9'000},
      {"Friday, 20-Nov-26 09:00:09 GMT", 9'000},
      {"Fri Nov 20 09:00:09 2026", 9'000},
  }));
  const int status = GENERATE(429, 529);
  world.script([&, retry = text](int n, const HttpRequest&) {
    return n == 1 ? answer(status, "{}", {{"retry-after", retry}}) : answer(200, "{}");
  });
  CHECK_FALSE(world.send(World::post("cnn_n")).error.has_value());
  CHECK(world.passed() == wait_ms);
  REQUIRE(world.waits.size() == 1);
  CHECK(world.waits[0].first == core::RunWait::budget);
  CHECK(world.waits[0].second == fakes::ManualClock::kStart + wait_ms);
}

TEST_CASE("egress: a limit that does not end is reported with its Retry-After", "[net][egress]") {
  World world;
  world.script([](int, const HttpRequest&) {
    return answer(429, "{}", {{"retry-after", "3600"}});
  });
  const auto reply = world.send(World::post("cnn_n"));
  REQUIRE(reply.error.has_value());
  CHECK(reply.error->code == Code::rate_limited);
  CHECK(reply.error->retry_after_ms == 3'600'000);
  CHECK_FALSE(reply.maybe_sent);
  CHECK(world.transport.count() == 1);
}

TEST_CASE("egress: a limit of the workspace holds back its other connections too",
          "[net][egress]") {
  World world;
  world.script([](int n, const HttpRequest&) {
    const std::string body =
        R"({"additional_data":{"rate_limit_reason":"public_api_space_request_rate_limit"}})";
    return n == 1 ? answer(429, body, {{"retry-after", "90"}}) : answer(200, "{}");
  });
  int done = 0;
  const auto count = [&](const ConnectorReply&) { ++done; };
  world.egress.send(World::get("cnn_n"), count);
  world.executor.run_until_idle();
  world.clock.advance(0);
  world.executor.run_until_idle();
  world.egress.send(World::get("cnn_n2"), count);  // same workspace, another account
  world.egress.send(World::get("cnn_n3"), count);
  world.executor.run_until_idle();
  world.clock.advance(89'999);
  world.executor.run_until_idle();
  CHECK(done == 1);
  CHECK(world.transport.count() == 2);
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  CHECK(done == 3);
  CHECK(world.passed() == 90'000);
}

TEST_CASE("egress: a limit that waiting does not lift ends at once", "[net][egress]") {
  World world;
  world.script([](int, const HttpRequest&) {
    return answer(429, R"({"additional_data":{"rate_limit_reason":"public_api_request_blocked"}})");
  });
  const auto reply = world.send(World::get("cnn_n"));
  REQUIRE(reply.error.has_value());
  CHECK(reply.error->code == Code::forbidden);
  CHECK(reply.error->reason == "blocked_by_service");
  CHECK(world.transport.count() == 1);
}

TEST_CASE("egress: a 403 is a limit only where the manifest says so", "[net][egress]") {
  World world;
  const std::string reason = GENERATE("rateLimitExceeded", "userRateLimitExceeded", "forbidden");
  world.script([&](int n, const HttpRequest&) {
    return n == 1 ? answer(403, R"({"error":{"errors":[{"reason":")" + reason + R"("}]}})")
                  : answer(200, "{}");
  });
  const auto reply = world.send(World::post("cnn_g"));
  CHECK(reply.reply.status == (reason == "forbidden" ? 403 : 200));
}

TEST_CASE("egress: a 5xx that tells of a limit is not repeated where that could do harm",
          "[net][egress]") {
  World world;
  ports::Manifest manifest = notion_manifest();
  manifest.id = "acme";
  manifest.limit_rules = {{503, "/code", {"slow_down"}}};
  world.connectors.add(std::make_shared<ScriptedConnector>(manifest));
  world.add("cnn_a", "acme", "", "ann");
  world.script([](int n, const HttpRequest&) {
    return n == 1 ? answer(503, R"({"code":"slow_down"})", {{"retry-after", "60"}})
                  : answer(200, "{}");
  });
  SECTION("repeatable") {
    CHECK_FALSE(world.send(World::get("cnn_a")).error.has_value());
    CHECK(world.passed() == 60'000);
  }
  SECTION("not repeatable") {
    const auto reply = world.send(World::post("cnn_a"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->code == Code::rate_limited);
    CHECK(reply.error->retry_after_ms == 60'000);
    CHECK(reply.maybe_sent);
    CHECK(world.transport.count() == 1);
    CHECK_FALSE(world.send(World::get("cnn_a")).error.has_value());
    CHECK(world.passed() == 60'000);  // the pause is held all the same
  }
}

TEST_CASE("egress: a page from something in front of the service is not its answer",
          "[net][egress]") {
  World world;
  const auto page = [] {
    return HttpOutcome{
        ports::HttpReply{403, {{"content-type", "text/html; charset=utf-8"}}, "<html>"}, true};
  };
  SECTION("it passes") {
    world.script([&](int n, const HttpRequest&) { return n < 3 ? page() : answer(200, "{}"); });
    CHECK_FALSE(world.send(World::post("cnn_n")).error.has_value());
  }
  SECTION("it stays") {
    world.script([&](int, const HttpRequest&) { return page(); });
    const auto reply = world.send(World::post("cnn_n"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->reason == "edge_blocked");
    CHECK_FALSE(reply.maybe_sent);
  }
}

TEST_CASE("egress: a truncated document is as good as no answer", "[net][egress]") {
  World world;
  world.script([](int n, const HttpRequest&) {
    return n == 1 ? answer(200, R"({"object":"page","id":"1)") : answer(200, "{}");
  });
  SECTION("repeatable") {
    CHECK_FALSE(world.send(World::get("cnn_n")).error.has_value());
    CHECK(world.transport.count() == 2);
  }
  SECTION("not repeatable") {
    const auto reply = world.send(World::post("cnn_n"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->reason == "malformed_reply");
    CHECK(reply.maybe_sent);
    CHECK(world.transport.count() == 1);
  }
}

TEST_CASE("egress: a refused token is renewed once and the request repeated", "[net][egress]") {
  World world;
  world.script([](int, const HttpRequest& request) {
    return header_of(request, "Authorization") == "Bearer token2" ? answer(200, "{}")
                                                                  : answer(401, "{}");
  });
  CHECK_FALSE(world.send(World::post("cnn_n")).error.has_value());
  CHECK(world.tokens.renewals == 1);
  CHECK(world.transport.count() == 2);
}

TEST_CASE("egress: a dead grant and a token refused for ever are told apart", "[net][egress]") {
  World world;
  world.script([](int, const HttpRequest&) { return answer(401, "{}"); });
  SECTION("dead") {
    world.tokens.dead = true;
    const auto reply = world.send(World::post("cnn_n"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->code == Code::unauthenticated);
    CHECK(reply.error->reason == "needs_reconnect");
    CHECK_FALSE(reply.maybe_sent);
  }
  SECTION("refused") {
    const auto reply = world.send(World::post("cnn_n"));
    REQUIRE(reply.error.has_value());
    CHECK(reply.error->reason == "token_refused");
    CHECK(world.tokens.renewals == 1);
    CHECK(world.transport.count() == 2);
  }
}

TEST_CASE("egress: nothing is sent for a connection that needs a reconnect", "[net][egress]") {
  World world;
  auto connection = world.store.connections().find("cnn_n").value();
  connection.status = core::ConnectionStatus::needs_reconnect;
  REQUIRE(world.store.commit({ports::put(connection)}, ports::Durability::relaxed).ok());
  const auto reply = world.send(World::get("cnn_n"));
  CHECK(reply.error->reason == "needs_reconnect");
  CHECK(world.transport.count() == 0);
}

TEST_CASE("egress: what was cancelled is not sent", "[net][egress]") {
  World world;
  SECTION("before its turn") {
    auto call = World::post("cnn_n");
    call.cancel = std::make_shared<std::atomic<bool>>(true);
    const auto reply = world.send(call);
    CHECK(reply.error->code == Code::cancelled);
    CHECK(world.transport.count() == 0);
  }
  SECTION("while it waits, within a second") {
    const int status = GENERATE(429, 503);
    world.script([status](int, const HttpRequest&) {
      return answer(status, "{}", {{"retry-after", "60"}});
    });
    auto call = World::get("cnn_n");
    call.cancel = std::make_shared<std::atomic<bool>>(false);
    std::optional<ConnectorReply> reply;
    world.egress.send(call, [&](ConnectorReply one) { reply = std::move(one); });
    for (int i = 0; i < 5; ++i) {
      world.executor.run_until_idle();
      world.clock.advance(100);
    }
    CHECK_FALSE(reply.has_value());
    *call.cancel = true;
    for (int i = 0; i < 10; ++i) {
      world.executor.run_until_idle();
      world.clock.advance(100);
    }
    world.executor.run_until_idle();
    REQUIRE(reply.has_value());
    CHECK(reply->error->code == Code::cancelled);
    CHECK(world.transport.count() == 1);
  }
}

TEST_CASE("egress: 400 requests at once keep within 178 in any minute", "[net][egress]") {
  World world;
  std::vector<std::int64_t> sent;
  world.transport.answer_with([&](const HttpRequest&) {
    sent.push_back(world.clock.steady_ms());
    return answer(200, "{}");
  });
  int done = 0;
  for (int i = 0; i < 400; ++i) {
    world.egress.send(World::get("cnn_n"), [&](const ConnectorReply&) { ++done; });
  }
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  CHECK(done == 400);
  for (std::size_t i = 178; i < sent.size(); ++i) REQUIRE(sent[i] - sent[i - 178] >= 60'500);
  CHECK(world.passed() == 121'000);
  const auto uses = world.egress.budgets("cnn_n");
  REQUIRE(uses.size() == 1);
  CHECK(uses[0].limit == 180);
  CHECK(uses[0].used == 44);
}

TEST_CASE("egress: the record tells every attempt and no secret", "[net][egress]") {
  World world;
  world.script([](int n, const HttpRequest&) {
    return n == 1 ? answer(503, "SECRETBODY")
                  : answer(200, R"({"a":"SECRETBODY"})", {{"x-notion-request-id", "r-2"}});
  });
  auto call = World::get("cnn_n", "/calendars/me%40x.org/events?syncToken=SECRETQUERY&max=1");
  call.request.body = "SECRETBODY";
  world.send(call);
  const auto text = world.egress.record("run_1");
  CHECK(text.find("SECRET") == std::string::npos);
  CHECK(text.find("token1") == std::string::npos);
  const auto record = core::Json::parse(text);
  REQUIRE(record.size() == 2);
  CHECK(record[0]["status"] == 503);
  CHECK(record[0]["target"] == "/calendars/{mail}/events?syncToken&max");
  CHECK(record[1]["status"] == 200);
  CHECK(record[1]["attempt"] == 2);
  CHECK(record[1]["sent_bytes"] == 10);
  CHECK(record[1]["request"] == "r-2");
  CHECK_FALSE(record[0].contains("request"));
  CHECK(core::parse_instant(record[0]["at"].get<std::string>()));
  CHECK(world.egress.record("run_unknown") == "[]");
}

TEST_CASE("egress: retry waits grow, are random, and never pass the cap", "[net][egress]") {
  fakes::SeededRandom random(7);
  const net::RetryPolicy policy;
  for (int attempt = 1; attempt <= 40; ++attempt) {
    const std::int64_t most = attempt > 6 ? 30'000 : std::int64_t{500} << (attempt - 1);
    std::int64_t longest = 0;
    for (int i = 0; i < 200; ++i) {
      const auto wait = net::backoff_ms(policy, attempt, random);
      REQUIRE(wait >= 0);
      REQUIRE(wait <= most);
      longest = std::max(longest, wait);
    }
    CHECK(longest > most / 2);
  }
}

TEST_CASE("egress: nonsense in Retry-After is no wait for ever", "[net][egress]") {
  const auto wait = [](const std::string& text) {
    return net::retry_after_ms({{"retry-after", text}}, fakes::ManualClock::kStart);
  };
  CHECK(wait("0") == 0);
  CHECK(wait("99999999999999999999") == 86'400'000);
  CHECK(wait("Fri, 20 Nov 2020 09:00:00 GMT") == 0);
  CHECK_FALSE(wait("").has_value());
  CHECK_FALSE(wait("-5").has_value());
  CHECK_FALSE(wait("soon").has_value());
  CHECK_FALSE(wait("1.5").has_value());
  CHECK_FALSE(net::retry_after_ms({}, 0).has_value());
}

namespace {

ports::EgressCall opening(const std::string& body) {
  auto call = World::post("cnn_g");
  call.request.body = body;
  call.request.fill_secret = true;
  call.channel_secret = core::Secret(R"(a"b\c+/=)");
  return call;
}

}  // namespace

TEST_CASE("egress: a channel's secret is put into the body at the last moment, as it needs",
          "[net][egress]") {
  World world;
  world.send(opening(R"({"token":"${channel_secret}","again":"${channel_secret}"})"));
  const auto sent = core::Json::parse(world.transport.requests().back().body);
  CHECK(sent["token"] == R"(a"b\c+/=)");
  CHECK(sent["again"] == sent["token"]);

  auto form = opening("token=${channel_secret}&ttl=60");
  form.request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  world.send(form);
  CHECK(world.transport.requests().back().body == "token=a%22b%5Cc%2B%2F%3D&ttl=60");
}

TEST_CASE("egress: a request that takes a channel's secret is refused unsent without one",
          "[net][egress]") {
  World world;
  auto call = opening(R"({"token":"${channel_secret}"})");
  call.channel_secret = {};
  const ConnectorReply reply = world.send(call);
  REQUIRE(reply.error);
  CHECK(reply.error->code == Code::invalid);
  CHECK_FALSE(reply.maybe_sent);
  CHECK(world.transport.requests().empty());
}

TEST_CASE("egress: what a person wrote is never taken for the place of a secret", "[net][egress]") {
  World world;
  auto call = opening(R"({"summary":"learn ${channel_secret}"})");
  call.request.fill_secret = false;
  CHECK_FALSE(world.send(call).error);
  CHECK(world.transport.requests().back().body == R"({"summary":"learn ${channel_secret}"})");
}

TEST_CASE("egress: a channel's secret is in no record and in no answer", "[net][egress]") {
  World world;
  world.script([](int n, const HttpRequest& request) {
    HttpOutcome out = n == 1 ? answer(503, "busy") : answer(200, request.body);
    if (out.reply.ok()) out.reply->headers.emplace_back("x-token", R"(a"b\c+/=)");
    return out;
  });
  auto call = opening(R"({"token":"${channel_secret}"})");
  call.request.repeatable = true;
  const ConnectorReply reply = world.send(call);
  REQUIRE_FALSE(reply.error);
  CHECK(reply.reply.body == R"({"token":"${channel_secret}"})");
  CHECK(reply.reply.headers.back().second == "${channel_secret}");
  CHECK(world.transport.requests().size() == 2);
  CHECK(world.egress.record("run_1").find("a\\") == std::string::npos);
  CHECK(world.egress.record("run_1").find("c+/=") == std::string::npos);
}
