// Accounts, plans, tasks, decisions, health: what is asked, what is answered.
#include <catch2/catch.hpp>

#include "api/api_host.hpp"
#include "core/reconcile.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

TEST_CASE("accounts: are put, read, listed; ids are the app's own", "[api][resources]") {
  ApiHost host;
  const std::string path = "/v1/accounts/user%2F1%20%C3%A9";
  const ApiAnswer created = host.call("PUT", path, R"({"tier":"pro"})");
  CHECK(created.status == 201);
  CHECK(created.json["id"] == "user/1 é");
  CHECK(created.headers.at("etag").rfind("\"1-", 0) == 0);
  CHECK(host.call("PUT", path, R"({"tier":"free"})").status == 200);
  const ApiAnswer read = host.get(path);
  CHECK(read.json["tier"] == "free");
  const std::string known = "If-None-Match: " + read.headers.at("etag") + "\r\n";
  CHECK(host.get(path, known).status == 304);
  CHECK(host.get(path, known).headers.at("etag") == read.headers.at("etag"));
  CHECK(host.call("PUT", path, R"({"tier":"free"})", "If-Match: \"2\"\r\n").status == 200);
  CHECK(host.get(path, known).status == 200);
  CHECK(host.call("PUT", path, "{}", "If-Match: \"1\"\r\n").problem() ==
        "conflict/precondition_failed");
  CHECK(host.call("PUT", path, "{}", "If-Match: \"1\"\r\n").status == 412);
  CHECK(host.call("PUT", path, "{}", "If-Match: W/\"1\"\r\n").status == 412);
  for (const char* wrong :
       {"1", "\"1x\"", "\"0\"", "\"1\" \"2\"", "\"1\",", "\"1", "x/\"1\"", ","}) {
    INFO(wrong);
    CHECK(host.call("PUT", path, "{}", std::string("If-Match: ") + wrong + "\r\n").problem() ==
          "invalid/bad_if_match");
  }
  CHECK(host.call("PUT", "/v1/accounts/" + std::string(129, 'x'), "{}").problem() ==
        "invalid/bad_account");
  CHECK(host.get("/v1/accounts/nobody").status == 404);
  for (int i = 0; i < 5; ++i) host.call("PUT", "/v1/accounts/a" + std::to_string(i), "{}");
  std::size_t seen = 0;
  std::string cursor;
  do {
    const ApiAnswer page = host.get("/v1/accounts?limit=2&cursor=" + cursor);
    REQUIRE(page.status == 200);
    seen += page.json["items"].size();
    cursor = page.json["next_cursor"];
  } while (!cursor.empty());
  CHECK(seen == 6);
}

TEST_CASE("accounts: one is removed with all that is its own, by a key with the scope admin",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string user = host.sign_in("ann");
  CHECK(host.call("DELETE", "/v1/accounts/ann", {}, user).problem() == "forbidden/apps_only");
  CHECK(host.call("DELETE", "/v1/accounts/ann", {}, host.key_line({"read", "write"})).problem() ==
        "forbidden/scope");
  const ApiAnswer removed = host.call("DELETE", "/v1/accounts/ann");
  REQUIRE(removed.status == 200);
  REQUIRE(removed.json["connections"].size() == 1);
  CHECK(removed.json["connections"][0]["connection_id"] == host.connection_id);
  CHECK(removed.json["connections"][0]["revoked"] == false);
  CHECK(removed.json["connections"][0]["manage_url"] == "https://provider.example/apps");
  for (const std::string& path :
       {std::string("/v1/accounts/ann"), "/v1/plans/" + host.plan_id, "/v1/tasks/" + host.task_id,
        "/v1/connections/" + host.connection_id}) {
    CAPTURE(path);
    CHECK(host.get(path).status == 404);
  }
  CHECK(host.get("/v1/session", user).status == 401);
  CHECK(host.call("DELETE", "/v1/accounts/ann").status == 404);
}

TEST_CASE(
    "requests: what is misspelt is 400 with the nearest word, what is wrong is 422 with its place",
    "[api][resources]") {
  ApiHost host;
  host.seed();
  const ApiAnswer unknown = host.call("PUT", "/v1/accounts/ann", R"({"teir":"pro"})");
  CHECK(unknown.status == 400);
  CHECK(unknown.problem() == "invalid/unknown_field");
  CHECK(unknown.json["errors"][0]["pointer"] == "/teir");
  CHECK(unknown.json["errors"][0]["detail"].get<std::string>().find("\"tier\"") !=
        std::string::npos);
  const ApiAnswer wrong =
      host.call("PATCH", "/v1/tasks/" + host.task_id, R"({"status":"finished","duration_s":-1})");
  CHECK(wrong.status == 422);
  CHECK(wrong.json["errors"].size() == 2);
  const ApiAnswer roadmap = host.post(
      "/v1/accounts/ann/plans",
      R"({"topic":"T","weeks":[{"week":1,"tasks":[{"day":1,"task":"x","duration":"long"}]}]})");
  CHECK(roadmap.status == 422);
  CHECK(roadmap.json["errors"][0]["pointer"] == "/weeks/0/tasks/0/duration");
  CHECK(host.call("PUT", "/v1/accounts/ann", "{").problem() == "invalid/bad_json");
  CHECK(host.call("PUT", "/v1/accounts/ann", "[]").status == 422);
  CHECK(host.call("PUT", "/v1/accounts/ann", R"({"tier":"a","tier":"b"})").problem() ==
        "invalid/bad_json");
  CHECK(host.call("PUT", "/v1/accounts/ann", std::string(100'000, '[')).problem() ==
        "invalid/bad_json");
  CHECK(host.call("PUT", "/v1/accounts/ann", "\xff").problem() == "invalid/bad_json");
  CHECK(host.call("PUT", "/v1/accounts/ann", "tier=pro", "Content-Type: text/plain\r\n").status ==
        415);
  const ApiAnswer query = host.get("/v1/accounts?limt=5");
  CHECK(query.problem() == "invalid/unknown_parameter");
  CHECK(query.json["detail"].get<std::string>().find("'limit'") != std::string::npos);
  for (const char* limit : {"0", "201", "-1", "x", "1x", "99999999999999999999"}) {
    CHECK(host.get(std::string("/v1/accounts?limit=") + limit).problem() == "invalid/bad_limit");
  }
  CHECK(host.get("/v1/accounts?limit=1&limit=2").problem() == "invalid/repeated_parameter");
}

TEST_CASE("records: that one cannot be read is not told as that there is none",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string connect = Json{
      {"connector", "memo"},
      {"return_to", "https://app.example/done"},
      {"export_plan_id",
       host.plan_id}}.dump();
  const std::string by_connector = Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump();
  const std::string decide = Json{
      {"account_id", "ann"},
      {"action", "export.start"},
      {"connector", "memo"},
      {"map_plan_id",
       host.plan_id}}.dump();
  host.store.fail_records(Error{Code::unavailable, "the disk is gone"});
  CHECK(host.post("/v1/plans/" + host.plan_id + "/restore", "").status == 503);
  CHECK(host.post("/v1/accounts/ann/connect_sessions", connect).status == 503);
  CHECK(host.post("/v1/accounts/ann/exports", by_connector).status == 503);
  CHECK(host.post("/v1/decisions", decide).status == 503);
  host.store.fail_records(std::nullopt);
  CHECK(host.post("/v1/accounts/ann/exports", by_connector).status == 202);
}

TEST_CASE("bodies: what a call does not take is refused by name", "[api][resources]") {
  ApiHost host;
  host.seed();
  CHECK(host.post("/v1/plans/" + host.plan_id + "/reschedule", R"({"from":"today"})").problem() ==
        "invalid/unknown_field");
  const ApiAnswer no_scopes = host.post("/v1/api_keys", R"({"scopes":null})");
  CHECK(no_scopes.status == 422);
  CHECK(no_scopes.json["errors"][0]["pointer"] == "/scopes");
  const ApiAnswer far = host.post(
      "/v1/accounts/ann/connect_sessions",
      Json{{"connector", "memo"}, {"return_to", "https://app.example/" + std::string(1'990, 'x')}}
          .dump());
  CHECK(far.status == 422);
  CHECK(far.json["errors"][0]["pointer"] == "/return_to");
}

TEST_CASE("plans: an empty patch is one that says nothing", "[api][resources]") {
  ApiHost host;
  host.seed();
  CHECK(host.call("PATCH", "/v1/plans/" + host.plan_id).status == 200);
  CHECK(host.call("PATCH", "/v1/tasks/" + host.task_id).status == 200);
}

TEST_CASE("entity tags: lists, weak ones and any are understood", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/accounts/ann";
  const std::string tag = host.get(path).headers.at("etag");
  for (const std::string& known :
       {tag, "W/" + tag, "\"1-0\", W/" + tag, tag + " , \"x\"", std::string("*")}) {
    INFO(known);
    CHECK(host.get(path, "If-None-Match: " + known + "\r\n").status == 304);
    CHECK(host.call("HEAD", path, {}, "If-None-Match: " + known + "\r\n").status == 304);
  }
  for (const char* other : {"\"1-0\"", "x", "W/\"\""}) {
    CHECK(host.get(path, std::string("If-None-Match: ") + other + "\r\n").status == 200);
  }
  const auto put = [&](const std::string& account, const std::string& line) {
    return host.call("PUT", "/v1/accounts/" + account, R"({"tier":"free"})", line + "\r\n");
  };
  CHECK(put("ann", "If-Match: \"0-1\", W/" + tag).problem() == "invalid/bad_if_match");
  CHECK(put("ann", "If-Match: \"99-1\", W/" + tag).status == 412);
  CHECK(put("ann", "If-Match: W/" + tag).status == 200);
  CHECK(put("ann", "If-Match: *").status == 200);
  CHECK(put("ann", "If-None-Match: *").problem() == "conflict/precondition_failed");
  CHECK(put("ann", "If-None-Match: *").status == 412);
  CHECK(put("eve", "If-Match: *").status == 412);
  CHECK(host.get("/v1/accounts/eve").status == 404);
  CHECK(put("eve", "If-None-Match: *").status == 201);
}

TEST_CASE("accounts: the lists of an unknown one are not found", "[api][resources]") {
  ApiHost host;
  CHECK(host.get("/v1/accounts/nobody/plans").status == 404);
  CHECK(host.get("/v1/accounts/nobody/connections").status == 404);
  CHECK(host.get("/v1/accounts/nobody/conflicts").status == 404);
  CHECK(host.get("/v1/runs?account_id=nobody").status == 404);
  CHECK(host.get("/v1/runs").status == 200);
}

TEST_CASE("queries: what a call does not take is refused, whatever it does", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string body = Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump();
  const std::string task = "/v1/tasks/" + host.task_id;
  const std::string refused = "invalid/unknown_parameter";
  CHECK(host.post("/v1/accounts/ann/exports?preview=true", body).problem() == refused);
  CHECK(host.get("/v1/runs").json["items"].empty());
  CHECK(host.post("/v1/plans/" + host.plan_id + "/tasks?week_id=w", R"({"title":"x"})").problem() ==
        refused);
  CHECK(host.call("PATCH", task + "?dry=1", R"({"title":"x"})").problem() == refused);
  CHECK(host.call("DELETE", task + "?remote=keep").problem() == refused);
  CHECK(host.call("PUT", "/v1/accounts/ann?x", "{}").problem() == refused);
  CHECK(host.get("/v1/accounts/ann/connections?limit=1").problem() == refused);
  CHECK(host.get(task).json["title"] == "Install");
  // A filter that got lost on the way is no "all of them".
  const std::string empty = "invalid/empty_parameter";
  CHECK(host.get("/v1/accounts/ann/plans?external_id=").problem() == empty);
  CHECK(host.get("/v1/runs?account_id=").problem() == empty);
  CHECK(host.get("/v1/runs/run_1/items?result=").problem() == empty);
  CHECK(host.get("/v1/accounts/ann/plans?cursor=").status == 200);
  // What others add to the addresses that they were given does no harm.
  CHECK(host.visit("GET", "/v1/health?probe=1").status == 200);
}

TEST_CASE("plans: are imported, read, changed, listed, removed", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/plans/" + host.plan_id;
  const ApiAnswer plan = host.get(path);
  CHECK(plan.json["title"] == "Swift");
  CHECK(host.call("PATCH", path, R"({"title":"Swift 6"})",
                  "If-Match: " + plan.headers.at("etag") + "\r\n")
            .status == 200);
  CHECK(host.call("PATCH", path, R"({"title":"Swift 7"})",
                  "If-Match: " + plan.headers.at("etag") + "\r\n")
            .status == 412);
  CHECK(host.get("/v1/accounts/ann/plans").json["items"].size() == 1);
  CHECK(host.get("/v1/accounts/ann/plans?external_id=none").json["items"].empty());
  CHECK(host.call("PATCH", path, R"({"external_id":"swift"})").json["external_id"] == "swift");
  CHECK(host.get("/v1/accounts/ann/plans?external_id=swift").json["items"].size() == 1);
  CHECK(host.post(path + "/reschedule", "").status == 200);
  const ApiAnswer canonical = host.post(
      "/v1/accounts/ann/plans", R"({"title":"Own","external_id":"p1","modules":[{"title":"M",
      "weeks":[{"number":1,"tasks":[{"title":"T"}]}]}]})");
  CHECK(canonical.status == 201);
  CHECK(canonical.headers.at("location") ==
        "/v1/plans/" + canonical.json["plan"]["id"].get<std::string>());
  CHECK(host.get("/v1/accounts/ann/plans?external_id=p1").json["items"].size() == 1);
  CHECK(host.call("DELETE", path).status == 204);
  CHECK(host.get(path).status == 404);
  CHECK(host.post("/v1/accounts/nobody/plans", R"({"title":"x","modules":[]})").status == 404);
}

TEST_CASE("reads: what is not as it was is told again, also where the record did not change",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string task = "/v1/tasks/" + host.task_id;
  const std::string plan = "/v1/plans/" + host.plan_id;
  const std::string connection = "/v1/connections/" + host.connection_id;
  const auto tag_of = [&](const std::string& path) { return host.get(path).headers.at("etag"); };
  const auto known = [&](const std::string& path, const std::string& tag) {
    return host.get(path, "If-None-Match: " + tag + "\r\n").status == 304;
  };
  const std::string task_tag = tag_of(task);
  const std::string plan_tag = tag_of(plan);
  const std::string connection_tag = tag_of(connection);
  CHECK(known(task, task_tag));
  CHECK(known(plan, plan_tag));
  CHECK(known(connection, connection_tag));

  core::Pair pair;
  pair.connection_id = host.connection_id;
  pair.plan_id = host.plan_id;
  pair.key = "task:" + host.task_id;
  pair.synced_ms = host.clock.now_ms();
  REQUIRE(host.store.commit({ports::put(pair)}, ports::Durability::full));
  CHECK_FALSE(known(task, task_tag));  // its `sync`
  CHECK(known(task, tag_of(task)));

  REQUIRE(host.post(connection + "/sync", "").status == 202);
  CHECK_FALSE(known(connection, connection_tag));  // its `state` and `active_run_id`
  CHECK(known(connection, tag_of(connection)));

  CHECK(known(plan, plan_tag));
  REQUIRE(host.call("PATCH", task, R"({"title":"Install Xcode"})").status == 200);
  CHECK_FALSE(known(plan, plan_tag));  // its `tasks_rev`
  CHECK(known(plan, tag_of(plan)));

  // A change asks for the revision alone: none of this was an edit of plan or connection.
  CHECK(
      host.call("PATCH", plan, R"({"title":"Swift 6"})", "If-Match: " + plan_tag + "\r\n").status ==
      200);
  CHECK(
      host.call("PATCH", connection, R"({"interval_s":60})", "If-Match: " + connection_tag + "\r\n")
          .status == 200);
  CHECK(host.call("PATCH", task, R"({"title":"x"})", "If-Match: " + task_tag + "\r\n").status ==
        412);
  CHECK(host.call("PATCH", task, R"({"title":"x"})", "If-Match: \"1x\"\r\n").problem() ==
        "invalid/bad_if_match");
}

TEST_CASE("tasks: carry their revision and how they stand in each connection", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/tasks/" + host.task_id;
  CHECK(host.get(path).json["sync"].empty());
  core::Pair pair;
  pair.connection_id = host.connection_id;
  pair.plan_id = host.plan_id;
  pair.key = "task:" + host.task_id;
  pair.url = "https://memo.example/1";
  pair.synced_ms = host.clock.now_ms();
  REQUIRE(host.store.commit({ports::put(pair)}, ports::Durability::full));
  ApiAnswer task = host.get(path);
  REQUIRE(task.json["sync"].size() == 1);
  CHECK(task.json["sync"][0]["state"] == "synced");
  CHECK(task.json["sync"][0]["url"] == "https://memo.example/1");
  host.clock.advance(1'000);
  task = host.call("PATCH", path, R"({"title":"Install Xcode"})",
                   "If-Match: " + task.headers.at("etag") + "\r\n");
  CHECK(task.json["title"] == "Install Xcode");
  CHECK(task.json["sync"][0]["state"] == "pending");
  const ApiAnswer all = host.get("/v1/plans/" + host.plan_id + "/tasks?limit=2");
  CHECK(all.json["items"].size() == 2);
  CHECK(all.json["items"][1]["sync"][0]["state"] == "pending");

  core::Run run;
  run.id = "run_1";
  run.account_id = "ann";
  run.connection_id = host.connection_id;
  run.plan_id = host.plan_id;
  run.state = core::RunState::partial;
  run.counts.failed = 1;
  run.created_ms = host.clock.now_ms();
  core::RunItem item;
  item.run_id = run.id;
  item.key = pair.key;
  item.kind = "row";
  item.title = "Install";
  item.action = "update";
  item.result = "failed";
  item.code = "invalid";
  item.message = "too long";
  item.at_ms = host.clock.now_ms();
  REQUIRE(host.store.commit({ports::put(run), ports::put(item)}, ports::Durability::full));
  task = host.get(path);
  CHECK(task.json["sync"][0]["state"] == "failed");
  CHECK(task.json["sync"][0]["error"]["message"] == "too long");
  CHECK(host.get("/v1/runs/run_1/items?result=failed").json["items"].size() == 1);
  CHECK(host.get("/v1/runs/run_1/items?result=parked").json["items"].empty());
  CHECK(host.get("/v1/runs/run_1/items?result=odd").status == 400);

  const ApiAnswer added =
      host.post("/v1/plans/" + host.plan_id + "/tasks", R"({"title":"More","duration_s":600})");
  CHECK(added.status == 201);
  CHECK(host.call("DELETE", path, {}, "If-Match: \"1\"\r\n").status == 412);
  CHECK(host.call("DELETE", path).status == 204);
  CHECK(host.get(path).status == 404);
}

TEST_CASE("tasks: are synced once a run that knew them as they are has brought them over",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  core::Pair pair;
  pair.connection_id = host.connection_id;
  pair.plan_id = host.plan_id;
  pair.key = "task:" + host.task_id;
  const auto put_run = [&](const std::string& id, const std::string& plan_id, core::RunState state,
                           core::RunKind kind = core::RunKind::sync) {
    core::Run run;
    run.id = id;
    run.account_id = "ann";
    run.connection_id = host.connection_id;
    run.plan_id = plan_id;
    run.kind = kind;
    run.state = state;
    run.created_ms = host.clock.now_ms();
    run.started_ms = host.clock.now_ms();
    if (const auto known = host.store.runs().find(id)) {
      run.rev = known->rev;
      run.created_ms = known->created_ms;
      run.started_ms = known->started_ms;
    }
    if (core::is_finished(state)) run.finished_ms = host.clock.now_ms();
    REQUIRE(host.store.commit({ports::put(run)}, ports::Durability::relaxed));
  };
  const auto put_pair = [&] {
    pair.synced_ms = host.clock.now_ms();
    REQUIRE(host.store.commit({ports::put(pair)}, ports::Durability::relaxed));
  };
  const auto state = [&] {
    return host.get("/v1/tasks/" + host.task_id).json["sync"][0]["state"].get<std::string>();
  };
  const auto edit = [&](const std::string& title) {
    host.clock.advance(1'000);
    host.call("PATCH", "/v1/tasks/" + host.task_id, Json{{"title", title}}.dump());
    host.clock.advance(1'000);
  };
  put_run("run_1", host.plan_id, core::RunState::running);
  put_pair();
  CHECK(state() == "synced");  // already, while the run goes on
  // Edited after the run had looked, before it wrote what it had seen.
  edit("Two");
  put_pair();
  put_run("run_1", host.plan_id, core::RunState::succeeded);
  CHECK(state() == "pending");
  // Another plan's run says nothing of it.
  put_run("run_2", "pln_other", core::RunState::succeeded);
  CHECK(state() == "pending");
  host.clock.advance(10);
  put_run("run_3", host.plan_id, core::RunState::running);
  CHECK(state() == "pending");
  host.clock.advance(10);
  put_pair();
  CHECK(state() == "synced");
  // A run that was cut off has not brought what it did not write.
  edit("Three");
  put_run("run_4", host.plan_id, core::RunState::partial);
  CHECK(state() == "pending");
  // What has no item after a run that brought everything is none by its mapping, until it changes.
  pair.state = core::PairState::tombstone;
  put_pair();
  CHECK(state() == "pending");
  put_run("run_41", host.plan_id, core::RunState::succeeded);
  CHECK(state() == "left_out");
  edit("Three again");
  CHECK(state() == "pending");
  pair.state = core::PairState::paired;
  put_pair();
  // A sync of the whole connection is about this plan too, also where nothing had to be written,
  put_run("run_5", "", core::RunState::succeeded);
  CHECK(state() == "synced");
  // unless the plan was left out of it, or nothing is written there.
  edit("Four");
  const std::string connection = "/v1/connections/" + host.connection_id;
  host.call("PATCH", connection, Json{{"left_out_plans", {host.plan_id}}}.dump());
  put_run("run_6", "", core::RunState::succeeded);
  CHECK(state() == "pending");
  host.call("PATCH", connection, R"({"left_out_plans":[],"direction":"pull"})");
  put_run("run_7", "", core::RunState::succeeded);
  CHECK(state() == "pending");
  // Runs that bring nothing take nothing back, however many they are.
  put_run("run_8", host.plan_id, core::RunState::succeeded, core::RunKind::export_plan);
  put_pair();
  CHECK(state() == "synced");
  const core::RunState polled = GENERATE(core::RunState::succeeded, core::RunState::failed);
  for (int i = 100; i <= 150; ++i) {
    host.clock.advance(10);
    put_run("run_9" + std::to_string(i), "", polled);
  }
  CHECK(state() == "synced");
  edit("Five");
  CHECK(state() == "pending");
}

TEST_CASE("tasks: say what came from a service, what conflicts, and what a run asks about",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const auto sync = [&] { return host.get("/v1/tasks/" + host.task_id).json["sync"][0]; };
  const auto save = [&](auto... records) {
    REQUIRE(host.store.commit({ports::put(records)...}, ports::Durability::full));
  };
  core::Pair pair;
  pair.connection_id = host.connection_id;
  pair.plan_id = host.plan_id;
  pair.key = "task:" + host.task_id;
  pair.remote_id = "there-1";
  pair.synced_ms = host.clock.now_ms();
  save(pair);
  CHECK_FALSE(sync().contains("received_at"));
  CHECK_FALSE(sync().contains("conflict_id"));

  core::Run run;
  run.id = "run_1";
  run.account_id = "ann";
  run.connection_id = host.connection_id;
  run.state = core::RunState::succeeded;
  core::RunItem item;
  item.run_id = run.id;
  item.key = pair.key;
  item.action = "receive";
  item.result = "done";
  item.task_rev = host.get("/v1/tasks/" + host.task_id).json["rev"];
  item.at_ms = host.clock.now_ms();
  core::Conflict conflict;
  conflict.id = "cfl_1";
  conflict.account_id = "ann";
  conflict.connection_id = host.connection_id;
  conflict.plan_id = host.plan_id;
  conflict.task_id = host.task_id;
  conflict.at_ms = host.clock.now_ms();
  save(run, item, conflict);
  CHECK(sync()["state"] == "synced");
  CHECK(sync()["received_at"] == sync()["synced_at"]);
  CHECK(sync()["conflict_id"] == "cfl_1");

  SECTION("an edit here makes both old") {
    host.clock.advance(1'000);
    host.call("PATCH", "/v1/tasks/" + host.task_id, R"({"title":"Install Xcode"})");
    CHECK_FALSE(sync().contains("received_at"));
    CHECK_FALSE(sync().contains("conflict_id"));
  }
  SECTION("what was undone is no conflict any more") {
    conflict.undone_ms = host.clock.now_ms();
    conflict.rev = host.store.conflicts().find("cfl_1").value().rev;
    save(conflict);
    CHECK_FALSE(sync().contains("conflict_id"));
  }
  SECTION("what another connection brought is not this one's") {
    run.connection_id = "cnn_other";
    run.rev = host.store.runs().find("run_1").value().rev;
    save(run);
    CHECK_FALSE(sync().contains("received_at"));
  }
  SECTION("what is gone there asks only while a run of this plan waits for an approval") {
    core::Sighting seen;
    seen.connection_id = host.connection_id;
    seen.remote_id = "there-1";
    seen.state = core::ItemState::deleted;
    save(seen);
    CHECK(sync()["state"] == "synced");
    core::Run waits = run;
    waits.id = "run_2";
    waits.state = core::RunState::waiting;
    waits.waiting_for = core::RunWait::approval;
    waits.guard = R"({"plan_id":"another","reason":"mass_removal_here"})";
    save(waits);
    CHECK(sync()["state"] == "synced");
    waits.rev = host.store.runs().find("run_2").value().rev;
    waits.guard = Json{{"plan_id", host.plan_id}, {"reason", "mass_removal_here"}}.dump();
    save(waits);
    CHECK(sync()["state"] == "asks");
  }
  SECTION("what stands in a container that is gone there asks with it") {
    pair.parent_key = "module:mod_1";
    core::Pair page;
    page.connection_id = host.connection_id;
    page.plan_id = host.plan_id;
    page.key = "module:mod_1";
    page.remote_id = "page-1";
    core::Sighting seen;
    seen.connection_id = host.connection_id;
    seen.remote_id = "page-1";
    seen.state = core::ItemState::absent;
    save(pair, page, seen);
    CHECK(sync()["state"] == "synced");
    core::Run waits = run;
    waits.id = "run_2";
    waits.state = core::RunState::waiting;
    waits.waiting_for = core::RunWait::approval;
    waits.guard = Json{{"plan_id", host.plan_id}, {"reason", "container_lost"}}.dump();
    save(waits);
    CHECK(sync()["state"] == "asks");
  }
  SECTION("what is kept here, or has lost its place, is to be written there anew") {
    core::Run brings = run;
    brings.id = "run_2";
    brings.kind = core::RunKind::sync;
    brings.started_ms = host.clock.now_ms();
    brings.finished_ms = host.clock.now_ms() + 10;
    // Also if what it came from is the last that is known of it.
    save(brings, core::tombstone(pair, host.clock.now_ms() + 10));
    CHECK(sync()["state"] == "left_out");
    save(core::tombstone(pair, host.clock.now_ms() + 20));
    CHECK(sync()["state"] == "pending");
    save(core::tombstone(pair, 0));
    CHECK(sync()["state"] == "pending");
    core::SyncState looked;
    looked.connection_id = host.connection_id;
    looked.complete_ms = host.clock.now_ms() + 10;
    save(looked);
    CHECK(sync()["state"] == "left_out");
  }
}

TEST_CASE("decisions: are made and mapped without acting", "[api][resources]") {
  ApiHost host;
  host.seed();
  const std::int64_t commits = host.store.commits();
  const ApiAnswer decision =
      host.post("/v1/decisions", R"({"account_id":"ann","action":"export.start"})");
  CHECK(decision.json["allow"] == true);
  CHECK(decision.json["cost"] == 1);
  CHECK(decision.json["limit"] == 2);
  const ApiAnswer mapped = host.post("/v1/decisions", Json{{"account_id", "ann"},
                                                           {"action", "export.start"},
                                                           {"connector", "memo"},
                                                           {"map_plan_id", host.plan_id}}
                                                          .dump());
  CHECK(mapped.json["mapped"]["items"].size() == 3);
  CHECK(host.post("/v1/decisions", R"({"account_id":"ann"})").status == 422);
  CHECK(host.post("/v1/decisions", R"({"account_id":"nobody","action":"export.start"})").status ==
        404);
  CHECK(host.store.commits() == commits);
}

TEST_CASE("health: says what runs, ready says whether to send requests here", "[api][resources]") {
  ApiHost host;
  const ApiAnswer health = host.visit("GET", "/v1/health");
  CHECK(health.json["status"] == "ok");
  CHECK(health.json["connectors"][0]["id"] == "memo");
  CHECK(health.json["push"]["enabled"] == false);
  CHECK(host.visit("GET", "/v1/ready").json["status"] == "ready");
  ApiHost https("https://host.example");
  CHECK(https.visit("GET", "/v1/health").json["push"]["enabled"] == true);
  // As for channels: what does not leave this machine may be plain.
  ApiHost local("http://127.0.0.1:8080");
  CHECK(local.visit("GET", "/v1/health").json["push"]["enabled"] == true);
  ApiHost plain("http://sync.example.org");
  CHECK(plain.visit("GET", "/v1/health").json["push"]["message"] ==
        "public_url is not an https address: push is off");
}
