// What a person controls after the fact: conflicts, removed tasks and plans, why a task looks so.
#include <algorithm>
#include <catch2/catch.hpp>

#include "api/api_host.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

namespace {

core::Conflict conflict_of(const ApiHost& host, const std::string& id, const std::string& key) {
  core::Conflict conflict;
  conflict.id = id;
  conflict.account_id = "ann";
  conflict.connection_id = host.connection_id;
  conflict.plan_id = host.plan_id;
  conflict.task_id = host.task_id;
  conflict.key = key;
  conflict.title = "Install";
  conflict.run_id = "run_1";
  conflict.policy = "newest";
  conflict.fields = R"([{"field":"Task","base":"a","here":"b","there":null,"kept":"here"}])";
  conflict.undo = R"({"title":"c"})";
  conflict.at_ms = host.clock.now_ms();
  return conflict;
}

core::RunItem item_of(const std::string& run, const std::string& key, const std::string& action) {
  core::RunItem item;
  item.run_id = run;
  item.key = key;
  item.kind = "row";
  item.title = "Install";
  item.action = action;
  item.result = "done";
  return item;
}

}  // namespace

TEST_CASE("conflicts: are listed by connection and task, shown, and undone once",
          "[api][conflicts]") {
  ApiHost host;
  host.seed();
  const std::string key = "task:" + host.task_id;
  REQUIRE(host.store.commit({ports::put(conflict_of(host, "cfl_1", key)),
                             ports::put(conflict_of(host, "cfl_2", key + "/2026-11-23"))},
                            ports::Durability::relaxed));
  const std::string all = "/v1/accounts/ann/conflicts";
  CHECK(host.get(all).json["items"].size() == 2);
  CHECK(host.get(all + "?connection_id=" + host.connection_id).json["items"].size() == 2);
  CHECK(host.get(all + "?connection_id=cnn_none").json["items"].empty());
  CHECK(host.get(all + "?task_id=" + host.task_id).json["items"].size() == 2);
  CHECK(host.get(all + "?task_id=tsk_none").json["items"].empty());
  const ApiAnswer first = host.get(all + "?limit=1");
  CHECK(first.json["items"].size() == 1);
  const std::string cursor = first.json["next_cursor"];
  REQUIRE_FALSE(cursor.empty());
  const ApiAnswer second = host.get(all + "?limit=1&cursor=" + cursor);
  CHECK(second.json["items"][0]["id"] != first.json["items"][0]["id"]);
  CHECK(host.get("/v1/accounts/nobody/conflicts").status == 404);

  const ApiAnswer one = host.get("/v1/conflicts/cfl_2");
  CHECK(one.json["slot"] == "2026-11-23");
  CHECK(one.json["fields"][0]["kept"] == "here");
  CHECK(one.json["undo"] == Json{{"title", "c"}});
  CHECK_FALSE(one.json.contains("undone_at"));
  CHECK(host.get("/v1/conflicts/cfl_none").status == 404);
  CHECK(host.post("/v1/conflicts/cfl_2/undo", "").json.contains("undone_at"));
  CHECK(host.post("/v1/conflicts/cfl_2/undo", "").problem() == "conflict/undone_already");
  CHECK(host.get("/v1/conflicts/cfl_2").json.contains("undone_at"));
  const std::string once = "Idempotency-Key: k1\r\n";
  CHECK(host.post("/v1/conflicts/cfl_1/undo", "", once).status == 200);
  CHECK(host.post("/v1/conflicts/cfl_1/undo", "", once).status == 200);
}

TEST_CASE("conflicts and removed tasks of other accounts do not exist for a user",
          "[api][conflicts]") {
  ApiHost host;
  host.seed();
  host.call("PUT", "/v1/accounts/bob", "{}");
  REQUIRE(host.store.commit({ports::put(conflict_of(host, "cfl_1", "task:" + host.task_id))},
                            ports::Durability::relaxed));
  const std::string bob = host.sign_in("bob");
  CHECK(host.get("/v1/conflicts/cfl_1", bob).status == 404);
  CHECK(host.post("/v1/conflicts/cfl_1/undo", "", bob).status == 404);
  CHECK(host.get("/v1/accounts/ann/conflicts", bob).status >= 403);
  CHECK(host.get("/v1/tasks/" + host.task_id + "/history", bob).status == 404);
  CHECK(host.post("/v1/tasks/" + host.task_id + "/restore", "", bob).status == 404);
  CHECK(host.get("/v1/plans/" + host.plan_id + "/removed", bob).status == 404);
  CHECK(host.post("/v1/connections/" + host.connection_id + "/sync", "", bob).status == 404);
  CHECK(host.get("/v1/conflicts/cfl_1", host.sign_in("ann")).status == 200);
}

TEST_CASE("tasks: a removed one is listed and comes back", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/tasks/" + host.task_id;
  const std::string removed = "/v1/plans/" + host.plan_id + "/removed";
  CHECK(host.get(removed).json["items"].empty());
  host.call("DELETE", path);
  const ApiAnswer listed = host.get(removed);
  REQUIRE(listed.json["items"].size() == 1);
  CHECK(listed.json["items"][0]["id"] == host.task_id);
  CHECK(listed.json["items"][0].contains("deleted_at"));
  CHECK(host.get(path + "/history").status == 200);  // also of a removed one
  const ApiAnswer restored = host.post(path + "/restore", "");
  CHECK(restored.status == 200);
  CHECK(restored.json["id"] == host.task_id);
  CHECK_FALSE(restored.json.contains("deleted_at"));
  CHECK(host.get(path).status == 200);
  CHECK(host.get(removed).json["items"].empty());
  CHECK(host.post("/v1/tasks/tsk_none/restore", "").status == 404);
}

TEST_CASE("tasks: removed ones are listed page by page, those removed last first",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const Json tasks = host.get("/v1/plans/" + host.plan_id + "/tasks").json["items"];
  REQUIRE(tasks.size() == 3);
  std::vector<std::string> gone;  // two of them at the same moment
  for (const Json& task : tasks) {
    gone.insert(gone.begin(), task["id"].get<std::string>());
    host.call("DELETE", "/v1/tasks/" + gone.front());
    if (gone.size() != 2) host.clock.advance(1'000);
  }
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const ApiAnswer page = host.get("/v1/plans/" + host.plan_id + "/removed?limit=1" +
                                    (cursor.empty() ? "" : "&cursor=" + cursor));
    REQUIRE(page.json["items"].size() == 1);
    seen.push_back(page.json["items"][0]["id"]);
    cursor = page.json["next_cursor"];
  } while (!cursor.empty() && seen.size() < 9);
  CHECK(std::is_permutation(seen.begin(), seen.end(), gone.begin(), gone.end()));
  CHECK(seen.back() == gone.back());
  CHECK(host.get("/v1/plans/" + host.plan_id + "/removed?cursor=x").problem() ==
        "invalid/bad_cursor");
}

TEST_CASE("plans: what stands at a service is asked about before a plan goes", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/plans/" + host.plan_id;
  core::Pair pair;
  pair.connection_id = host.connection_id;
  pair.plan_id = host.plan_id;
  pair.key = "task:" + host.task_id;
  pair.remote_id = "r1";
  REQUIRE(host.store.commit({ports::put(pair)}, ports::Durability::relaxed));
  const ApiAnswer asked = host.call("DELETE", path);
  CHECK(asked.status == 409);
  CHECK(asked.problem() == "conflict/remote_choice_needed");
  CHECK(asked.json["next_action"] == "fix_request");
  CHECK(host.call("DELETE", path + "?remote=burn").problem() == "invalid/bad_remote");
  CHECK(host.call("DELETE", path + "?romete=keep").problem() == "invalid/unknown_parameter");
  CHECK(host.get(path).status == 200);
  CHECK(host.call("DELETE", path + "?remote=keep").status == 204);
  CHECK(host.get(path).status == 404);
  CHECK(host.post(path + "/restore", R"({"all":true})").status == 400);
  CHECK(host.post(path + "/restore", "").json["id"] == host.plan_id);
  CHECK(host.get(path).status == 200);
  CHECK(host.post("/v1/plans/pln_none/restore", "").status == 404);
  host.call("PUT", "/v1/accounts/bob", "{}");
  CHECK(host.post(path + "/restore", "", host.sign_in("bob")).status == 404);
}

TEST_CASE("plans: a removed one is not found by the app's own id", "[api][resources]") {
  ApiHost host;
  host.seed();
  const ApiAnswer imported = host.post("/v1/accounts/ann/plans",
                                       R"({"title":"Own","external_id":"swift-1","modules":[]})");
  REQUIRE(imported.status == 201);
  const std::string by_id = "/v1/accounts/ann/plans?external_id=swift-1";
  REQUIRE(host.get(by_id).json["items"].size() == 1);
  const std::string id = imported.json["plan"]["id"];
  REQUIRE(host.call("DELETE", "/v1/plans/" + id + "?remote=keep").status == 204);
  CHECK(host.get(by_id).json["items"].empty());
}

TEST_CASE("tasks: the history says what made a task as it is", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string key = "task:" + host.task_id;
  core::Run push;
  push.id = "run_1";
  push.account_id = "ann";
  push.connection_id = host.connection_id;
  push.plan_id = host.plan_id;
  push.script_revision = "r7";
  push.request_id = "req_1";
  push.created_ms = host.clock.now_ms();
  core::Run pull = push;
  pull.id = "run_2";
  pull.plan_id.clear();
  pull.kind = core::RunKind::sync;
  pull.trigger = core::RunTrigger::notification;
  core::RunItem created = item_of("run_1", key, "create");
  created.at_ms = host.clock.now_ms();
  created.provider_request = "abc-123";
  created.task_rev = 1;
  created.plan_rev = 4;
  core::RunItem received = item_of("run_2", key + "/2026-11-23", "receive");
  received.at_ms = created.at_ms + 1000;
  received.cause = "ntf_1";
  received.task_rev = 2;
  received.message = "a status change outside does not count";
  REQUIRE(host.store.commit(
      {ports::put(push), ports::put(pull), ports::put(created), ports::put(received),
       ports::put(item_of("run_1", "task:tsk_other", "create"))},
      ports::Durability::relaxed));
  const ApiAnswer history = host.get("/v1/tasks/" + host.task_id + "/history");
  REQUIRE(history.status == 200);
  const Json& items = history.json["items"];
  REQUIRE(items.size() == 2);
  CHECK(items[0]["action"] == "receive");
  CHECK(items[0]["cause"] == "ntf_1");
  CHECK(items[0]["slot"] == "2026-11-23");
  CHECK(items[0]["trigger"] == "notification");
  CHECK(items[0]["message"] == "a status change outside does not count");
  CHECK(items[1]["provider_request"] == "abc-123");
  CHECK(items[1]["script_revision"] == "r7");
  CHECK(items[1]["request_id"] == "req_1");
  CHECK(items[1]["task_rev"] == 1);
  CHECK(items[1]["plan_rev"] == 4);
  CHECK(items[1]["connection_id"] == host.connection_id);
  CHECK_FALSE(items[1].contains("slot"));
  CHECK_FALSE(items[0].contains("plan_rev"));  // of a line written before it was noted
  const Json run_items = host.get("/v1/runs/run_2/items").json["items"];
  CHECK(run_items[0]["cause"] == "ntf_1");
  CHECK(run_items[0]["task_rev"] == 2);
}

TEST_CASE("lineage: every call that saves something hands its request id on", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string plan = "/v1/plans/" + host.plan_id;
  const std::string all = plan + "/tasks";
  core::Conflict conflict = conflict_of(host, "cfl_1", "task:" + host.task_id);
  REQUIRE(host.store.commit({ports::put(conflict)}, ports::Durability::relaxed));
  const auto saved_by = [&](const ApiAnswer& answer) {
    CHECK(answer.status / 100 == 2);
    CHECK(host.plans.asked_by() == answer.headers.at("x-request-id"));
    return answer;
  };
  const ApiAnswer series = saved_by(host.post(all, R"({"title":"Swim","schedule":
      {"start":"2026-11-23T18:00:00"},"recurrence":["RRULE:FREQ=WEEKLY;COUNT=5"]})"));
  const std::string task = "/v1/tasks/" + series.json["id"].get<std::string>();
  const std::string at = task + "/occurrences/2026-";
  saved_by(host.call("PUT", "/v1/accounts/ann", R"({"tier":"free"})"));
  saved_by(host.call("PATCH", plan, R"({"title":"More Swift"})"));
  saved_by(host.post(plan + "/reschedule", "{}"));
  saved_by(host.call("PATCH", at + "11-30T18:00:00", R"({"title":"Dive"})"));
  saved_by(host.call("DELETE", at + "12-07T18:00:00"));
  saved_by(host.post(at + "12-14T18:00:00/split", R"({"title":"Row"})"));
  saved_by(host.post("/v1/conflicts/cfl_1/undo", "{}"));
  saved_by(host.call("DELETE", task));
  saved_by(host.post(task + "/restore", "{}"));
  saved_by(host.call("DELETE", plan + "?remote=remove"));
  saved_by(host.post(plan + "/restore", "{}"));
  saved_by(host.post("/v1/accounts/ann/plans", R"({"external_id":"x","title":"X","modules":[]})"));
  host.call("PATCH", task, R"({"notes":"Towel"})", "X-Request-Id: mine-7\r\n");
  CHECK(host.plans.asked_by() == "mine-7");
}
