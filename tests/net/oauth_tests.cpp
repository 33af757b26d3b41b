// OAuth spelled out: what two services that differ in everything are sent, and how they are read.
#include "net/oauth.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "net/encoding.hpp"
#include "net/endpoints.hpp"
#include "net/provider_doubles.hpp"

using namespace mortise;
using namespace mortise::test;
using core::Json;
using net::OAuthClient;

namespace {

const OAuthClient kClient{"id", core::Secret("s3cret")};

ports::HttpReply reply(int status, std::string body) {
  return {status, {}, std::move(body)};
}

std::string unsigned_jwt(const Json& claims) {
  return net::base64url(R"({"alg":"RS256"})") + "." + net::base64url(claims.dump()) + ".c2ln";
}

}  // namespace

TEST_CASE("oauth: encodings match their standards", "[net][oauth]") {
  // RFC 4648 section 10.
  CHECK(net::base64("") == "");
  CHECK(net::base64("f") == "Zg==");
  CHECK(net::base64("fo") == "Zm8=");
  CHECK(net::base64("foobar") == "Zm9vYmFy");
  CHECK(net::base64url("\xfb\xff") == "-_8");
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(net::from_base64url(net::base64url(bytes)) == bytes);
  }
  CHECK_FALSE(net::from_base64url("a").has_value());
  CHECK_FALSE(net::from_base64url("ab=").has_value());
  CHECK_FALSE(net::from_base64url("a b").has_value());
  CHECK(net::form_encode({{"a b", "c&d=é"}, {"x", ""}}) == "a%20b=c%26d%3D%C3%A9&x=");
  // RFC 7636 appendix B.
  CHECK(net::s256_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("oauth: the consent page of a service with scopes and PKCE", "[net][oauth]") {
  const auto auth = google_manifest().auth;
  const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  CHECK(net::authorize_url(
            auth, "https://accounts.google.com/o/oauth2/v2/auth", "gid",
            {"https://h/oauth/google_calendar/callback", "st", core::Secret(verifier)}) ==
        "https://accounts.google.com/o/oauth2/v2/auth?client_id=gid"
        "&redirect_uri=https%3A%2F%2Fh%2Foauth%2Fgoogle_calendar%2Fcallback&response_type=code"
        "&state=st&scope=openid%20email%20https%3A%2F%2Fscope%2Fcalendar.events%20"
        "https%3A%2F%2Fscope%2Fcalendar.app.created"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        "&access_type=offline&prompt=consent");
}

TEST_CASE("oauth: the consent page of a service without either", "[net][oauth]") {
  CHECK(net::authorize_url(notion_manifest().auth, "https://api.notion.com/v1/oauth/authorize",
                           "nid", {"https://h/cb", "st", core::Secret("v")}) ==
        "https://api.notion.com/v1/oauth/authorize?client_id=nid&redirect_uri=https%3A%2F%2Fh%2Fcb"
        "&response_type=code&state=st&owner=user");
}

TEST_CASE("oauth: Notion is sent JSON with Basic", "[net][oauth]") {
  const auto auth = notion_manifest().auth;
  const auto request = net::exchange_request(auth, "https://t", kClient,
                                             {"c0de", "https://h/cb", core::Secret("v")});
  CHECK(request.method == "POST");
  CHECK(header_of(request, "Authorization") == "Basic " + net::base64("id:s3cret"));
  CHECK(header_of(request, "Content-Type") == "application/json");
  CHECK(Json::parse(request.body) == Json{{"grant_type", "authorization_code"},
                                          {"code", "c0de"},
                                          {"redirect_uri", "https://h/cb"}});
  const auto refresh = net::refresh_request(auth, "https://t", kClient, core::Secret("r"));
  CHECK(Json::parse(refresh.body) == Json{{"grant_type", "refresh_token"}, {"refresh_token", "r"}});
  const auto revoke = net::token_request(auth, "https://t", kClient, core::Secret("a"));
  CHECK(Json::parse(revoke.body) == Json{{"token", "a"}});
  for (const auto& each : {request, refresh, revoke}) {
    CHECK(header_of(each, "Notion-Version") == "2026-03-11");
  }
}

TEST_CASE("oauth: Google is sent a form with the client in it", "[net][oauth]") {
  const auto auth = google_manifest().auth;
  const auto request = net::exchange_request(auth, "https://t", kClient,
                                             {"4/c&de", "https://h/cb", core::Secret("v")});
  CHECK(header_of(request, "Authorization").empty());
  CHECK(header_of(request, "Notion-Version").empty());
  CHECK(header_of(request, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(request.body ==
        "grant_type=authorization_code&code=4%2Fc%26de&redirect_uri=https%3A%2F%2Fh%2Fcb"
        "&code_verifier=v&client_id=id&client_secret=s3cret");
  CHECK(net::refresh_request(auth, "https://t", kClient, core::Secret("r")).body ==
        "grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret");
}

TEST_CASE("oauth: a token reply is read and shown without its secrets", "[net][oauth]") {
  const Json body = {
      {"access_token", "CANARY1"},
      {"refresh_token", "CANARY2"},
      {"expires_in", 3599},
      {"scope", "openid email"},
      {"token_type", "Bearer"},
      {"workspace_id", "w"},
      {"nested", {{"client_secret", "CANARY3"}, {"kept", 1}, {"list", {{{"x_token", "CANARY4"}}}}}},
      {"id_token",
       unsigned_jwt({{"sub", "107"}, {"email", "ann@x.org"}, {"at_token", "CANARY5"}})}};
  const auto tokens = net::read_token_reply(reply(200, body.dump()));
  REQUIRE(tokens.ok());
  CHECK(tokens->access_token.equals("CANARY1"));
  CHECK(tokens->refresh_token.equals("CANARY2"));
  CHECK(tokens->expires_in_s == 3599);
  CHECK(tokens->scope == "openid email");
  CHECK(tokens->visible.find("CANARY") == std::string::npos);
  CHECK(tokens->visible.find("c2ln") == std::string::npos);
  const Json visible = Json::parse(tokens->visible);
  CHECK(visible["id_token_claims"] == Json{{"sub", "107"}, {"email", "ann@x.org"}});
  CHECK(visible["workspace_id"] == "w");
  CHECK(visible["token_type"] == "Bearer");
  CHECK(visible["nested"]["kept"] == 1);
}

TEST_CASE("oauth: odd but harmless token replies are read", "[net][oauth]") {
  const auto read = [](const std::string& body) {
    return net::read_token_reply(reply(200, body)).value();
  };
  CHECK(read(R"({"access_token":"a","refresh_token":null})").refresh_token.empty());
  CHECK(read(R"({"access_token":"a","expires_in":"3600"})").expires_in_s == 3600);
  CHECK_FALSE(read(R"({"access_token":"a","expires_in":"soon"})").expires_in_s.has_value());
  CHECK_FALSE(read(R"({"access_token":"a","expires_in":-1})").expires_in_s.has_value());
  CHECK_FALSE(read(R"({"access_token":"a"})").expires_in_s.has_value());
  for (const char* jwt : {"", "x", "a.b", "a.!!.c", "..", "a.e30.c"}) {
    const auto tokens = read(Json{{"access_token", "a"}, {"id_token", jwt}}.dump());
    CHECK(tokens.visible.find("\"id_token\"") == std::string::npos);
  }
}

TEST_CASE("oauth: a success without a token is none", "[net][oauth]") {
  const std::string body =
      GENERATE(as<std::string>{}, "", "null", "[]", "{}", R"({"access_token":""})",
               R"({"access_token":7})", "<html>", R"({"access_token":"a")");
  const auto tokens = net::read_token_reply(reply(200, body));
  REQUIRE_FALSE(tokens.ok());
  CHECK(tokens.error().code == Code::unavailable);
  CHECK(net::outcome_unknown(reply(200, body)));
}

TEST_CASE("oauth: both shapes of errors are read", "[net][oauth]") {
  const std::string body =
      GENERATE(as<std::string>{}, R"({"error":"invalid_grant","error_description":"CANARY"})",
               R"({"object":"error","status":400,"code":"invalid_grant","message":"CANARY"})");
  const auto tokens = net::read_token_reply(reply(400, body));
  REQUIRE_FALSE(tokens.ok());
  CHECK(tokens.error().code == Code::unauthenticated);
  CHECK(tokens.error().reason == "invalid_grant");
  CHECK(tokens.error().message.find("CANARY") == std::string::npos);
  CHECK_FALSE(net::outcome_unknown(reply(400, body)));
}

TEST_CASE("oauth: errors that are not about the grant do not look like it", "[net][oauth]") {
  const auto error = [](int status, const std::string& body) {
    return net::read_token_reply(reply(status, body)).error();
  };
  CHECK(error(401, R"({"error":"invalid_client"})").code == Code::forbidden);
  CHECK(error(401, R"({"error":"invalid_client"})").reason == "invalid_client");
  CHECK(error(503, R"({"error":"invalid_grant"})").code == Code::unavailable);
  CHECK(error(429, R"({"error":"invalid_grant"})").code == Code::unavailable);
  CHECK(error(400, "").code == Code::unavailable);
  CHECK(error(400, R"({"error":{"code":400}})").code == Code::unavailable);
  CHECK(error(400, R"({"error":"<script>"})").message.find("script") == std::string::npos);
}

TEST_CASE("oauth: what is dead already counts as revoked", "[net][oauth]") {
  CHECK(net::read_revoke_reply(reply(200, "")).ok());
  CHECK(net::read_revoke_reply(reply(400, R"({"error":"invalid_token"})")).ok());
  CHECK_FALSE(net::read_revoke_reply(reply(400, R"({"error":"invalid_request"})")).ok());
  CHECK_FALSE(net::read_revoke_reply(reply(503, "")).ok());
}

TEST_CASE("oauth: introspection answers only what it says", "[net][oauth]") {
  CHECK(net::read_introspect_reply(reply(200, R"({"active":true})")).value());
  CHECK_FALSE(net::read_introspect_reply(reply(200, R"({"active":false})")).value());
  CHECK_FALSE(net::read_introspect_reply(reply(200, R"({"active":"true"})")).ok());
  CHECK_FALSE(net::read_introspect_reply(reply(200, "{}")).ok());
  CHECK_FALSE(net::read_introspect_reply(reply(200, "nonsense")).ok());
  CHECK_FALSE(net::read_introspect_reply(reply(500, R"({"active":true})")).ok());
}

TEST_CASE("endpoints: override, manifest, setting, in this order", "[net][oauth]") {
  ports::Manifest manifest = notion_manifest();
  manifest.origins.push_back({"server", "", "server_url", true});
  const net::Endpoints plain;
  CHECK(plain.url(manifest, "api", "/v1/x?y").value() == "https://api.notion.com/v1/x?y");
  CHECK(plain.url(manifest, manifest.auth.token).value() ==
        "https://api.notion.com/v1/oauth/token");
  CHECK_FALSE(plain.url(manifest, "none", "/x").ok());
  CHECK_FALSE(plain.url(manifest, "api", "x").ok());
  CHECK_FALSE(plain.url(manifest, "server", "/x").ok());
  CHECK(plain.url(manifest, "server", "/x", R"({"connector":{"server_url":"https://dav/"}})")
            .value() == "https://dav/x");
  CHECK_FALSE(plain.url(manifest, "server", "/x", R"({"connector":{"server_url":7}})").ok());
  CHECK(plain.fixed(manifest) == std::vector<std::string>{"https://api.notion.com"});
  const net::Endpoints moved({{{"notion", "api"}, "http://127.0.0.1:8091/"}});
  CHECK(moved.url(manifest, "api", "/v1/x").value() == "http://127.0.0.1:8091/v1/x");
}
