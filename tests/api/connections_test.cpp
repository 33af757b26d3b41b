// Connections: what is set, what is told of them.
#include <catch2/catch.hpp>

#include "api/api_host.hpp"
#include "core/time.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

TEST_CASE("connections: settings are checked by their schemas, targets are chosen or made",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id;
  CHECK(host.get("/v1/connectors").json["items"][0]["settings"]["connector"].size() == 5);
  const ApiAnswer edited = host.call(
      "PATCH", path,
      R"({"auto_sync":false,"settings":{"connector":{"paper":"lined","margin":3},"mapping":{"layout":"grid"}}})");
  CHECK(edited.status == 200);
  CHECK(edited.json["auto_sync"] == false);
  CHECK(edited.json["settings"]["connector"]["paper"] == "lined");
  CHECK(host.call("PATCH", path, R"({"settings":{"connector":{"margin":null}}})")
            .json["settings"]["connector"]
            .size() == 1);
  const auto pointer = [&](const std::string& body) {
    return host.call("PATCH", path, body).json["errors"][0]["pointer"].get<std::string>();
  };
  CHECK(host.call("PATCH", path, R"({"settings":{"mapping":null}})")
            .json["settings"]
            .contains("mapping") == false);
  CHECK(host.call("PATCH", path, R"({"settings":null})").json["settings"].empty());
  CHECK(pointer(R"({"settings":{"connector":{"paper":"wet"}}})") == "/settings/connector/paper");
  CHECK(pointer(R"({"settings":{"connector":{"margin":11}}})") == "/settings/connector/margin");
  CHECK(pointer(R"({"settings":{"connector":{"stamp":1}}})") == "/settings/connector/stamp");
  const auto detail = [&](const std::string& body) {
    return host.call("PATCH", path, body).json["errors"][0]["detail"].get<std::string>();
  };
  CHECK(detail(R"({"settings":{"connector":{"paper":"wet"}}})") == "must be one of plain, lined");
  CHECK(detail(R"({"settings":{"connector":{"margin":11}}})") == "must be from 0 to 10");
  for (const char* wrong : {"1", R"("x")", R"("sixsix")"}) {
    CAPTURE(wrong);
    const std::string body = R"({"settings":{"connector":{"motto":)" + std::string(wrong) + "}}}";
    CHECK(host.call("PATCH", path, body).status == 422);
    CHECK(pointer(body) == "/settings/connector/motto");
  }
  for (const char* wrong :
       {"1", R"("acme.example")", R"("ftp://acme.example")", R"("https://")",
        R"("https://ann@acme.example")", R"("https://acme.example/?a=b")", R"("https://a b")"}) {
    CAPTURE(wrong);
    const std::string body = R"({"settings":{"connector":{"server":)" + std::string(wrong) + "}}}";
    CHECK(host.call("PATCH", path, body).status == 422);
    CHECK(pointer(body) == "/settings/connector/server");
  }
  CHECK(
      host.call(
              "PATCH", path,
              R"({"settings":{"connector":{"motto":"fives","server":"http://acme.example/dav/"}}})")
          .status == 200);
  // What a person emptied, of what is not required.
  CHECK(host.call("PATCH", path, R"({"settings":{"connector":{"motto":"","server":""}}})").status ==
        200);
  CHECK(host.call("PATCH", path, R"({"settings":{"connector":{"motto":null,"server":null}}})")
            .status == 200);
  CHECK(pointer(R"({"settings":{"connector":{"papr":"x"}}})") == "/settings/connector/papr");
  CHECK(pointer(R"({"settings":{"mapping":{"layuot":"x"}}})") == "/settings/mapping");
  CHECK(pointer(R"({"settings":{"maping":{}}})") == "/settings/maping");
  CHECK(pointer(R"({"auto_sync":"yes"})") == "/auto_sync");
  CHECK(host.call("PATCH", path, R"({"auto_sync":true})", "If-Match: \"1\"\r\n").status == 412);

  // What an earlier script or connector knew, and this one does not, stands in nobody's way.
  core::Connection connection = host.store.connections().find(host.connection_id).value();
  connection.settings = R"({"connector":{"old":1},"mapping":{"gone":1}})";
  REQUIRE(host.store.commit({ports::put(connection)}, ports::Durability::full));
  CHECK(host.call("PATCH", path, R"({"settings":{"mapping":{"layout":"list"}}})").status == 200);
  CHECK(host.call("PATCH", path, R"({"settings":{"connector":{"paper":"plain"}}})").status == 200);
  CHECK(host.call("PATCH", path, R"({"settings":{"mapping":{"gone":null}}})")
            .json["settings"]["mapping"]
            .size() == 1);

  CHECK(host.get(path + "/targets").json["items"].size() == 2);
  CHECK(host.call("PUT", path + "/target", R"({"id":"t1"})").json["target"]["title"] == "Notebook");
  CHECK(host.call("PUT", path + "/target", R"({"title":"Mine"})").json["target"]["id"] == "made");
  CHECK(host.call("PUT", path + "/target", R"({"id":"t9"})").status == 404);
  CHECK(host.call("PUT", path + "/target", "{}").status == 422);

  const ApiAnswer gone = host.call("DELETE", path);
  CHECK(gone.json["connection"]["state"] == "disconnected");
  CHECK(gone.json["revoked"] == false);
  CHECK(gone.json["manage_url"] == "https://provider.example/apps");
  CHECK(host.get(path).json["status"] == "disconnected");
  CHECK(host.get("/v1/accounts/ann/connections").json["items"].size() == 1);
}

TEST_CASE("connections: what travels, which way and how often is set, checked, and told",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id;
  const ApiAnswer fresh = host.get(path);
  CHECK(fresh.json["direction"] == "both");
  CHECK(fresh.json["interval_s"] == 0);
  CHECK(fresh.json["sync"]["state"] == "idle");
  CHECK(fresh.json["sync"]["failures"] == 0);
  const ApiAnswer edited = host.call(
      "PATCH", path,
      Json{{"direction", "pull"}, {"interval_s", 600}, {"left_out_plans", {host.plan_id}}}.dump());
  REQUIRE(edited.status == 200);
  CHECK(edited.json["direction"] == "pull");
  CHECK(edited.json["left_out_plans"] == Json{host.plan_id});
  CHECK(host.changed.told() == std::vector{host.connection_id});
  const core::Connection stored = host.store.connections().find(host.connection_id).value();
  CHECK(stored.direction == core::Direction::pull);
  CHECK(stored.interval_s == 600);

  host.call("PATCH", path, R"({"interval_s":null,"auto_sync":false,"direction":null})");
  CHECK(host.get(path).json["interval_s"] == 0);
  CHECK(host.get(path).json["sync"]["state"] == "off");
  CHECK(host.changed.told().size() == 1);  // nothing travels by itself: nothing to sync
  host.call("PATCH", path, R"({"auto_sync":true})");
  CHECK(host.changed.told().size() == 2);

  const auto pointer = [&](const std::string& body) {
    const ApiAnswer refused = host.call("PATCH", path, body);
    CHECK(refused.status == 422);
    return refused.json["errors"][0]["pointer"].get<std::string>();
  };
  CHECK(pointer(R"({"direction":"pul"})") == "/direction");
  for (const char* interval : {"59", "86401", "-1", "1.5", "\"60\""}) {
    CHECK(pointer(std::string(R"({"interval_s":)") + interval + "}") == "/interval_s");
  }
  CHECK(pointer(R"({"left_out_plans":["pln_none"]})") == "/left_out_plans/0");
  CHECK(pointer(R"({"left_out_plans":"all"})") == "/left_out_plans");
  host.call("PUT", "/v1/accounts/bob", "{}");
  const std::string others =
      host.post("/v1/accounts/bob/plans", R"({"title":"Bob's","modules":[]})").json["plan"]["id"];
  CHECK(pointer(Json{{"left_out_plans", {host.plan_id, others}}}.dump()) == "/left_out_plans/1");
}

TEST_CASE("connections: a run that writes the connection meanwhile refuses nobody",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id;
  std::atomic<int> races = 3;
  host.store.before_commit([&](const ports::Changes& changes, ports::Durability) -> Status {
    const bool edit = std::holds_alternative<ports::Put<core::Connection>>(changes.front());
    if (edit && races-- > 0) return Error{Code::conflict, "somebody was first", "rev_conflict"};
    return {};
  });
  CHECK(host.call("PATCH", path, R"({"interval_s":60})").json["interval_s"] == 60);
  races = 1;
  const std::string named = "If-Match: " + host.get(path).headers.at("etag") + "\r\n";
  CHECK(host.call("PATCH", path, R"({"interval_s":90})", named).status == 412);
}

TEST_CASE("connections: what is used of a service's budgets is told to the app",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id + "/budgets";
  const Json used = {{"scope", "connection"}, {"used", 12}, {"limit", 180}, {"window_s", 60}};
  CHECK(host.get(path).json["items"] == Json::array({used}));
  CHECK(host.get("/v1/connections/cnn_none/budgets").status == 404);
  CHECK(host.get(path, host.sign_in("ann")).status == 403);
}

TEST_CASE("connections: how their sync stands is told", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id;
  ports::SyncStatus& status = host.upkeep.answer;
  status.state.started_ms = status.state.complete_ms = host.clock.now_ms();
  status.state.failures = 2;
  status.state.error_code = "unavailable";
  status.state.error_message = "it does not answer";
  status.oldest_notification_ms = host.clock.now_ms();
  status.next_ms = host.clock.now_ms() + 60'000;
  status.push.state = ports::PushState::failing;
  status.push.message = "the channel was refused";
  const Json sync = host.get(path).json["sync"];
  CHECK(sync["state"] == "failing");
  CHECK(host.get(path).json["state"] == "error");
  CHECK(host.get(path).json["status"] == "connected");
  CHECK(sync["failures"] == 2);
  CHECK(sync["error"]["message"] == "it does not answer");
  CHECK(sync["last_complete_at"] == sync["oldest_notification_at"]);
  CHECK(sync["next_at"].get<std::string>() > sync["last_complete_at"].get<std::string>());
  CHECK(sync["push"]["state"] == "failing");
  CHECK(sync["push"]["message"] == "the channel was refused");

  const ApiAnswer asked = host.post(path + "/sync", "");
  CHECK(asked.status == 202);
  CHECK(asked.json["kind"] == "sync");
  CHECK_FALSE(asked.json.contains("plan_id"));
  const std::string id = asked.json["id"];
  CHECK(asked.headers.at("location") == "/v1/runs/" + id);
  CHECK(host.post(path + "/sync", "{}").json["id"] == id);
  CHECK(host.post(path + "/sync", R"({"all":true})").status == 400);
  CHECK(host.get(path).json["active_run_id"] == id);
  CHECK(host.get(path).json["sync"]["state"] == "running");
  CHECK(host.get(path).json["state"] == "syncing");

  host.exports.move(id, [](core::Run& run) {
    run.state = core::RunState::waiting;
    run.waiting_for = core::RunWait::approval;
    run.guard = R"({"plan_id":"p","reason":"mass_removal","message":"m","removals":9,"items":10})";
  });
  const Json asks = host.get(path).json;
  CHECK(asks["sync"]["state"] == "asks");
  CHECK(asks["sync"]["waiting_run_id"] == id);
  CHECK_FALSE(asks.contains("active_run_id"));
  CHECK(asks["state"] == "connected");
  CHECK(host.get("/v1/runs/" + id).json["guard"]["removals"] == 9);

  host.call("DELETE", path);
  CHECK(host.post(path + "/sync", "").problem() == "conflict/not_connected");
  CHECK(host.get(path).json["sync"]["state"] == "paused");
  CHECK(host.post("/v1/connections/cnn_none/sync", "").status == 404);
}

TEST_CASE("connections: each tells what its newest finished run counted", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id;
  const std::string all = "/v1/accounts/ann/connections";
  core::Connection second = host.store.connections().find(host.connection_id).value();
  second.id = "cnn_second";
  second.rev = 0;
  ++second.created_ms;
  REQUIRE(host.store.commit({ports::put(second)}, ports::Durability::full));
  const auto put_run = [&](const std::string& id, const std::string& connection_id,
                           core::RunState state, std::int64_t received) {
    host.clock.advance(1'000);
    core::Run run;
    run.id = id;
    run.account_id = "ann";
    run.connection_id = connection_id;
    run.state = state;
    run.counts.received = received;
    run.created_ms = host.clock.now_ms();
    if (core::is_finished(state)) run.finished_ms = host.clock.now_ms();
    REQUIRE(host.store.commit({ports::put(run)}, ports::Durability::relaxed));
  };
  put_run("run_1", second.id, core::RunState::running, 1);
  CHECK_FALSE(host.get(path).json["sync"].contains("last_run"));
  CHECK_FALSE(host.get(all).json["items"][1]["sync"].contains("last_run"));

  put_run("run_2", host.connection_id, core::RunState::succeeded, 2);
  put_run("run_3", host.connection_id, core::RunState::partial, 3);
  const std::string finished_at = core::format_instant(host.clock.now_ms());
  put_run("run_4", host.connection_id, core::RunState::running, 4);
  const Json last = host.get(path).json["sync"]["last_run"];
  CHECK(last["id"] == "run_3");
  CHECK(last["state"] == "partial");
  CHECK(last["finished_at"] == finished_at);
  CHECK(last["counts"] == host.get("/v1/runs/run_3").json["counts"]);
  CHECK(last["counts"]["received"] == 3);

  put_run("run_5", second.id, core::RunState::failed, 0);
  const Json items = host.get(all).json["items"];
  CHECK(items[0]["sync"]["last_run"] == last);
  CHECK(items[1]["sync"]["last_run"]["id"] == "run_5");
}
