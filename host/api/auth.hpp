// Who asks. Apps: keys `mk_<id>_<256 bit>`, kept as SHA-256. End users: a session cookie with a
// CSRF token, or a bearer token of at most 15 minutes; both come from a one-time code that the app
// mints (sessions.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "api/http.hpp"
#include "api/problem.hpp"
#include "api/router.hpp"
#include "api/services.hpp"

namespace mortise::api {

inline constexpr std::int64_t kTokenLifeMs = 15 * 60 * 1000;
inline constexpr std::int64_t kCodeLifeMs = 2 * 60 * 1000;
inline constexpr std::int64_t kSessionLifeMs = 8 * 60 * 60 * 1000;

/// A fresh key. `text` is shown once and kept by nobody; `record` is what the store keeps.
struct NewKey {
  core::Secret text;
  core::ApiKey record;
};
/// Makes a key and keeps its record. `name`: what it is for, "app" if empty. `scopes`: of read,
/// write, admin; `invalid` otherwise.
Result<NewKey> make_key(ports::Store& store, std::string name, std::vector<std::string> scopes,
                        const ports::Clock& clock, ports::Random& random);
/// Ends a key, if it has not ended before. Error: `not_found`.
Result<core::ApiKey> revoke_key(ports::Store& store, const std::string& id,
                                const ports::Clock& clock);

/// The scope that a key needs for this; empty: none.
std::string_view scope_of(Access access);

/// Principal::id of whoever shows the key with this id.
std::string key_principal(std::string_view key_id);

/// 256 unpredictable bits in base64url.
std::string random_token(ports::Random& random);

/// "mt1.<payload>.<HMAC-SHA-256>": names the account and the moment it ends. Stateless.
std::string sign_token(const core::Secret& key, std::string_view account_id,
                       core::Instant expires_ms);
/// Nothing if the signature is wrong, the time over, or the text no token.
std::optional<Principal> read_token(const core::Secret& key, std::string_view token,
                                    core::Instant now_ms);

/// The name of the session cookie; `__Host-` where the host is reached over https (RFC 6265bis).
std::string session_cookie_name(const Site& site);
/// A Set-Cookie value: HttpOnly, SameSite=Lax, Secure over https.
std::string set_cookie(const Site& site, std::string_view name, std::string_view value,
                       std::string_view path, std::int64_t max_age_s);
std::optional<std::string> read_cookie(const Request& request, std::string_view name);

/// The session that the browser's cookie opens. Errors: `not_found` without a good one; else the
/// store could not say.
Result<core::UserSession> cookie_session(const Services& services, const Site& site,
                                         const Request& request);

/// What to answer when the store could not say who somebody is: they were not refused.
Error not_looked_up(const Error& error);

/// Finds out who asks and whether they may. On success `request.principal` is set and nothing is
/// returned. Any thread.
class Auth {
 public:
  Auth(const Services& services, const Site& site) : services_(services), site_(site) {}
  std::optional<Problem> check(Request& request, const Route& route) const;

 private:
  struct Found {
    Principal principal;
    std::vector<std::string> scopes;
    bool by_cookie = false;
  };
  /// Errors of all three: `not_found` without good credentials; else the store could not say.
  Result<Found> find(const Request& request) const;
  Result<Found> find_key(std::string_view key) const;
  Result<Found> find_session(const Request& request) const;

  const Services& services_;
  const Site& site_;
};

}  // namespace mortise::api
