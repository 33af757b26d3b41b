#include <catch2/catch.hpp>

#include "api/api_host.hpp"
#include "api/auth.hpp"

using namespace mortise;
using namespace mortise::tests;

TEST_CASE("auth: a key opens what its scopes say, and nothing opens without one", "[api][auth]") {
  ApiHost host;
  host.seed();
  CHECK(host.visit("GET", "/v1/accounts/ann").problem() == "unauthenticated/no_credentials");
  CHECK(host.visit("GET", "/v1/accounts/ann").headers.at("www-authenticate") == "Bearer");
  const std::string reader = host.key_line({"read"});
  CHECK(host.get("/v1/accounts/ann", reader).status == 200);
  CHECK(host.call("PUT", "/v1/accounts/ann", "{}", reader).problem() == "forbidden/scope");
  CHECK(host.get("/v1/scripts", reader).problem() == "forbidden/scope");
  const std::vector<std::string> bad = {"Basic dXNlcjpwYXNz",
                                        "Bearer ",
                                        "Bearer mk_",
                                        "Bearer mk_1_2",
                                        "Bearer mk_x",
                                        "Bearer mt1.x.y",
                                        "Bearer " + std::string(5000, 'a')};
  for (const std::string& each : bad) {
    INFO(each);
    CHECK(host.get("/v1/accounts/ann", "Authorization: " + each + "\r\n").problem() ==
          "unauthenticated/bad_credentials");
  }
}

TEST_CASE("auth: a key is stored as a hash, one wrong character or a revocation shuts it",
          "[api][auth]") {
  ApiHost host;
  const api::NewKey key = api::make_key(host.store, "", {"read"}, host.clock, host.random).value();
  const core::ApiKey kept = host.store.access().key(key.record.id).value();
  CHECK(kept.hash == key.record.hash);
  CHECK(kept.rev == key.record.rev);
  CHECK(key.record.name == "app");
  const std::string text(key.text.reveal_for_use());
  CHECK(text.rfind("mk_" + key.record.id + "_", 0) == 0);
  CHECK(text.size() >= 43 + key.record.id.size());
  CHECK(key.record.hash.find(text) == std::string::npos);
  const auto status = [&](const std::string& bearer) {
    return host.get("/v1/accounts", "Authorization: Bearer " + bearer + "\r\n").status;
  };
  CHECK(status(text) == 200);
  std::string wrong = text;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  CHECK(status(wrong) == 401);
  CHECK(status(text + "A") == 401);
  const core::Instant ended_ms = host.clock.now_ms();
  CHECK(api::revoke_key(host.store, key.record.id, host.clock)->revoked_ms == ended_ms);
  CHECK(status(text) == 401);
  host.clock.advance(1'000);  // asked again, it stays as it ended
  CHECK(api::revoke_key(host.store, key.record.id, host.clock)->revoked_ms == ended_ms);
  CHECK(api::revoke_key(host.store, "nobody", host.clock).error().code == Code::not_found);
  const std::size_t keys = host.store.access().keys()->size();
  CHECK_FALSE(api::make_key(host.store, "x", {"write", "root"}, host.clock, host.random));
  CHECK_FALSE(api::make_key(host.store, "x", {}, host.clock, host.random));
  CHECK(host.store.access().keys()->size() == keys);
}

TEST_CASE("auth: a one-time code works once, and not for long", "[api][auth]") {
  ApiHost host;
  host.seed();
  const ApiAnswer minted = host.post("/v1/accounts/ann/session_codes", "");
  CHECK(minted.status == 201);
  const std::string body = core::Json{{"code", minted.json["code"]}}.dump();
  const ApiAnswer session = host.visit("POST", "/v1/session", {}, body);
  CHECK(session.status == 200);
  const std::string cookie = session.headers.at("set-cookie");
  CHECK(cookie.find("; HttpOnly; SameSite=Lax") != std::string::npos);
  CHECK(cookie.find("Secure") == std::string::npos);
  CHECK(host.visit("POST", "/v1/session", {}, body).problem() == "unauthenticated/bad_code");
  const ApiAnswer late = host.post("/v1/accounts/ann/session_codes", "");
  host.clock.advance(api::kCodeLifeMs);
  CHECK(host.visit("POST", "/v1/session", {}, core::Json{{"code", late.json["code"]}}.dump())
            .status == 401);
  CHECK(host.visit("POST", "/v1/session", {}, R"({"code":"mc_x","as":"cookie"})").status == 401);
  CHECK(host.visit("POST", "/v1/session", {}, R"({"code":"mc_x","as":"ham"})").status == 422);
}

TEST_CASE("auth: over https the cookie is Secure and host-bound", "[api][auth]") {
  ApiHost host("https://host.example");
  host.seed();
  const ApiAnswer minted = host.post("/v1/accounts/ann/session_codes", "");
  const ApiAnswer session =
      host.visit("POST", "/v1/session", {}, core::Json{{"code", minted.json["code"]}}.dump());
  const std::string& cookie = session.headers.at("set-cookie");
  CHECK(cookie.rfind("__Host-mortise_session=", 0) == 0);
  CHECK(cookie.find("; Secure") != std::string::npos);
  CHECK(cookie.find("; Path=/;") != std::string::npos);
}

TEST_CASE("auth: a signed-in user sees its own account only, and unsafe calls need the CSRF token",
          "[api][auth]") {
  ApiHost host;
  host.seed();
  host.call("PUT", "/v1/accounts/bob", "{}");
  const std::string ann = host.sign_in("ann");
  const std::string bob = host.sign_in("bob");
  const std::string cookie_only = ann.substr(0, ann.find("\r\n") + 2);
  CHECK(host.get("/v1/session", ann).json["account_id"] == "ann");
  CHECK(host.get("/v1/accounts/ann", cookie_only).status == 200);
  CHECK(host.get("/v1/accounts/bob", ann).problem() == "not_found/not_found");
  CHECK(host.get("/v1/accounts/%61nn", bob).problem() == "not_found/not_found");
  CHECK(host.get("/v1/plans/" + host.plan_id, ann).status == 200);
  CHECK(host.get("/v1/plans/" + host.plan_id, bob).status == 404);
  CHECK(host.get("/v1/tasks/" + host.task_id, bob).status == 404);
  CHECK(host.get("/v1/connections/" + host.connection_id, bob).status == 404);
  CHECK(host.get("/v1/runs?account_id=ann", bob).status == 404);
  CHECK(host.call("PUT", "/v1/accounts/ann", "{}", ann).problem() == "forbidden/apps_only");
  CHECK(host.get("/v1/scripts", ann).problem() == "forbidden/apps_only");
  const std::string path = "/v1/tasks/" + host.task_id;
  CHECK(host.call("PATCH", path, R"({"status":"done"})", cookie_only).problem() ==
        "forbidden/csrf");
  CHECK(host.call("PATCH", path, R"({"status":"done"})", cookie_only + "X-CSRF-Token: x\r\n")
            .status == 403);
  CHECK(host.call("PATCH", path, R"({"status":"done"})", ann).status == 200);
  CHECK(host.call("DELETE", "/v1/session", {}, ann).status == 204);
  CHECK(host.get("/v1/session", ann).status == 401);
  host.clock.advance(api::kSessionLifeMs);
  CHECK(host.get("/v1/session", bob).status == 401);
}

TEST_CASE("auth: bearer tokens are signed, name one account, and end within 15 minutes",
          "[api][auth]") {
  ApiHost host;
  host.seed();
  const ApiAnswer minted = host.post("/v1/accounts/ann/session_codes", "");
  const ApiAnswer given = host.visit(
      "POST", "/v1/session", {}, core::Json{{"code", minted.json["code"]}, {"as", "token"}}.dump());
  const std::string token = given.json["token"];
  const auto status = [&](const std::string& text, const std::string& path = "/v1/accounts/ann") {
    return host.get(path, "Authorization: Bearer " + text + "\r\n").status;
  };
  CHECK(status(token) == 200);
  CHECK(status(token, "/v1/accounts/bob") == 404);
  for (std::size_t i = 0; i < token.size(); i += 7) {
    std::string forged = token;
    forged[i] = forged[i] == 'x' ? 'y' : 'x';
    CHECK(status(forged) == 401);
  }
  const core::Secret key(std::string(32, 'k'));
  const core::Secret other(std::string(32, 'o'));
  const core::Instant now = host.clock.now_ms();
  CHECK(api::read_token(key, api::sign_token(key, "a.b-c/ü", now + 1), now)->account_id ==
        "a.b-c/ü");
  CHECK_FALSE(api::read_token(key, api::sign_token(other, "ann", now + 1), now));
  CHECK_FALSE(api::read_token(key, api::sign_token(key, "ann", now), now));
  for (const char* text : {"", ".", "..", "mt1..", "mt1.1-.x", "mt2.1-61.x"})
    CHECK_FALSE(api::read_token(key, text, 0));
  host.clock.advance(api::kTokenLifeMs);
  CHECK(status(token) == 401);
}

TEST_CASE("auth: a store that cannot say who asks refuses nobody", "[api][auth]") {
  ApiHost host;
  host.seed();
  const std::string key = host.key_line({"read"});
  const std::string ann = host.sign_in("ann");
  const std::string code =
      core::Json{{"code", host.post("/v1/accounts/ann/session_codes", "").json["code"]}}.dump();
  const auto connect = host.post("/v1/accounts/ann/connect_sessions",
                                 R"({"connector":"memo","return_to":"https://app.example/done"})");
  const std::string url = connect.json["url"];
  host.store.fail_access(Error{GENERATE(Code::unavailable, Code::internal), "the disk is gone"});
  for (const ApiAnswer& answer :
       {host.get("/v1/accounts/ann", key), host.get("/v1/accounts/ann", ann),
        host.visit("POST", "/v1/session", {}, code)}) {
    CHECK(answer.status == 503);
    CHECK(answer.json["retryable"] == true);
    CHECK(answer.text.find("disk") == std::string::npos);
  }
  const ApiAnswer page = host.visit("GET", url.substr(url.find("/connect/")), ann);
  CHECK(page.status == 503);
  CHECK(page.headers.at("content-type") == "text/html; charset=utf-8");
  CHECK(page.text.find("disk") == std::string::npos);
  // Who shows nothing that would have to be looked up is refused all the same.
  CHECK(host.visit("GET", "/v1/accounts/ann").status == 401);
  host.store.fail_access(std::nullopt);
  CHECK(host.get("/v1/accounts/ann", key).status == 200);
  // A code that could not be exchanged is still good.
  host.store.before_commit([](const ports::Changes&, ports::Durability) -> Status {
    return Error{Code::unavailable, "the disk is full"};
  });
  CHECK(host.visit("POST", "/v1/session", {}, code).status == 503);
  host.store.before_commit({});
  CHECK(host.visit("POST", "/v1/session", {}, code).status == 200);
}

TEST_CASE("auth: callers that ask too often are told when to come back", "[api][auth]") {
  ApiHost host("", {20, 5, 3});
  host.seed();
  const std::string ann = host.sign_in("ann");
  ApiAnswer last;
  int served = 0;
  for (int i = 0; i < 8; ++i) {
    last = host.get("/v1/session", ann);
    if (last.status == 200) ++served;
  }
  CHECK(served == 5);
  CHECK(last.status == 429);
  CHECK(last.problem() == "rate_limited/rate_limited");
  CHECK(last.json["retryable"] == true);
  CHECK(last.headers.at("ratelimit-policy") == "\"user\";q=5;w=60");
  CHECK(last.headers.at("ratelimit") == "\"user\";r=0;t=12");
  CHECK(last.headers.at("retry-after") == "12");
  CHECK(host.get("/v1/health").status == 200);
  host.clock.advance(12'000);
  CHECK(host.get("/v1/session", ann).status == 200);
  CHECK(host.get("/v1/session", ann).status == 429);
}
