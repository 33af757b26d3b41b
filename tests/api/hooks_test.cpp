// Notifications and handshakes on the wire.
#include <catch2/catch.hpp>

#include <future>
#include <thread>

#include "api/api_host.hpp"

using namespace mortise;
using namespace mortise::tests;
using Strings = std::vector<std::string>;

TEST_CASE("hooks: a notification is handed on as it came and answered with nothing",
          "[api][hooks]") {
  ApiHost host;
  const auto answer =
      host.visit("POST", "/hooks/memo/channel-1", "X-Memo-Signature: abc\r\n", R"({ "a" : 1 })");
  CHECK(answer.status == 200);
  CHECK(answer.text.empty());
  CHECK(host.hooks.last() == Strings{"memo", "channel-1", "abc", R"({ "a" : 1 })"});
  CHECK(host.visit("POST", "/hooks/memo").status == 200);
  CHECK(host.hooks.last() == Strings{"memo", "", "", ""});
}

TEST_CASE("hooks: what is wrong with a notification is its status", "[api][hooks]") {
  ApiHost host;
  using ports::Verdict;
  const std::pair<Verdict, int> answers[] = {{Verdict::stored, 200},  {Verdict::nothing, 200},
                                             {Verdict::unknown, 404}, {Verdict::forged, 401},
                                             {Verdict::broken, 400},  {Verdict::later, 503}};
  for (const auto& [verdict, status] : answers) {
    host.hooks.verdict = verdict;
    const auto answer = host.visit("POST", "/hooks/memo", "", "{}");
    CHECK(answer.status == status);
    CHECK((answer.headers.count("retry-after") == 1) == (status == 503));
  }
}

TEST_CASE("hooks: a body that no service would send is not looked at", "[api][hooks]") {
  ApiHost host;
  const auto answer = host.visit("POST", "/hooks/memo", "", std::string(300'000, 'x'));
  CHECK(answer.status == 413);
  CHECK(host.hooks.last().empty());
}

TEST_CASE("hooks: they have a rate of their own", "[api][hooks]") {
  api::RateLimits rates;
  rates.stranger_per_minute = 2;
  rates.hook_per_minute = 4;
  ApiHost host("", rates);
  for (int i = 0; i < 4; ++i) CHECK(host.visit("POST", "/hooks/memo").status == 200);
  // Google sends again after 500, 502, 503 and 504, and after nothing else.
  const auto refused = host.visit("POST", "/hooks/memo");
  CHECK(refused.status == 503);
  CHECK(refused.problem() == "unavailable/rate_limited");
  CHECK(refused.headers.count("retry-after") == 1);
  CHECK(host.visit("POST", "/v1/session", "", "{}").status != 429);
}

TEST_CASE("hooks: only admins begin a handshake, and are told its key", "[api][hooks]") {
  ApiHost host;
  const std::string path = "/v1/connectors/memo/handshake";
  CHECK(host.visit("POST", path).status == 401);
  CHECK(host.call("POST", path, "", host.key_line({"read", "write"})).status == 403);
  CHECK(host.call("GET", path, "", host.key_line({"read"})).status == 403);
  CHECK(host.post("/v1/connectors/other/handshake", "").status == 404);
  CHECK(host.get("/v1/connectors/other/handshake").status == 404);

  const auto opened = host.post(path, "");
  CHECK(opened.status == 200);
  CHECK(opened.json["open"] == true);
  CHECK(opened.json["until"] == "2026-11-20T09:10:00Z");
  CHECK(opened.json["arrived_at"].is_null());
  CHECK_FALSE(opened.json.contains("token"));
  CHECK(opened.headers.at("cache-control") == "no-store");

  const auto arrived = host.get(path);
  CHECK(arrived.json["open"] == false);
  CHECK(arrived.json["arrived_at"] == "2026-11-20T09:00:01Z");
  CHECK(arrived.json["token"] == "secret_of_the_service");
  CHECK(arrived.headers.at("cache-control") == "no-store");
  CHECK(host.get(path).json["token"] == "secret_of_the_service");
}

TEST_CASE("hooks: no slow answer stands before a notification", "[api][hooks]") {
  ApiHost host;
  host.seed();
  std::promise<void> asked;
  std::promise<void> let_go;
  std::shared_future<void> gate = let_go.get_future().share();
  std::atomic<int> waiting{0};
  host.exports.before_start([&] {
    if (++waiting == 2) asked.set_value();  // as many as there are workers
    gate.wait();
  });
  std::vector<std::thread> slow;
  for (int i = 0; i < 2; ++i) {
    slow.emplace_back([&] {
      host.post(
          "/v1/accounts/ann/exports",
          core::Json{{"plan_id", host.plan_id}, {"connection_id", host.connection_id}}.dump());
    });
  }
  asked.get_future().wait();
  CHECK(host.visit("POST", "/hooks/memo").status == 200);
  let_go.set_value();
  for (std::thread& each : slow) each.join();
}

TEST_CASE("connections: a change of settings is looked at", "[api][connections]") {
  ApiHost host;
  host.seed();
  REQUIRE(host.call("PATCH", "/v1/connections/" + host.connection_id, R"({"auto_sync":false})")
              .status == 200);
  CHECK(host.upkeep.told() == Strings{"look " + host.connection_id});
}
