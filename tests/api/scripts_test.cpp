// Scripts: what is asked, what is answered.
#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "api/api_host.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

namespace {

/// Asks what a mapping that nobody has saved is worth, with more members of the request.
ApiAnswer check_mapping(ApiHost& host, const Json& more) {
  Json body = {{"name", "mappings/memo.lua"}, {"source", "return mapping {}"}};
  body.update(more);
  return host.post("/v1/scripts/check", body.dump());
}

}  // namespace

TEST_CASE("scripts: are listed and checked", "[api][resources]") {
  ApiHost host;
  CHECK(host.get("/v1/scripts").json["items"][0]["name"] == "policies/tiers.lua");
  CHECK(host.post("/v1/scripts/check", R"({"name":"policies/x.lua","source":"return policy {}"})")
            .json["ok"] == true);
  const ApiAnswer bad =
      host.post("/v1/scripts/check", R"({"name":"policies/x.lua","source":"wrong"})");
  CHECK(bad.json["ok"] == false);
  CHECK(bad.json["findings"][0]["line"] == 1);
}

TEST_CASE("scripts: one is checked at a time, and one waits", "[api][resources]") {
  ApiHost host;
  host.seed();
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  host.exports.before_preview([released] { released.wait(); });
  std::vector<std::future<ApiAnswer>> asked;
  for (int i = 0; i < 3; ++i) {
    asked.push_back(std::async(std::launch::async, [&] {
      return check_mapping(host, {{"connection_id", "cnn_ann"}, {"plan_id", host.plan_id}});
    }));
  }
  const auto is_done = [](const std::future<ApiAnswer>& each) {
    return each.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  while (std::none_of(asked.begin(), asked.end(), is_done)) std::this_thread::yield();
  CHECK(host.get("/v1/accounts/ann").status == 200);
  release.set_value();
  int tried = 0;
  for (std::future<ApiAnswer>& each : asked) {
    const ApiAnswer answer = each.get();
    if (answer.status == 200) {
      ++tried;
      continue;
    }
    CHECK(answer.problem() == "unavailable/busy");
    CHECK(answer.headers.count("retry-after") == 1);
  }
  CHECK(tried == 2);
}

TEST_CASE("scripts: a mapping is tried on the plans of a connection, and nothing is written",
          "[api][resources]") {
  ApiHost host;
  host.seed();
  const auto check = [&](const Json& more) { return check_mapping(host, more); };
  const auto commits = host.store.commits();
  const ApiAnswer one = check({{"connection_id", "cnn_ann"}, {"plan_id", host.plan_id}});
  CHECK(one.status == 200);
  CHECK(one.json["preview"]["connection_id"] == "cnn_ann");
  const Json plan = one.json["preview"]["plans"][0];
  CHECK(plan["plan_id"] == host.plan_id);
  CHECK(plan["now"]["create"] == 3);
  CHECK(plan["edited"]["create"] == 4);
  REQUIRE(plan["items"].size() == 1);  // the three are made anyway
  CHECK(plan["items"][0]["action"] == "create");
  // Nothing is kept in step through this connection yet.
  CHECK(check({{"connection_id", "cnn_ann"}}).json["preview"]["plans"].empty());
  CHECK_FALSE(check(Json::object()).json.contains("preview"));
  CHECK(host.store.commits() == commits);
}

TEST_CASE("scripts: a trial where there is nothing to try is refused", "[api][resources]") {
  ApiHost host;
  host.seed();
  const auto check = [&](const Json& more) { return check_mapping(host, more); };
  host.call("PUT", "/v1/accounts/bob", R"({"tier":"free"})");
  const ApiAnswer bobs = host.post("/v1/accounts/bob/plans",
                                   R"({"topic":"Go","weeks":[{"week":1,"milestone":"Start",
      "tasks":[{"day":1,"task":"Install","duration":1}]}]})");
  CHECK(check({{"connection_id", "cnn_nobody"}}).status == 404);
  CHECK(check({{"connection_id", "cnn_ann"}, {"plan_id", "pln_nobody"}}).status == 404);
  CHECK(check({{"connection_id", "cnn_ann"}, {"plan_id", bobs.json["plan"]["id"]}}).status == 404);
  const ApiAnswer nowhere = check({{"plan_id", host.plan_id}});
  CHECK(nowhere.status == 422);
  CHECK(nowhere.json["errors"][0]["pointer"] == "/connection_id");
  CHECK(check({{"name", "policies/tiers.lua"}, {"connection_id", "cnn_ann"}}).status == 422);
  core::Connection other = *host.store.connections().find("cnn_ann");
  other.id = "cnn_other";
  other.connector = "calendar";
  other.rev = 0;
  REQUIRE(host.store.commit({ports::put(other)}, ports::Durability::full).ok());
  const ApiAnswer foreign = check({{"connection_id", "cnn_other"}});
  CHECK(foreign.status == 422);
  CHECK(foreign.json["errors"][0]["detail"] ==
        "is a connection of calendar, the script is for memo");
  // What is wrong with the script comes first.
  const ApiAnswer wrong = check({{"source", "wrong"}, {"connection_id", "cnn_nobody"}});
  CHECK(wrong.json["ok"] == false);
}

TEST_CASE("scripts: a policy is tried on tiers and accounts", "[api][resources]") {
  ApiHost host;
  host.seed();
  core::Usage usage;
  usage.account_id = "ann";
  usage.month = "2026-11";
  usage.committed = 2;
  REQUIRE(host.store.commit({ports::put(usage)}, ports::Durability::full).ok());
  const ApiAnswer tried =
      host.post("/v1/scripts/check", R"({"name":"policies/x.lua","source":"return policy {}"})");
  const Json decisions = tried.json["decisions"];
  CHECK(decisions["tiers"].size() == 4);  // two tiers, two actions
  CHECK(decisions["tiers"][0]["before"]["limit"] == 2);
  CHECK(decisions["tiers"][0]["after"]["limit"] == 3);
  CHECK(decisions["accounts"]["asked"] == 1);
  CHECK(decisions["accounts"]["changed"] == 1);
  const Json ann = decisions["accounts"]["items"][0];
  CHECK(ann["account_id"] == "ann");
  CHECK(ann["used"] == 2);
  CHECK(ann["before"]["reason"] == "quota_exceeded");
  CHECK(ann["after"]["allow"] == true);
}
