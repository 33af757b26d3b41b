// The half of OAuth that happens in the browser.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "simulators/google/oauth.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::int64_t kCodeLife = 10 * 60'000;
constexpr const char* kAuthorizePath = "/o/oauth2/v2/auth";

std::set<std::string> read_scopes(const std::string& text) {
  std::set<std::string> scopes;
  std::istringstream words(text);
  for (std::string word; words >> word;) scopes.insert(full_scope(word));
  return scopes;
}

std::string joined(const std::set<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

std::string encoded(const Fields& fields) {
  const std::string url = with_query("/", fields);
  return url.substr(std::min(url.size(), std::size_t{2}));
}

}  // namespace

bool OAuth::Ask::prompts(std::string_view word) const {
  std::istringstream words(get("prompt"));
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

OAuth::ReadAsk OAuth::read_ask(const Fields& fields) {
  ReadAsk read{{fields, read_scopes(field(fields, "scope"))}, ""};
  const Ask& ask = read.ask;
  const OAuthClient* client = oauth().find(ask.get("client_id"));
  if (client == nullptr) {
    read.refusal = "Error 401: invalid_client. The OAuth client was not found.";
  } else if (!client->allows(ask.get("redirect_uri"))) {
    read.refusal = "Error 400: redirect_uri_mismatch. The redirect URI " + ask.get("redirect_uri") +
                   " is not registered for this app.";
  } else if (ask.get("response_type") != "code") {
    read.refusal = "Error 400: unsupported_response_type. This server answers with a code.";
  } else if (ask.scopes.empty()) {
    read.refusal = "Error 400: invalid_request. Missing required parameter: scope.";
  }
  if (!read.refusal.empty()) return read;
  for (const std::string& scope : ask.scopes) {
    if (scope_sentence(scope).empty())
      read.refusal = "Error 400: invalid_scope. Unknown scope: " + scope;
  }
  const std::string challenge = ask.get("code_challenge");
  const std::string method = ask.get("code_challenge_method");
  if (!challenge.empty() && method != "S256" && method != "plain" && !method.empty()) {
    read.refusal = "Error 400: invalid_request. Invalid code_challenge_method: " + method;
  } else if (!challenge.empty() && (challenge.size() < 43 || challenge.size() > 128)) {
    read.refusal = "Error 400: invalid_request. A code challenge has 43 to 128 characters.";
  }
  return read;
}

Response OAuth::back(const Ask& ask, Fields reply) const {
  const std::string state = ask.get("state");
  if (!state.empty()) reply.emplace_back("state", state);
  return redirect(with_query(ask.get("redirect_uri"), reply));
}

Response OAuth::authorize(const Request& request) {
  const ReadAsk read = read_ask(request.query);
  Response refusal = html_response(400, refusal_page("Google", read.refusal));
  if (!read.refusal.empty()) return refusal;
  const Ask& ask = read.ask;
  if (ask.prompts("none")) {
    const Person* person = find_person(ask.get("login_hint"));
    const auto known = person == nullptr
                           ? grants_.end()
                           : grants_.find({std::string(person->email), ask.get("client_id")});
    const bool covered = known != grants_.end() &&
                         std::includes(known->second.scopes.begin(), known->second.scopes.end(),
                                       ask.scopes.begin(), ask.scopes.end());
    if (!covered) return back(ask, {{"error", "interaction_required"}});
    return grant(ask, std::string(person->email), ask.scopes);
  }
  Consent consent;
  consent.provider = "Google";
  consent.app = oauth().find(ask.get("client_id"))->name;
  consent.action = kAuthorizePath;
  consent.hidden = {{"request", encoded(ask.fields)}};
  consent.login_hint = ask.get("login_hint");
  consent.choice_name = "scope";
  consent.choices_title = "Select what the app can access";
  const bool granular = ask.get("enable_granular_consent") != "false";
  for (const std::string& scope : ask.scopes) {
    if (granular && !is_identity_scope(scope)) {
      consent.choices.emplace_back(scope, scope_sentence(scope));
    } else {
      consent.access.push_back(scope_sentence(scope));
    }
  }
  return html_response(200, consent_page(consent));
}

Response OAuth::decide(const Request& request) {
  const Fields form = request.form();
  const ReadAsk read = read_ask(parse_fields(field(form, "request")));
  if (!read.refusal.empty()) return html_response(400, refusal_page("Google", read.refusal));
  const Ask& ask = read.ask;
  const bool denied = oauth().deny_next_consent || field(form, "decision") != "allow";
  oauth().deny_next_consent = false;
  if (denied) return back(ask, {{"error", "access_denied"}});
  const Person* person = find_person(field(form, "user"));
  if (person == nullptr) {
    return html_response(400,
                         refusal_page("Google", "Error 400: invalid_request. Unknown account."));
  }
  Scopes granted;
  const bool granular = ask.get("enable_granular_consent") != "false";
  for (const std::string& scope : ask.scopes) {
    const bool ticked =
        std::find(form.begin(), form.end(), std::pair<std::string, std::string>("scope", scope)) !=
        form.end();
    if (ticked || !granular || is_identity_scope(scope)) granted.insert(scope);
  }
  if (const auto& only = oauth().granted_scopes) {
    Scopes kept;
    for (const std::string& scope : *only) {
      if (granted.count(full_scope(scope)) > 0) kept.insert(full_scope(scope));
    }
    granted = kept;
  }
  return grant(ask, std::string(person->email), std::move(granted));
}

Response OAuth::grant(const Ask& ask, const std::string& email, Scopes granted) {
  const GrantKey key{email, ask.get("client_id")};
  const bool first = grants_.count(key) == 0;
  Grant& kept = grants_[key];
  kept.scopes.insert(granted.begin(), granted.end());
  Code code;
  code.grant = key;
  code.scopes = ask.get("include_granted_scopes") == "true" ? kept.scopes : std::move(granted);
  code.redirect_uri = ask.get("redirect_uri");
  code.challenge = ask.get("code_challenge");
  code.challenge_method = ask.get("code_challenge_method");
  code.nonce = ask.get("nonce");
  code.refresh = ask.get("access_type") == "offline" && (first || ask.prompts("consent"));
  code.expires_ms = world_.clock.now_ms() + kCodeLife;
  const std::string text = world_.ids.token("4/0A");
  const std::string scopes = joined(code.scopes);
  codes_[text] = std::move(code);
  return back(ask, {{"code", text}, {"scope", scopes}, {"authuser", "0"}, {"prompt", "consent"}});
}

Response OAuth::configuration() const {
  const std::string& base = world_.base_url;
  return json_response(200,
                       Json{{"issuer", "https://accounts.google.com"},
                            {"authorization_endpoint", base + kAuthorizePath},
                            {"token_endpoint", base + "/token"},
                            {"userinfo_endpoint", base + "/v1/userinfo"},
                            {"revocation_endpoint", base + "/revoke"},
                            {"response_types_supported", Json::array({"code"})},
                            {"subject_types_supported", Json::array({"public"})},
                            {"id_token_signing_alg_values_supported", Json::array({"HS256"})},
                            {"scopes_supported", Json::array({"openid", "email", "profile"})},
                            {"code_challenge_methods_supported", Json::array({"plain", "S256"})}});
}

}  // namespace mortise::simulators::google
