// What an operator does while the host runs.
#include <catch2/catch.hpp>

#include "api/api_host.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

TEST_CASE("ready: a store that takes no changes is said, until it takes them again",
          "[api][admin]") {
  ApiHost host;
  const auto commits = host.store.commits();
  CHECK(host.visit("GET", "/v1/ready").status == 200);
  CHECK(host.visit("GET", "/v1/ready").status == 200);
  CHECK(host.store.commits() == commits + 1);  // tried once in some seconds
  host.store.before_commit([](const auto&, auto) {
    return Status{Error{Code::unavailable, "store: database or disk is full"}};
  });
  host.clock.advance(15'000);
  const ApiAnswer full = host.visit("GET", "/v1/ready");
  CHECK(full.status == 503);
  CHECK(full.json["reason"] == "store");
  host.store.before_commit({});
  host.clock.advance(15'000);
  CHECK(host.visit("GET", "/v1/ready").status == 200);
}

TEST_CASE("api keys: are made, shown once, listed and revoked while the host runs",
          "[api][admin]") {
  ApiHost host;
  const ApiAnswer made = host.post("/v1/api_keys", R"({"name":"cron","scopes":["read"]})");
  REQUIRE(made.status == 201);
  CHECK(made.json["scopes"] == Json{"read"});
  const std::string id = made.json["id"];
  const std::string key = "Authorization: Bearer " + made.json["key"].get<std::string>() + "\r\n";
  CHECK(host.get("/v1/accounts", key).status == 200);
  CHECK(host.call("PUT", "/v1/accounts/ann", "{}", key).status == 403);

  const ApiAnswer listed = host.get("/v1/api_keys");
  REQUIRE(listed.json["items"].size() == 2);
  CHECK(listed.text.find("\"key\"") == std::string::npos);
  RawClient stream(host.api->port());
  host.call("PUT", "/v1/accounts/ann", "{}");
  stream.send(get_request("/v1/accounts/ann/events", key));
  stream.read_until("\n\n");

  CHECK(host.call("DELETE", "/v1/api_keys/" + id).status == 204);
  CHECK(host.call("DELETE", "/v1/api_keys/" + id).status == 204);
  CHECK(stream.is_closed());
  CHECK(host.get("/v1/accounts", key).status == 401);
  CHECK(host.get("/v1/api_keys").text.find("\"revoked_at\"") != std::string::npos);
  CHECK(host.call("DELETE", "/v1/api_keys/none").status == 404);
}

TEST_CASE("api keys: without scopes they read and write; others than the three are refused",
          "[api][admin]") {
  ApiHost host;
  CHECK(host.post("/v1/api_keys", "{}").json["scopes"] == Json({"read", "write"}));
  CHECK(host.post("/v1/api_keys", R"({"scopes":[]})").status == 422);
  CHECK(host.post("/v1/api_keys", R"({"scopes":["root"]})").status == 422);
  CHECK(host.post("/v1/api_keys", R"({"scopes":[1]})").status == 422);
}

TEST_CASE("secrets: are set, listed by name and removed, and never shown", "[api][admin]") {
  ApiHost host;
  const std::string path = "/v1/secrets/memo.client_secret";
  CHECK(host.call("PUT", path, R"({"value":"s3cret"})").status == 204);
  CHECK(host.store.grants().secret("memo.client_secret")->value.equals("s3cret"));
  const ApiAnswer listed = host.get("/v1/secrets");
  CHECK(listed.json["items"] == Json::array({{{"name", "memo.client_secret"}}}));
  CHECK(host.call("PUT", path, "{}").status == 422);
  CHECK(host.call("DELETE", path).status == 204);
  CHECK(host.call("DELETE", path).status == 404);
  CHECK(host.get("/v1/secrets").json["items"].empty());
}

TEST_CASE("secrets: a name that the host does not read is refused, with the nearest that it does",
          "[api][admin]") {
  ApiHost host;
  for (const auto& [name, nearest] : {std::pair("memo.client_secrt", "\"client_secret\""),
                                      std::pair("meno.client_secret", "\"memo\""),
                                      std::pair("memo_client_id", "\"memo.client_id\"")}) {
    const ApiAnswer refused =
        host.call("PUT", std::string("/v1/secrets/") + name, R"({"value":"x"})");
    CHECK(refused.problem() == "invalid/bad_secret_name");
    CHECK(refused.json["detail"].get<std::string>().find(nearest) != std::string::npos);
  }
  CHECK(host.get("/v1/secrets").json["items"].empty());
}

TEST_CASE("secrets: the host's own are out of reach", "[api][admin]") {
  ApiHost host;
  REQUIRE(
      host.store.commit({ports::put(core::NamedSecret{"host.session_key", core::Secret("k"), 1})},
                        ports::Durability::full));
  CHECK(host.call("PUT", "/v1/secrets/host.session_key", R"({"value":"x"})").problem() ==
        "invalid/bad_secret_name");
  CHECK(host.call("PUT", "/v1/secrets/UPPER", R"({"value":"x"})").status == 400);
  CHECK(host.call("DELETE", "/v1/secrets/host.session_key").status == 404);
  CHECK(host.get("/v1/secrets").json["items"].empty());
  CHECK(host.store.grants().secret("host.session_key")->value.equals("k"));
}

TEST_CASE("admin: only keys with that scope", "[api][admin]") {
  ApiHost host;
  host.seed();
  const std::string lesser = host.key_line({"read", "write"});
  for (const auto& [method, path] :
       {std::pair("GET", "/v1/api_keys"), std::pair("POST", "/v1/api_keys"),
        std::pair("DELETE", "/v1/api_keys/x"), std::pair("GET", "/v1/secrets"),
        std::pair("PUT", "/v1/secrets/memo.x"), std::pair("DELETE", "/v1/secrets/memo.x")}) {
    CHECK(host.call(method, path, {}, lesser).status == 403);
    CHECK(host.call(method, path, {}, host.sign_in("ann")).status == 403);
    CHECK(host.visit(method, path).status == 401);
  }
}
