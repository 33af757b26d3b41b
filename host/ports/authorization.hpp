// The conversation with a service's authorisation server (OAuth 2.0, RFC 6749; practice of RFC
// 9700). What is asked and when is decided in service/; how it is spelled and sent, in net/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/json.hpp"
#include "core/secret.hpp"
#include "ports/connector.hpp"
#include "ports/manifest.hpp"

namespace mortise::ports {

/// What a token endpoint gave.
struct TokenReply {
  core::Secret access_token;
  core::Secret refresh_token;  ///< empty when none came
  std::optional<std::int64_t> expires_in_s;
  std::string scope;  ///< as granted; empty when the service did not say
  /// The reply as plugins may see it: every token removed, "id_token" replaced by
  /// "id_token_claims".
  core::JsonText visible;
};

/// `interrupted`: some attempt may have been carried out although no answer came back. A rotating
/// refresh token may then be used up.
struct TokenOutcome {
  Result<TokenReply> reply;
  bool interrupted = false;
};

struct AuthorizeAsk {
  std::string redirect_uri;
  std::string state;
  core::Secret verifier;  ///< PKCE; its challenge goes into the URL where the manifest says so
};

struct ExchangeAsk {
  std::string code;
  std::string redirect_uri;
  core::Secret verifier;
};

/// Thread-safe. `done` is called exactly once, on the executor, never inside the call. A manifest
/// must outlive the call (connectors are never unloaded). Attempts and total time are bounded.
///
/// Errors of tokens: `unauthenticated` with reason `invalid_grant` (the grant or code is dead),
/// `forbidden` with the service's own word as reason (`invalid_client`: our configuration),
/// `unavailable`, `not_found` (no client id configured).
class Authorization {
 public:
  using TokenDone = std::function<void(TokenOutcome)>;
  virtual ~Authorization() = default;

  /// Where to send the browser.
  virtual Result<std::string> authorize_url(const Manifest& manifest, const AuthorizeAsk& ask) = 0;
  virtual void exchange(const Manifest& manifest, ExchangeAsk ask, TokenDone done) = 0;
  /// A lost answer is asked for again, also where the token rotates: it still works, or the service
  /// says `invalid_grant`.
  virtual void refresh(const Manifest& manifest, core::Secret refresh_token, TokenDone done) = 0;
  /// Ends the grant there. A token that is dead already counts as revoked. `unsupported` when the
  /// service has no such endpoint.
  virtual void revoke(const Manifest& manifest, core::Secret token,
                      std::function<void(Status)> done) = 0;
  /// Whether the service still knows the token. `unsupported` when it has no such endpoint.
  virtual void introspect(const Manifest& manifest, core::Secret token,
                          std::function<void(Result<bool>)> done) = 0;
  /// Sends a request of a connector with a token that is not stored yet: identity before there is a
  /// connection.
  virtual void send_signed(const Manifest& manifest, ConnectorRequest request, core::Secret token,
                           std::function<void(ConnectorReply)> done) = 0;
};

}  // namespace mortise::ports
