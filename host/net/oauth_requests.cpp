#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/encoding.hpp"
#include "net/oauth.hpp"

namespace mortise::net {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string all_scopes(const ports::Auth& auth) {
  std::vector<std::string> scopes;
  for (const ports::Feature& feature : auth.features) {
    for (const std::string& scope : feature.scopes) {
      if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  std::string joined;
  for (const std::string& scope : scopes) joined += (joined.empty() ? "" : " ") + scope;
  return joined;
}

void set(Fields& fields, const std::string& name, std::string value) {
  for (auto& [existing, old] : fields) {
    if (existing == name) {
      old = std::move(value);
      return;
    }
  }
  fields.emplace_back(name, std::move(value));
}

std::string json_body(const Fields& fields) {
  core::Json body = core::Json::object();
  for (const auto& [name, value] : fields) body[name] = value;
  return body.dump(-1, ' ', false, core::Json::error_handler_t::replace);
}

/// A POST to one of the authorisation server's endpoints, with the client's credentials.
ports::HttpRequest post(const ports::Auth& auth, const std::string& endpoint,
                        const OAuthClient& client, Fields fields) {
  ports::HttpRequest request;
  request.method = "POST";
  request.url = endpoint;
  request.deadline_ms = 30'000;
  request.max_reply_bytes = 256 * 1024;
  request.headers.emplace_back("Accept", "application/json");
  for (const auto& header : auth.headers) request.headers.push_back(header);
  if (auth.client_auth == ports::ClientAuth::basic) {
    // RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    const std::string pair =
        percent_encode(client.id) + ":" + percent_encode(client.secret.reveal_for_use());
    request.headers.emplace_back("Authorization", "Basic " + base64(pair));
  } else {
    fields.emplace_back("client_id", client.id);
    if (!client.secret.empty()) {
      fields.emplace_back("client_secret", client.secret.reveal_for_use());
    }
  }
  const bool json = auth.body == ports::BodyFormat::json;
  request.headers.emplace_back("Content-Type",
                               json ? "application/json" : "application/x-www-form-urlencoded");
  request.body = json ? json_body(fields) : form_encode(fields);
  return request;
}

}  // namespace

std::string authorize_url(const ports::Auth& auth, const std::string& endpoint,
                          const std::string& client_id, const ports::AuthorizeAsk& ask) {
  Fields fields = {{"client_id", client_id},
                   {"redirect_uri", ask.redirect_uri},
                   {"response_type", "code"},
                   {"state", ask.state}};
  if (const std::string scopes = all_scopes(auth); !scopes.empty()) set(fields, "scope", scopes);
  if (auth.pkce == ports::Pkce::s256) {
    set(fields, "code_challenge", s256_challenge(ask.verifier.reveal_for_use()));
    set(fields, "code_challenge_method", "S256");
  }
  for (const auto& [name, value] : auth.authorize_params) set(fields, name, value);
  return endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") + form_encode(fields);
}

ports::HttpRequest exchange_request(const ports::Auth& auth, const std::string& endpoint,
                                    const OAuthClient& client, const ports::ExchangeAsk& ask) {
  Fields fields = {
      {"grant_type", "authorization_code"}, {"code", ask.code}, {"redirect_uri", ask.redirect_uri}};
  if (auth.pkce == ports::Pkce::s256) {
    fields.emplace_back("code_verifier", ask.verifier.reveal_for_use());
  }
  return post(auth, endpoint, client, std::move(fields));
}

ports::HttpRequest refresh_request(const ports::Auth& auth, const std::string& endpoint,
                                   const OAuthClient& client, const core::Secret& refresh_token) {
  return post(auth, endpoint, client,
              {{"grant_type", "refresh_token"},
               {"refresh_token", std::string(refresh_token.reveal_for_use())}});
}

ports::HttpRequest token_request(const ports::Auth& auth, const std::string& endpoint,
                                 const OAuthClient& client, const core::Secret& token) {
  return post(auth, endpoint, client, {{"token", std::string(token.reveal_for_use())}});
}

}  // namespace mortise::net
