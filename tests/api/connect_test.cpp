// Connecting, as the app's server and then as the end user's browser.
#include <catch2/catch.hpp>

#include "api/api_host.hpp"
#include "api/auth.hpp"
#include "api/connect_page.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::Json;

namespace {

std::string begin(ApiHost& host, const std::string& plan = {}) {
  Json body = {{"connector", "memo"}, {"return_to", "https://app.example/done"}};
  if (!plan.empty()) body["export_plan_id"] = plan;
  const std::string url = host.post("/v1/accounts/ann/connect_sessions", body.dump()).json["url"];
  return url.substr(url.find("/connect/"));
}

std::string cookie_of(const ApiAnswer& answer) {
  const std::string& cookie = answer.headers.at("set-cookie");
  return "Cookie: other=1; " + cookie.substr(0, cookie.find(';')) + "\r\n";
}

}  // namespace

TEST_CASE("connect: the browser is asked, bound, sent to the provider and back to the app",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string path = begin(host);
  const ApiAnswer page = host.visit("GET", path);
  CHECK(page.status == 200);
  CHECK(page.headers.at("content-type") == "text/html; charset=utf-8");
  CHECK(page.text.find("Connect Memo") != std::string::npos);
  CHECK(page.text.find("both ways &lt;b&gt;") != std::string::npos);
  CHECK(page.text.find("<script") == std::string::npos);
  CHECK(page.text.find("connects Memo to Learning app, account <strong>ann@example.org</strong>") !=
        std::string::npos);
  // Served below another path, a proxy's, it still sends its form to where it came from.
  CHECK(page.text.find("<form method=\"post\"><button>") != std::string::npos);
  CHECK(page.headers.at("referrer-policy") == "same-origin");
  const ApiAnswer entered = host.visit("POST", path);
  CHECK(entered.status == 303);
  CHECK(entered.headers.at("location").rfind("https://provider.example/consent?state=", 0) == 0);
  CHECK(entered.headers.at("set-cookie").find("HttpOnly; SameSite=Lax") != std::string::npos);
  const std::string state = path.substr(std::string("/connect/").size());
  const std::string back = "/oauth/memo/callback?code=c&state=" + state + "&scope=a+b";
  CHECK(host.visit("GET", back).status == 403);
  CHECK(host.visit("GET", back, "Cookie: mortise_connect_memo=forged\r\n").status == 403);
  const ApiAnswer done = host.visit("GET", back, cookie_of(entered));
  CHECK(done.status == 303);
  CHECK(done.headers.at("location") == "https://app.example/done?status=success");
  CHECK(host.visit("GET", back, cookie_of(entered)).status == 403);
  CHECK(host.visit("GET", path).status == 404);
  CHECK(host.visit("POST", path).status == 404);
  CHECK(host.get("/v1/connections/cnn_of_" + state).json["identity"]["email"] == "ann@example.org");
}

TEST_CASE("connect: an account without an e-mail address is named by its id", "[api][connect]") {
  ApiHost host;
  host.seed();
  host.call("PUT", "/v1/accounts/ann", "{}");
  CHECK(host.visit("GET", begin(host)).text.find("account <strong>ann</strong>") !=
        std::string::npos);
}

TEST_CASE("connect: a browser that is signed in as somebody else goes no further",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  host.call("PUT", "/v1/accounts/bob", "{}");
  const std::string path = begin(host);
  const std::string bob = host.sign_in("bob");
  CHECK(host.visit("GET", path, bob).status == 403);
  CHECK(host.visit("GET", path, bob).headers.at("content-type") == "text/html; charset=utf-8");
  CHECK(host.visit("POST", path, bob).status == 403);
  CHECK(host.visit("GET", path, "Cookie: mortise_session=unknown\r\n").status == 200);
  const std::string ann = host.sign_in("ann");
  CHECK(host.visit("GET", path, ann).status == 200);
  CHECK(host.visit("POST", path, ann).status == 303);
  const std::string next = begin(host);
  host.clock.advance(api::kSessionLifeMs);  // and so ends the link
  CHECK(host.visit("GET", next, bob).status == 404);
  CHECK(host.visit("GET", begin(host), bob).status == 200);
}

TEST_CASE("connect: the form is taken from our own page only", "[api][connect]") {
  ApiHost host("https://sync.example/mortise");
  host.seed();
  const std::string path = begin(host);
  for (const char* foreign :
       {"Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: https://test.evil\r\n",
        "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: http://test\r\n"}) {
    INFO(foreign);
    const ApiAnswer refused = host.visit("POST", path, foreign);
    CHECK(refused.status == 403);
    CHECK(refused.headers.count("set-cookie") == 0);
  }
  std::string bound;
  for (const char* own :
       {"Origin: http://test\r\n", "Origin: https://sync.example\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n", "Sec-Fetch-Site: none\r\n"}) {
    INFO(own);
    const ApiAnswer entered = host.visit("POST", path, bound + own);
    CHECK(entered.status == 303);
    bound = cookie_of(entered);
  }
}

TEST_CASE("connect: each service has a cookie of its own, so that two can be connected at once",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const ApiAnswer entered = host.visit("POST", begin(host));
  CHECK(entered.headers.at("set-cookie").rfind("mortise_connect_memo=", 0) == 0);
}

TEST_CASE("connect: who tries links and callbacks is counted by address", "[api][connect]") {
  api::RateLimits rates;
  rates.stranger_per_minute = 3;
  ApiHost host("", rates);
  for (int i = 0; i < 3; ++i) CHECK(host.visit("GET", "/connect/none").status == 404);
  CHECK(host.visit("GET", "/connect/none").status == 429);
  CHECK(host.visit("GET", "/oauth/memo/callback?code=c&state=s").status == 429);
  CHECK(host.visit("GET", "/v1/health").status == 200);
}

TEST_CASE("connect: a link is bound to the first browser and over after ten minutes",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string path = begin(host);
  const ApiAnswer entered = host.visit("POST", path);
  CHECK(host.visit("POST", path).status == 403);
  CHECK(host.visit("POST", path, cookie_of(entered)).status == 303);
  const std::string late = begin(host);
  host.clock.advance(600'000);
  CHECK(host.visit("GET", late).status == 404);
  CHECK(host.visit("GET", "/connect/none").status == 404);
}

TEST_CASE("connect: who presses Continue twice goes on twice", "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string path = begin(host);
  const ApiAnswer page = host.visit("GET", path);
  CHECK(page.headers.at("set-cookie").find("HttpOnly; SameSite=Lax") != std::string::npos);
  const std::string cookie = cookie_of(page);
  CHECK(cookie_of(host.visit("GET", path, cookie)) == cookie);
  CHECK(cookie_of(host.visit("GET", path)) != cookie);
  CHECK(cookie_of(host.visit("POST", path, cookie)) == cookie);
  CHECK(cookie_of(host.visit("POST", path, cookie)) == cookie);
  CHECK(host.visit("POST", path).status == 403);
  const ApiAnswer back =
      host.visit("GET", "/oauth/memo/callback?code=c&state=" + path.substr(9), cookie);
  CHECK(back.headers.at("location") == "https://app.example/done?status=success");
}

TEST_CASE("connect: what a service writes beside the state does not cost it", "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string description =
      GENERATE(as<std::string>{}, "%0Adenied", "refus%E9", "100%", "%zz", "a=b?c=d");
  CAPTURE(description);
  const std::string path = begin(host);
  const ApiAnswer entered = host.visit("POST", path);
  const ApiAnswer back = host.visit("GET",
                                    "/oauth/memo/callback?error_description=" + description +
                                        "&error=access_denied&state=" + path.substr(9),
                                    cookie_of(entered));
  CHECK(back.status == 303);
  CHECK(back.headers.at("location") ==
        "https://app.example/done?status=error&reason=access_denied");
}

TEST_CASE("connect: an export that was asked for goes on after consent, or says why not",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  for (int i = 0; i < 3; ++i) {
    const std::string path = begin(host, host.plan_id);
    const ApiAnswer entered = host.visit("POST", path);
    const ApiAnswer done = host.visit("GET", "/oauth/memo/callback?code=c&state=" + path.substr(9),
                                      cookie_of(entered));
    const std::string& location = done.headers.at("location");
    CHECK(location.find(i < 2 ? "?status=success&run=run_"
                              : "?status=success&export=quota_exceeded") != std::string::npos);
  }
  CHECK(host.get("/v1/runs").json["items"].size() == 2);
}

TEST_CASE("connect: an export that is refused without a reason is told by its class",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string path = begin(host, host.plan_id);
  const ApiAnswer entered = host.visit("POST", path);
  host.exports.refuse_start(Error{Code::unavailable, "the disk is full"});
  const ApiAnswer done =
      host.visit("GET", "/oauth/memo/callback?code=c&state=" + path.substr(9), cookie_of(entered));
  CHECK(done.headers.at("location") ==
        "https://app.example/done?status=success&export=unavailable");
}

TEST_CASE("connect: what cannot be begun says why", "[api][connect]") {
  ApiHost host;
  host.seed();
  const auto begin_with = [&](const Json& body) {
    return host.post("/v1/accounts/ann/connect_sessions", body.dump());
  };
  CHECK(begin_with({{"connector", "memo"}, {"return_to", "https://evil.example/"}}).problem() ==
        "invalid/return_to_refused");
  CHECK(begin_with({{"connector", "none"}, {"return_to", "https://app.example/"}}).status == 404);
  CHECK(begin_with({{"connector", "memo"}}).status == 422);
  CHECK(begin_with({{"connector", "memo"},
                    {"return_to", "https://app.example/"},
                    {"export_plan_id", "pln_x"}})
            .status == 404);
}

TEST_CASE("refusals: what is for the operator is told to the app's server alone",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string ann = host.sign_in("ann");
  const std::string connect =
      Json{{"connector", "unset"}, {"return_to", "https://app.example/done"}}.dump();
  const std::string sessions = "/v1/accounts/ann/connect_sessions";
  CHECK(host.post(sessions, connect).text.find("mortise secret set") != std::string::npos);
  const ApiAnswer unset = host.post(sessions, connect, ann);
  CHECK(unset.problem() == "unavailable/not_configured");
  CHECK(unset.json["detail"] == "This service is not set up here.");
  host.exports.refuse_start(Error{Code::forbidden, "tiers.lua:3: no such field", "policy_error"});
  const std::string body = Json{{"plan_id", host.plan_id}, {"connector", "memo"}}.dump();
  CHECK(host.post("/v1/accounts/ann/exports", body).text.find("tiers.lua:3") != std::string::npos);
  const ApiAnswer failed = host.post("/v1/accounts/ann/exports", body, ann);
  CHECK(failed.problem() == "forbidden/policy_error");
  CHECK(failed.text.find("tiers.lua") == std::string::npos);
}

TEST_CASE("connect: a page says in words of its own what went wrong", "[api][connect]") {
  const auto page = [](Code code, const char* reason) {
    return api::connect_error_page({code, "a secret detail", reason});
  };
  CHECK(page(Code::not_found, "connect_session_gone").status == 404);
  CHECK(page(Code::forbidden, "other_browser").status == 403);
  CHECK(page(Code::unavailable, "").status == 503);
  CHECK(page(Code::unavailable, "").has("Retry-After"));
  CHECK(page(Code::conflict, "rev_conflict").status == 503);
  CHECK_FALSE(page(Code::unavailable, "not_configured").has("Retry-After"));
  CHECK(page(Code::internal, "seal_broken").status == 500);
  for (const Code code : {Code::forbidden, Code::unavailable, Code::internal, Code::invalid}) {
    CHECK(page(code, "").body.find("secret detail") == std::string::npos);
  }
}

TEST_CASE("check: says what the service said of a grant, to the app alone", "[api][connect]") {
  using By = ports::GrantChecked::By;
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id + "/check";
  for (const auto& [by, word] : {std::pair{By::introspection, "introspection"},
                                 {By::identity, "identity"},
                                 {By::refresh, "refresh"}}) {
    host.connect.checked = ports::GrantChecked{by != By::refresh, by, 1'795'165'200'000};
    const ApiAnswer said = host.post(path, "");
    CHECK(said.status == 200);
    CHECK(said.json == Json{{"active", by != By::refresh},
                            {"by", word},
                            {"checked_at", "2026-11-20T09:00:00Z"}});
  }
  CHECK(host.post(path, R"({"all":true})").status == 400);
  CHECK(host.post("/v1/connections/cnn_none/check", "").status == 404);
  CHECK(host.post(path, "", host.sign_in("ann")).status == 403);
  CHECK(host.post(path, "", host.key_line({"read"})).status == 403);
  CHECK(host.visit("POST", path).status == 401);
}

TEST_CASE("check: a key gets its first answer again, but not that nobody could be asked",
          "[api][connect]") {
  ApiHost host;
  host.seed();
  const std::string path = "/v1/connections/" + host.connection_id + "/check";
  const std::string once = "Idempotency-Key: k1\r\n";
  host.connect.checked = Error{Code::unavailable, "it does not answer"};
  const ApiAnswer none = host.post(path, "", once);
  CHECK(none.status == 503);
  CHECK(none.json["next_action"] == "retry_later");
  host.connect.checked = ports::GrantChecked{true, {}, 1'795'165'200'000};
  CHECK(host.post(path, "", once).json["active"] == true);
  host.connect.checked = Error{Code::conflict, "connect it again", "needs_reconnect"};
  const ApiAnswer again = host.post(path, "", once);
  CHECK(again.json["active"] == true);
  CHECK(again.headers.at("idempotency-replayed") == "true");
  const ApiAnswer dead = host.post(path, "");
  CHECK(dead.problem() == "conflict/needs_reconnect");
  CHECK(dead.json["next_action"] == "reconnect");
}
