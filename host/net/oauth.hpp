// OAuth 2.0 spelled out: builds requests, reads replies. Pure; who asks what and when is elsewhere.
// RFC 6749, RFC 7636 (PKCE), RFC 7009 (revocation), RFC 7662 (introspection).
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "core/secret.hpp"
#include "ports/authorization.hpp"
#include "ports/manifest.hpp"
#include "ports/transport.hpp"

namespace mortise::net {

/// Ourselves, as the service knows us.
struct OAuthClient {
  std::string id;
  core::Secret secret;
};

/// The URL of the consent page. `endpoint` is where the manifest's authorize endpoint is. Scopes
/// are those of all features, each once; the manifest's own parameters come last and win.
std::string authorize_url(const ports::Auth& auth, const std::string& endpoint,
                          const std::string& client_id, const ports::AuthorizeAsk& ask);

ports::HttpRequest exchange_request(const ports::Auth& auth, const std::string& endpoint,
                                    const OAuthClient& client, const ports::ExchangeAsk& ask);
ports::HttpRequest refresh_request(const ports::Auth& auth, const std::string& endpoint,
                                   const OAuthClient& client, const core::Secret& refresh_token);
/// For the revocation and introspection endpoints.
ports::HttpRequest token_request(const ports::Auth& auth, const std::string& endpoint,
                                 const OAuthClient& client, const core::Secret& token);

/// Errors as ports::Authorization says; both shapes of error bodies are read:
/// {"error":"invalid_grant"} and {"code":"invalid_grant"}.
Result<ports::TokenReply> read_token_reply(const ports::HttpReply& reply);
Status read_revoke_reply(const ports::HttpReply& reply);
/// Whether the token is active; an answer that does not say is an error, not a no.
Result<bool> read_introspect_reply(const ports::HttpReply& reply);

/// Whether the reply leaves open what the endpoint did: 5xx, or a success that can not be read.
bool outcome_unknown(const ports::HttpReply& reply);

}  // namespace mortise::net
