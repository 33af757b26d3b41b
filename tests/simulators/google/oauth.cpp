// The half of OAuth that happens between servers.
#include "simulators/google/oauth.hpp"

#include <nlohmann/json.hpp>

#include "simulators/common/signing.hpp"
#include "simulators/google/base64url.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::string_view kPrefix = "https://www.googleapis.com/auth/";
constexpr std::int64_t kUnusedRefreshLife = 183LL * 86'400'000;  // six months
constexpr std::int64_t kIdTokenLife = 3600;

Response refused(int status, const std::string& error, const std::string& description) {
  return json_response(status, Json{{"error", error}, {"error_description", description}});
}

std::string joined(const std::set<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

bool verifies(const std::string& challenge, const std::string& method,
              const std::string& verifier) {
  return challenge == (method == "S256" ? base64url(sha256(verifier)) : verifier);
}

}  // namespace

Response OAuth::token(const Request& request) {
  const Fields form = request.form();
  std::string id = field(form, "client_id");
  std::string secret = field(form, "client_secret");
  if (const auto basic = basic_credentials(request)) std::tie(id, secret) = *basic;
  const OAuthClient* client = oauth().find(id);
  if (client == nullptr) return refused(401, "invalid_client", "The OAuth client was not found.");
  if (client->secret != secret) return refused(401, "invalid_client", "Unauthorized");
  const std::string type = field(form, "grant_type");
  if (type == "authorization_code") return exchange(form, *client);
  if (type == "refresh_token") return refresh(form, *client);
  if (type.empty())
    return refused(400, "invalid_request", "Required parameter is missing: grant_type");
  return refused(400, "unsupported_grant_type", "Invalid grant_type: " + type);
}

Response OAuth::exchange(const Fields& form, const OAuthClient& client) {
  if (field(form, "code").empty())
    return refused(400, "invalid_request", "Missing required parameter: code");
  const auto found = codes_.find(field(form, "code"));
  if (found == codes_.end()) return refused(400, "invalid_grant", "Malformed auth code.");
  if (found->second.grant.second != client.id) return refused(400, "invalid_grant", "Bad Request");
  const Code code = found->second;
  codes_.erase(found);  // once, whatever comes of it
  if (world_.clock.now_ms() > code.expires_ms || grants_.count(code.grant) == 0) {
    return refused(400, "invalid_grant", "Bad Request");
  }
  if (field(form, "redirect_uri") != code.redirect_uri) {
    return refused(400, "redirect_uri_mismatch", "Bad Request");
  }
  const std::string verifier = field(form, "code_verifier");
  if (!code.challenge.empty() && verifier.empty()) {
    return refused(400, "invalid_grant", "Missing code verifier.");
  }
  if (!code.challenge.empty() && !verifies(code.challenge, code.challenge_method, verifier)) {
    return refused(400, "invalid_grant", "Invalid code verifier.");
  }
  Json reply = issue(code.grant, code.scopes, client, code.nonce);
  if (code.refresh && !oauth().omit_refresh_token) {
    std::vector<Refresh>& refreshes = grants_[code.grant].refreshes;
    refreshes.push_back({world_.ids.token("1//0"), code.scopes, world_.clock.now_ms()});
    if (refreshes.size() > static_cast<std::size_t>(settings_.refresh_tokens)) {
      refreshes.erase(refreshes.begin());
    }
    reply["refresh_token"] = refreshes.back().token;
  }
  return json_response(200, reply);
}

Response OAuth::refresh(const Fields& form, const OAuthClient& client) {
  const std::string wanted = field(form, "refresh_token");
  if (wanted.empty())
    return refused(400, "invalid_request", "Missing required parameter: refresh_token");
  const std::int64_t now_ms = world_.clock.now_ms();
  for (auto& [key, grant] : grants_) {
    for (Refresh& refresh : grant.refreshes) {
      if (refresh.token != wanted) continue;
      if (key.second != client.id) return refused(401, "unauthorized_client", "Unauthorized");
      const bool dead = now_ms - refresh.used_ms > kUnusedRefreshLife;
      if (dead || oauth().refuse_refresh) break;
      refresh.used_ms = now_ms;
      return json_response(200, issue(key, refresh.scopes, client, ""));
    }
  }
  return refused(400, "invalid_grant", "Token has been expired or revoked.");
}

Json OAuth::issue(const GrantKey& key, const Scopes& scopes, const OAuthClient& client,
                  const std::string& nonce) {
  const std::int64_t now_ms = world_.clock.now_ms();
  std::erase_if(access_, [&](const auto& entry) {
    return entry.second.expires_ms != 0 && entry.second.expires_ms <= now_ms;
  });
  const int life = oauth().access_token_life_s;
  const std::string access = world_.ids.token("ya29.a0");
  access_[access] = {key, scopes, life == 0 ? 0 : now_ms + life * std::int64_t{1000}};
  Json reply{{"access_token", access},
             {"expires_in", life == 0 ? 3599 : life},
             {"scope", joined(scopes)},
             {"token_type", "Bearer"}};
  if (scopes.count("openid") == 0) return reply;
  const Person& person = *find_person(key.first);
  Json claims{{"iss", "https://accounts.google.com"},
              {"azp", client.id},
              {"aud", client.id},
              {"sub", person.google_id},
              {"iat", now_ms / 1000},
              {"exp", now_ms / 1000 + kIdTokenLife}};
  if (scopes.count(full_scope("email")) > 0) {
    claims["email"] = person.email;
    claims["email_verified"] = true;
  }
  if (scopes.count(full_scope("profile")) > 0) claims["name"] = person.name;
  if (!nonce.empty()) claims["nonce"] = nonce;
  const std::string signed_part =
      base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims.dump());
  reply["id_token"] = signed_part + "." + base64url(hmac_sha256(client.secret, signed_part));
  return reply;
}

Response OAuth::revoke(const Request& request) {
  std::string token = field(request.form(), "token");
  if (token.empty()) token = request.parameter("token").value_or("");
  if (token.empty()) return refused(400, "invalid_request", "Missing required parameter: token");
  GrantKey dead;
  const auto access = access_.find(token);
  if (access != access_.end()) dead = access->second.grant;
  for (const auto& [key, grant] : grants_) {
    for (const Refresh& refresh : grant.refreshes) {
      if (refresh.token == token) dead = key;
    }
  }
  if (dead.first.empty()) return refused(400, "invalid_token", "Token expired or revoked");
  grants_.erase(dead);
  std::erase_if(access_, [&](const auto& entry) { return entry.second.grant == dead; });
  return json_response(200, Json::object());
}

Response OAuth::userinfo(const Request& request) const {
  const auto access = access_.find(bearer_token(request));
  const bool known = caller(bearer_token(request)).has_value();
  if (!known || access->second.scopes.count("openid") == 0) {
    return refused(401, "invalid_request", "Invalid Credentials");
  }
  const Person& person = *find_person(access->second.grant.first);
  Json reply{{"sub", person.google_id}};
  if (access->second.scopes.count(full_scope("profile")) > 0) reply["name"] = person.name;
  if (access->second.scopes.count(full_scope("email")) > 0) {
    reply["email"] = person.email;
    reply["email_verified"] = true;
  }
  return json_response(200, reply);
}

std::optional<Caller> OAuth::caller(const std::string& bearer) const {
  const auto found = access_.find(bearer);
  if (found == access_.end()) return std::nullopt;
  const Access& access = found->second;
  if (access.expires_ms != 0 && world_.clock.now_ms() >= access.expires_ms) return std::nullopt;
  Caller caller{access.grant.first, access.grant.second, {}};
  for (const std::string& scope : access.scopes) {
    if (scope.rfind(kPrefix, 0) == 0) caller.scopes.insert(scope.substr(kPrefix.size()));
  }
  return caller;
}

int OAuth::revoke_grants(const std::string& email) {
  const auto theirs = [&](const GrantKey& key) { return email.empty() || key.first == email; };
  std::erase_if(access_, [&](const auto& entry) { return theirs(entry.second.grant); });
  std::erase_if(codes_, [&](const auto& entry) { return theirs(entry.second.grant); });
  return static_cast<int>(
      std::erase_if(grants_, [&](const auto& entry) { return theirs(entry.first); }));
}

void OAuth::expire_access_tokens(const std::string& email) {
  for (auto& [token, access] : access_) {
    if (email.empty() || access.grant.first == email) access.expires_ms = world_.clock.now_ms();
  }
}

Json OAuth::grants_of(const std::string& email) const {
  Json list = Json::array();
  for (const auto& [key, grant] : grants_) {
    if (key.first != email) continue;
    list.push_back(Json{{"client_id", key.second},
                        {"scopes", grant.scopes},
                        {"refresh_tokens", grant.refreshes.size()}});
  }
  return list;
}

Json OAuth::save() const {
  Json grants = Json::array();
  for (const auto& [key, grant] : grants_) {
    Json refreshes = Json::array();
    for (const Refresh& refresh : grant.refreshes) {
      refreshes.push_back(
          Json{{"token", refresh.token}, {"scopes", refresh.scopes}, {"used_ms", refresh.used_ms}});
    }
    grants.push_back(Json{{"email", key.first},
                          {"client_id", key.second},
                          {"scopes", grant.scopes},
                          {"refreshes", std::move(refreshes)}});
  }
  Json access = Json::array();
  for (const auto& [token, held] : access_) {
    access.push_back(Json{{"token", token},
                          {"email", held.grant.first},
                          {"client_id", held.grant.second},
                          {"scopes", held.scopes},
                          {"expires_ms", held.expires_ms}});
  }
  // Codes live for minutes: a consent that a restart interrupts starts again.
  return Json{{"grants", std::move(grants)}, {"access", std::move(access)}};
}

void OAuth::load(const Json& saved) {
  grants_.clear();
  access_.clear();
  codes_.clear();
  for (const Json& entry : saved.at("grants")) {
    Grant grant{entry.at("scopes").get<Scopes>(), {}};
    for (const Json& refresh : entry.at("refreshes")) {
      grant.refreshes.push_back({refresh.at("token").get<std::string>(),
                                 refresh.at("scopes").get<Scopes>(),
                                 refresh.at("used_ms").get<std::int64_t>()});
    }
    grants_[{entry.at("email").get<std::string>(), entry.at("client_id").get<std::string>()}] =
        std::move(grant);
  }
  for (const Json& entry : saved.at("access")) {
    access_[entry.at("token").get<std::string>()] = {
        {entry.at("email").get<std::string>(), entry.at("client_id").get<std::string>()},
        entry.at("scopes").get<Scopes>(),
        entry.at("expires_ms").get<std::int64_t>()};
  }
}

}  // namespace mortise::simulators::google
