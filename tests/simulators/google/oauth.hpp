// Google's OAuth 2.0: authorise, consent with scopes one by one, exchange, refresh, revoke, user
// info.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulators/common/provider.hpp"
#include "simulators/google/calendar_api.hpp"
#include "simulators/google/settings.hpp"

namespace mortise::simulators::google {

/// Used under the world's lock.
class OAuth {
 public:
  OAuth(World& world, const Settings& settings) : world_(world), settings_(settings) {}

  /// GET /o/oauth2/v2/auth: the consent page, or why there is none.
  Response authorize(const Request& request);
  /// POST /o/oauth2/v2/auth: what the person decided; goes back to the app.
  Response decide(const Request& request);
  /// POST /token: authorization_code and refresh_token.
  Response token(const Request& request);
  /// POST /revoke: ends the whole grant of that access or refresh token.
  Response revoke(const Request& request);
  Response userinfo(const Request& request) const;
  Response configuration() const;

  /// Whose access token this is; nullopt: unknown, expired or revoked.
  std::optional<Caller> caller(const std::string& bearer) const;

  /// Ends the grants of a person ("": of everybody); answers how many.
  int revoke_grants(const std::string& email);
  /// Lets the access tokens of a person ("": of everybody) expire now.
  void expire_access_tokens(const std::string& email);
  /// [{client_id, scopes, refresh_tokens}] of a person.
  Json grants_of(const std::string& email) const;

  Json save() const;
  void load(const Json& saved);

 private:
  using Scopes = std::set<std::string>;
  using GrantKey = std::pair<std::string, std::string>;  // e-mail, client id
  struct Refresh {
    std::string token;
    Scopes scopes;
    std::int64_t used_ms = 0;
  };
  struct Grant {
    Scopes scopes;
    std::vector<Refresh> refreshes;  // oldest first
  };
  struct Access {
    GrantKey grant;
    Scopes scopes;
    std::int64_t expires_ms = 0;  // 0: never
  };
  struct Code {
    GrantKey grant;
    Scopes scopes;
    std::string redirect_uri, challenge, challenge_method, nonce;
    bool refresh = false;  // a refresh token comes with the exchange
    std::int64_t expires_ms = 0;
  };
  /// An authorise request that passed the checks.
  struct Ask {
    Fields fields;
    Scopes scopes;
    std::string get(std::string_view name) const { return field(fields, name); }
    bool prompts(std::string_view word) const;
  };
  struct ReadAsk {
    Ask ask;
    std::string refusal;  // "Error 400: redirect_uri_mismatch", "" if fine
  };

  OAuthSettings& oauth() { return world_.oauth["google"]; }
  ReadAsk read_ask(const Fields& fields);
  Response back(const Ask& ask, Fields reply) const;
  Response grant(const Ask& ask, const std::string& email, Scopes granted);
  Response exchange(const Fields& form, const OAuthClient& client);
  Response refresh(const Fields& form, const OAuthClient& client);
  Json issue(const GrantKey& key, const Scopes& scopes, const OAuthClient& client,
             const std::string& nonce);

  World& world_;
  const Settings& settings_;
  std::map<GrantKey, Grant> grants_;
  std::map<std::string, Access> access_;
  std::map<std::string, Code> codes_;
};

/// One scope as people read it; "" if Google has no such scope.
std::string scope_sentence(const std::string& scope);
/// The full name of a scope ("email" is .../auth/userinfo.email).
std::string full_scope(const std::string& scope);
bool is_identity_scope(const std::string& scope);

}  // namespace mortise::simulators::google
