// Exports, idempotency, runs and their streams.
#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "api/api_host.hpp"
#include "api/auth.hpp"
#include "api/idempotency.hpp"
#include "core/time.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

namespace {

const std::string kExports = "/v1/accounts/ann/exports";

std::string export_body(const ApiHost& host) {
  return Json{{"plan_id", host.plan_id}, {"connection_id", host.connection_id}}.dump();
}

std::string key_line(const std::string& key) {
  return "Idempotency-Key: " + key + "\r\n";
}

}  // namespace

TEST_CASE("exports: are accepted with a place to look, named by connection or connector",
          "[api][exports]") {
  ApiHost host;
  host.seed();
  const ApiAnswer started = host.post(kExports, export_body(host));
  CHECK(started.status == 202);
  const std::string run = started.json["id"];
  CHECK(started.headers.at("location") == "/v1/runs/" + run);
  CHECK(host.get("/v1/runs/" + run).json["state"] == "queued");
  CHECK(host.get("/v1/runs/" + run).json["request_id"] == started.headers.at("x-request-id"));
  CHECK(host.get("/v1/runs?account_id=ann").json["items"].size() == 1);
  CHECK(host.get("/v1/connections/" + host.connection_id).json["state"] == "syncing");
  CHECK(host.post(kExports, Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump()).status ==
        202);
  const ApiAnswer misspelt =
      host.post(kExports, Json{{"plan_id", host.plan_id}, {"connector", "meno"}}.dump());
  CHECK(misspelt.status == 422);
  CHECK(misspelt.json["errors"][0]["pointer"] == "/connector");
  CHECK(misspelt.json["errors"][0]["detail"] == "is no connector here; did you mean \"memo\"?");
  CHECK(host.post(kExports, Json{{"plan_id", host.plan_id}}.dump()).status == 422);
  CHECK(host.post(kExports, Json{{"plan_id", "pln_x"}, {"connector", "memo"}}.dump()).status ==
        404);
  host.call("PUT", "/v1/accounts/bob", "{}");
  CHECK(host.post("/v1/accounts/bob/exports", export_body(host)).status == 404);
}

TEST_CASE("exports: over the limit is a 403 with limit, use, reset and upgrade link",
          "[api][exports]") {
  ApiHost host;
  host.seed();
  for (int i = 0; i < 2; ++i) CHECK(host.post(kExports, export_body(host)).status == 202);
  const ApiAnswer refused = host.post(kExports, export_body(host));
  CHECK(refused.status == 403);
  CHECK(refused.problem() == "forbidden/quota_exceeded");
  CHECK(refused.json["limit"] == 2);
  CHECK(refused.json["used"] == 2);
  CHECK(refused.json["reset_at"] == "2026-12-01T00:00:00Z");
  CHECK(refused.json["upgrade_url"] == "https://app.example/upgrade");
  CHECK(refused.json["next_action"] == "upgrade");
  CHECK(refused.json["retryable"] == false);
  CHECK(host.get("/v1/accounts/ann/usage").json["used"] == 2);
}

TEST_CASE("exports: a preview writes nothing", "[api][exports]") {
  ApiHost host;
  host.seed();
  const std::int64_t commits = host.store.commits();
  const ApiAnswer preview = host.post(kExports + "/preview", export_body(host));
  CHECK(preview.json["create"] == 3);
  CHECK(preview.json["items"].size() == 3);
  CHECK(host.store.commits() == commits);
}

TEST_CASE("exports: previews wait for each other, and nobody waits for them", "[api][exports]") {
  ApiHost host;
  host.seed();
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  host.exports.before_preview([released] { released.wait(); });
  std::vector<std::future<ApiAnswer>> asked;
  for (int i = 0; i < 20; ++i) {
    asked.push_back(std::async(
        std::launch::async, [&] { return host.post(kExports + "/preview", export_body(host)); }));
  }
  const auto is_done = [](const std::future<ApiAnswer>& each) {
    return each.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  // 16 wait, and one runs.
  while (std::count_if(asked.begin(), asked.end(), is_done) < 3) std::this_thread::yield();
  CHECK(host.get("/v1/accounts/ann").status == 200);
  CHECK(host.post("/v1/scripts/check", R"({"name":"policies/x.lua","source":"return policy {}"})")
            .status == 200);
  release.set_value();
  int made = 0;
  for (std::future<ApiAnswer>& each : asked) {
    const ApiAnswer answer = each.get();
    if (answer.status == 200) {
      ++made;
      continue;
    }
    CHECK(answer.problem() == "unavailable/busy");
    CHECK(answer.headers.at("retry-after") == "1");
  }
  CHECK(made == 17);
}

TEST_CASE("health: is told while every worker is held up", "[api][resources]") {
  ApiHost host;
  host.seed();
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> held{0};
  host.exports.before_start([&held, released] {
    ++held;
    released.wait();
  });
  std::vector<std::future<ApiAnswer>> asked;
  for (int i = 0; i < 2; ++i) {
    asked.push_back(
        std::async(std::launch::async, [&] { return host.post(kExports, export_body(host)); }));
  }
  while (held < 2) std::this_thread::yield();
  CHECK(host.visit("GET", "/v1/health").status == 200);
  CHECK(host.visit("GET", "/v1/ready").status == 200);
  release.set_value();
  for (std::future<ApiAnswer>& each : asked) CHECK(each.get().status == 202);
}

TEST_CASE("idempotency: the same key gives the same answer, another body is refused",
          "[api][exports]") {
  ApiHost host;
  host.seed();
  const ApiAnswer first = host.post(kExports, export_body(host), key_line("k1"));
  CHECK(first.status == 202);
  const ApiAnswer again = host.post(kExports, export_body(host), key_line("k1"));
  CHECK(again.status == 202);
  CHECK(again.text == first.text);
  CHECK(again.headers.at("location") == first.headers.at("location"));
  CHECK(again.headers.at("idempotency-replayed") == "true");
  CHECK(host.get("/v1/runs").json["items"].size() == 1);
  const std::string other = Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump();
  CHECK(host.post(kExports, other, key_line("k1")).problem() == "invalid/idempotency_key_reused");
  CHECK(host.post(kExports, other, key_line("k1")).status == 422);
  CHECK(host.post(kExports, other, "Idempotency-Key: \r\n").problem() ==
        "invalid/bad_idempotency_key");
  CHECK(host.post(kExports, other, key_line(std::string(256, 'k'))).problem() ==
        "invalid/bad_idempotency_key");
  CHECK(host.post(kExports, other, key_line("k2")).status == 202);
  const ApiAnswer bad = host.post(kExports, "{}", key_line("k3"));
  CHECK(bad.status == 422);
  CHECK(host.post(kExports, "{}", key_line("k3")).text == bad.text);
  // A day later the key is forgotten.
  host.clock.advance(24LL * 3600 * 1000);
  CHECK(host.post(kExports, other, key_line("k1")).status == 403);
}

TEST_CASE("idempotency: a refusal that can be mended is not kept", "[api][exports]") {
  ApiHost host;
  host.seed();
  core::Connection connection = host.store.connections().find(host.connection_id).value();
  connection.status = core::ConnectionStatus::disconnected;
  REQUIRE(host.store.commit({ports::put(connection)}, ports::Durability::full));
  const std::string body = Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump();
  const ApiAnswer none = host.post(kExports, body, key_line("k"));
  CHECK(none.problem() == "conflict/not_connected");
  CHECK(none.json["next_action"] == "connect");
  connection = host.store.connections().find(host.connection_id).value();
  connection.status = core::ConnectionStatus::connected;
  REQUIRE(host.store.commit({ports::put(connection)}, ports::Durability::full));
  const ApiAnswer mended = host.post(kExports, body, key_line("k"));
  CHECK(mended.status == 202);
  CHECK(mended.headers.count("idempotency-replayed") == 0);
  CHECK(host.post(kExports, body, key_line("k")).text == mended.text);
  const std::string rev = "If-Match: \"7\"\r\n";
  CHECK(host.post(kExports, body, key_line("k") + rev).problem() ==
        "invalid/idempotency_key_reused");
}

TEST_CASE("idempotency: a recovery that could not find out leaves the first call open",
          "[api][exports]") {
  fakes::ManualClock clock;
  fakes::MemoryStore store;
  api::Idempotency idempotency(store, clock);
  std::atomic<int> acted{0};
  int found = 503;
  const api::Handler handler = idempotency.around(
      [&](const api::Request&) {
        ++acted;
        return api::Response{};
      },
      [&](const api::Request&) {
        api::Response response;
        response.status = found;
        return response;
      });
  api::Request request;
  request.method = "POST";
  request.target = "/v1/things";
  request.headers = {{"idempotency-key", "k"}};
  request.principal.kind = api::Principal::Kind::app;
  CHECK(handler(request).status == 200);
  core::IdempotencyRecord record = store.access().idempotency("app", "k").value();
  record.status = 0;
  REQUIRE(store.commit({ports::put(record)}, ports::Durability::full));
  CHECK(handler(request).status == 503);
  CHECK(handler(request).status == 503);
  found = 409;
  CHECK(handler(request).status == 409);
  found = 202;
  CHECK(handler(request).status == 409);  // kept
  CHECK(acted == 1);
}

TEST_CASE("idempotency: keys of different users do not meet", "[api][exports]") {
  ApiHost host;
  host.seed();
  const std::string ann = host.sign_in("ann");
  CHECK(host.post(kExports, export_body(host), key_line("k1")).status == 202);
  const ApiAnswer own = host.post(kExports, export_body(host), ann + key_line("k1"));
  CHECK(own.status == 202);
  CHECK(own.headers.count("idempotency-replayed") == 0);
}

TEST_CASE("idempotency: a second call while the first runs is a 409", "[api][exports]") {
  ApiHost host;
  host.seed();
  std::promise<void> entered;
  std::promise<void> release;
  host.exports.before_start([&] {
    entered.set_value();
    release.get_future().wait();
  });
  auto first = std::async(std::launch::async,
                          [&] { return host.post(kExports, export_body(host), key_line("k")); });
  entered.get_future().wait();
  const ApiAnswer second = host.post(kExports, export_body(host), key_line("k"));
  CHECK(second.problem() == "conflict/idempotency_running");
  release.set_value();
  const ApiAnswer done = first.get();
  CHECK(done.status == 202);
  host.exports.before_start(nullptr);
  CHECK(host.post(kExports, export_body(host), key_line("k")).text == done.text);
}

TEST_CASE("idempotency: after a crash the first call's run is found, never a second one started",
          "[api][exports]") {
  ApiHost host;
  host.seed();
  const ApiAnswer first = host.post(kExports, export_body(host), key_line("k"));
  // As a crash between run and answer leaves it: the record still says "running".
  core::IdempotencyRecord record = host.store.access().idempotency("app", "k").value();
  record.status = 0;
  record.body.clear();
  record.headers = Json{{"X-First-Request-Id", first.headers.at("x-request-id")}}.dump();
  REQUIRE(host.store.commit({ports::put(record)}, ports::Durability::full));
  const ApiAnswer again = host.post(kExports, export_body(host), key_line("k"));
  CHECK(again.status == 202);
  CHECK(again.json["id"] == first.json["id"]);
  CHECK(host.get("/v1/runs").json["items"].size() == 1);
  // A run that pushes what another call saved is not it, also if a caller uses one id for both.
  core::Run push = host.store.runs().find(first.json["id"]).value();
  push.id = "run_push";
  push.kind = core::RunKind::sync;
  push.trigger = core::RunTrigger::change;
  push.request_id = "req_never";
  push.rev = 0;
  REQUIRE(host.store.commit({ports::put(push)}, ports::Durability::full));
  // A crash before the run was stored: the call is made again, once.
  record = host.store.access().idempotency("app", "k").value();
  record.status = 0;
  record.key = "k2";
  record.rev = 0;
  record.headers = Json{{"X-First-Request-Id", "req_never"}}.dump();
  REQUIRE(host.store.commit({ports::put(record)}, ports::Durability::full));
  CHECK(host.post(kExports, export_body(host), key_line("k2")).json["id"] != "run_push");
  CHECK(host.post(kExports, export_body(host), key_line("k2")).status == 202);
  CHECK(host.get("/v1/runs").json["items"].size() == 3);
  // What cannot be found again is not repeated.
  const std::string tasks = "/v1/plans/" + host.plan_id + "/tasks";
  CHECK(host.post(tasks, R"({"title":"x"})", key_line("t")).status == 201);
  record = host.store.access().idempotency("app", "t").value();
  record.status = 0;
  REQUIRE(host.store.commit({ports::put(record)}, ports::Durability::full));
  CHECK(host.post(tasks, R"({"title":"x"})", key_line("t")).problem() ==
        "conflict/outcome_unknown");
}

TEST_CASE("idempotency: after a crash a plan is saved again only where the app names it",
          "[api][exports]") {
  ApiHost host;
  host.seed();
  const std::string plans = "/v1/accounts/ann/plans";
  const auto cut_off = [&](const std::string& body, const std::string& key) {
    CHECK(host.post(plans, body, key_line(key)).status == 201);
    core::IdempotencyRecord record = host.store.access().idempotency("app", key).value();
    record.status = 0;
    REQUIRE(host.store.commit({ports::put(record)}, ports::Durability::full));
    return host.post(plans, body, key_line(key));
  };
  const std::size_t before = host.get(plans).json["items"].size();
  CHECK(cut_off(R"({"title":"Own","modules":[]})", "k1").problem() == "conflict/outcome_unknown");
  CHECK(cut_off(R"({"title":"Own","external_id":"","modules":[]})", "k2").problem() ==
        "conflict/outcome_unknown");
  CHECK(host.get(plans).json["items"].size() == before + 2);
  // Repeated; that it is the same plan is the use case's part.
  CHECK(cut_off(R"({"title":"Own","external_id":"own","modules":[]})", "k3").problem() !=
        "conflict/outcome_unknown");
}

TEST_CASE("exports: two hundred at once, limit two: exactly two accepted", "[api][exports]") {
  ApiHost host;
  host.seed();
  std::atomic<int> accepted{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const int status = host.post(kExports, export_body(host),
                                     key_line(std::to_string(t) + "-" + std::to_string(i)))
                               .status;
        if (status == 202) ++accepted;
        if (status == 403) ++refused;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(accepted == 2);
  CHECK(refused == 198);
}

TEST_CASE("runs: can be cancelled, approved, discarded", "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string run = host.post(kExports, export_body(host)).json["id"];
  CHECK(host.post("/v1/runs/" + run + "/cancel", "").json["cancel_requested"] == true);
  CHECK(host.post("/v1/runs/" + run + "/approve", "").problem() == "conflict/not_waiting");
  host.exports.move(run, [](core::Run& each) {
    each.state = core::RunState::waiting;
    each.waiting_for = core::RunWait::approval;
    each.guard =
        R"({"reason":"mass_removal","message":"30 of 40 would go","removals":30,"items":40})";
  });
  const Json guard = host.get("/v1/runs/" + run).json["guard"];
  CHECK(guard["removals"] == 30);
  const std::string approve = "/v1/runs/" + run + "/approve";
  Json other = guard;
  other["reason"] = "mass_removal_here";
  for (const Json& shown : {Json{{"removals", 29}}, Json{{"plan_id", "p"}}, other}) {
    const ApiAnswer changed = host.post(approve, Json{{"guard", shown}}.dump());
    CHECK(changed.status == 409);
    CHECK(changed.problem() == "conflict/guard_changed");
    CHECK(changed.json["next_action"] == "read_again");
  }
  CHECK(host.post(approve, R"({"guard":30})").status == 422);
  const ApiAnswer misspelt = host.post(approve, R"({"guard":{"removal":30}})");
  CHECK(misspelt.status == 400);
  CHECK(misspelt.json["errors"][0]["pointer"] == "/guard/removal");
  CHECK(host.post(approve, R"({"removals":30})").status == 400);
  CHECK_FALSE(host.store.runs().find(run)->approved);
  CHECK(host.post(approve, R"({"guard":{"removals":30}})").status == 202);
  CHECK(host.post(approve, Json{{"guard", guard}}.dump()).status == 202);
  CHECK(host.post(approve, "{}").status == 202);
  CHECK(host.post("/v1/runs/" + run + "/discard", "").json["state"] == "cancelled");
  CHECK_FALSE(host.get("/v1/runs/" + run).json.contains("reason"));
  host.exports.move(run, [](core::Run& each) { each.error_reason = "discarded"; });
  CHECK(host.get("/v1/runs/" + run).json["reason"] == "discarded");
  CHECK_FALSE(host.get("/v1/runs/" + run).json.contains("error"));
  CHECK(host.post("/v1/runs/run_none/cancel", "").status == 404);
  CHECK(host.post("/v1/runs/" + run + "/cancel", R"({"now":true})").status == 400);
}

TEST_CASE("runs: the app reads what was exchanged with the service", "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string run = host.post(kExports, export_body(host)).json["id"];
  const ApiAnswer exchanges = host.get("/v1/runs/" + run + "/exchanges");
  REQUIRE(exchanges.json["items"].size() == 1);
  CHECK(exchanges.json["items"][0]["request"] == "r-1");
  CHECK(host.get("/v1/runs/run_none/exchanges").status == 404);
  CHECK(host.get("/v1/runs/" + run + "/exchanges", host.sign_in("ann")).status == 403);
}

TEST_CASE("runs: one that waits for a budget says so, until it moves or the time is over",
          "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string run = host.post(kExports, export_body(host)).json["id"];
  const std::string path = "/v1/runs/" + run;
  const auto moves = [&](core::RunState to) {
    host.exports.move(run, [to](core::Run& each) { each.state = to; });
  };
  const auto waits = [&](const std::string& why, std::int64_t ms) {
    const std::string until = core::format_instant(host.clock.now_ms() + ms);
    host.publisher.publish("run:" + run, "wait",
                           Json{{"id", run}, {"waiting_for", why}, {"until", until}}.dump());
    return until;
  };
  waits("budget", 5'000);
  CHECK(host.get(path).json["state"] == "queued");  // a run that does not run waits for its turn
  moves(core::RunState::running);
  CHECK(host.get(path).headers.count("etag") == 1);
  const std::string until = waits("budget", 5'000);
  const ApiAnswer waiting = host.get(path);
  CHECK(waiting.json["state"] == "waiting");
  CHECK(waiting.json["waiting_for"] == "budget");
  CHECK(waiting.json["waiting_until"] == until);
  CHECK(waiting.headers.count("etag") == 0);
  CHECK(host.get("/v1/runs").json["items"][0]["waiting_for"] == "budget");
  RawClient client(host.api->port());
  client.send(get_request(path + "/events", host.key_line({"read"})));
  CHECK(client.read_until("\n\n").find("\"waiting_for\":\"budget\"") != std::string::npos);
  host.clock.advance(5'000);
  CHECK(host.get(path).json["state"] == "running");
  waits("retry", 5'000);
  CHECK(host.get(path).json["waiting_for"] == "retry");
  moves(core::RunState::running);
  CHECK(host.get(path).json["state"] == "running");
  waits("budget", 60'000);
  waits("retry", 1'000);  // of two requests the one that waits longer holds the run up
  host.publisher.publish("run:" + run, "wait", R"({"until":7})");  // says nothing
  CHECK(host.get(path).json["waiting_for"] == "budget");
  host.clock.advance(1'000);
  CHECK(host.get(path).json["waiting_for"] == "budget");
}

TEST_CASE("runs: a wait that is over is forgotten, even if its run never moves", "[api][runs]") {
  ApiHost host;
  const auto waits = [&](const std::string& run, std::int64_t ms) {
    const std::string until = core::format_instant(host.clock.now_ms() + ms);
    host.publisher.publish("run:" + run, "wait",
                           Json{{"waiting_for", "budget"}, {"until", until}}.dump());
  };
  const core::Instant before_ms = host.clock.now_ms();
  waits("run_killed", 5'000);
  waits("run_slow", 60'000);
  CHECK(host.publisher.waiting("run_killed"));
  host.clock.advance(5'000);
  CHECK_FALSE(host.publisher.waiting("run_killed"));
  waits("run_other", 5'000);
  host.clock.set_wall(before_ms);
  CHECK_FALSE(host.publisher.waiting("run_killed"));  // nothing is left of it
  CHECK(host.publisher.waiting("run_slow"));
}

TEST_CASE("runs: a stream ends with what let its reader in", "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string events = "/v1/accounts/ann/events";
  const auto open = [&](const std::string& lines) {
    RawClient client(host.api->port());
    client.send(get_request(events, lines));
    CHECK(client.read_until("\n\n").find("event: ready") != std::string::npos);
    return client;
  };
  const std::string ann = host.sign_in("ann");
  RawClient page = open(ann);
  RawClient other_page = open(host.sign_in("ann"));
  CHECK(host.call("DELETE", "/v1/session", {}, ann).status == 204);
  CHECK(page.is_closed());

  const ApiAnswer minted = host.post("/v1/accounts/ann/session_codes", "");
  const ApiAnswer given = host.visit("POST", "/v1/session", {},
                                     Json{{"code", minted.json["code"]}, {"as", "token"}}.dump());
  const std::string token =
      "Authorization: Bearer " + given.json["token"].get<std::string>() + "\r\n";
  host.clock.advance(api::kTokenLifeMs - 50);
  RawClient component = open(token);
  CHECK(component.is_closed());  // 50 ms later

  host.exports.move(host.post(kExports, export_body(host)).json["id"],
                    [](core::Run& run) { run.state = core::RunState::failed; });
  CHECK(other_page.read_until("\n\n").find("\"state\"") != std::string::npos);
}

TEST_CASE("runs: with an account its streams end", "[api][runs]") {
  ApiHost host;
  host.seed();
  const auto open = [&](const std::string& lines) {
    RawClient client(host.api->port());
    client.send(get_request("/v1/accounts/ann/events", lines));
    client.read_until("\n\n");
    return client;
  };
  RawClient page = open(host.sign_in("ann"));
  RawClient app = open(host.key_line({"read"}));
  CHECK(host.call("DELETE", "/v1/accounts/ann").status == 200);
  CHECK(page.is_closed());
  CHECK(app.is_closed());
}

TEST_CASE("runs: no user takes all connections with streams", "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string ann = host.sign_in("ann");
  std::vector<RawClient> streams;
  for (int i = 0; i < 20; ++i) {
    streams.emplace_back(host.api->port());
    streams.back().send(get_request("/v1/accounts/ann/events", ann));
    streams.back().read_until("\n\n");
  }
  CHECK(host.get("/v1/accounts/ann/events", ann).problem() == "rate_limited/too_many_streams");
  RawClient app(host.api->port());
  app.send(get_request("/v1/accounts/ann/events", host.key_line({"read"})));
  CHECK(app.read_until("\n\n").find("event: ready") != std::string::npos);
}

TEST_CASE("runs: progress streams until the run ends, and whoever has seen that is sent away",
          "[api][runs]") {
  ApiHost host;
  host.seed();
  const std::string run = host.post(kExports, export_body(host)).json["id"];
  const std::string key = host.key_line({"read"});
  const auto watch = [&](const std::string& id) {
    RawClient client(host.api->port());
    const std::string back = id.empty() ? "" : "Last-Event-ID: " + id + "\r\n";
    client.send(get_request("/v1/runs/" + run + "/events", key + back));
    CHECK(client.read_until("\r\n\r\n").find("200 OK") != std::string::npos);
    return client;
  };
  std::string id;  // of the newest event
  const auto next = [&](RawClient& client) {
    const std::string event = client.read_until("\n\n");
    const auto line = [&](const std::string& name) {
      const auto begin = event.find(name);
      if (begin == std::string::npos) return std::string();
      return event.substr(begin + name.size(), event.find('\n', begin) - begin - name.size());
    };
    id = line("id: ");
    return Json::parse(line("data: "), nullptr, false);
  };
  RawClient client = watch("");
  CHECK(next(client)["state"] == "queued");
  host.exports.move(run, [](core::Run& each) { each.state = core::RunState::running; });
  CHECK(next(client)["state"] == "running");
  const std::string missed_the_end = id;
  host.exports.move(run, [](core::Run& each) { each.state = core::RunState::succeeded; });
  CHECK(next(client)["state"] == "succeeded");
  CHECK(client.is_closed());
  CHECK(host.get("/v1/runs/" + run + "/events", "Last-Event-ID: " + id + "\r\n").status == 204);
  for (const std::string& other : {missed_the_end, std::string("1-1"), std::string()}) {
    CAPTURE(other);
    RawClient again = watch(other);
    CHECK(next(again)["state"] == "succeeded");
    CHECK(again.is_closed());
    CHECK(host.get("/v1/runs/" + run + "/events", "Last-Event-ID: " + id + "\r\n").status == 204);
  }
  CHECK(host.get("/v1/runs/run_none/events").status == 404);
  RawClient account(host.api->port());
  account.send(get_request("/v1/accounts/ann/events", key));
  CHECK(account.read_until("\n\n").find("event: ready") != std::string::npos);
  host.exports.move(run, [](core::Run& each) { each.state = core::RunState::failed; });
  CHECK(account.read_until("\n\n").find("\"state\":\"failed\"") != std::string::npos);
}
