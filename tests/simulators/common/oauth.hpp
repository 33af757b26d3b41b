// What both providers' OAuth has in common: clients, invented people, settings, the consent page.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulators/common/http.hpp"

namespace mortise::simulators {

/// The client every fresh simulation knows, so that a demo needs no set-up.
inline constexpr std::string_view kDemoClientId = "mortise-simulated";
inline constexpr std::string_view kDemoClientSecret = "simulated-secret";

/// An invented person with an account at both providers.
struct Person {
  std::string_view id;  ///< a UUID; Google uses the digits of `google_id`
  std::string_view google_id;
  std::string_view name;
  std::string_view email;
};
const std::array<Person, 3>& people();
/// By id, Google id or e-mail.
const Person* find_person(std::string_view key);

/// A registered application.
struct OAuthClient {
  std::string id;
  std::string secret;
  std::string name;
  /// Exact matches. Empty: any http(s) address on 127.0.0.1, [::1] or localhost.
  std::vector<std::string> redirect_uris;

  bool allows(const std::string& redirect_uri) const;
};

/// How one provider's OAuth behaves; set by PUT /control/oauth.
struct OAuthSettings {
  std::vector<OAuthClient> clients{
      {std::string(kDemoClientId), std::string(kDemoClientSecret), "Mortise (simulated app)", {}}};
  int access_token_life_s = 0;      ///< 0: does not expire
  int token_delay_ms = 0;           ///< the token endpoint answers after this
  bool refuse_refresh = false;      ///< refreshing answers invalid_grant
  bool omit_refresh_token = false;  ///< an exchange brings no refresh token
  bool deny_next_consent = false;   ///< the next consent comes back as access_denied
  std::optional<std::vector<std::string>>
      granted_scopes;  ///< only these are granted, whatever is asked

  const OAuthClient* find(std::string_view id) const;
  Json to_json() const;
  /// Takes over what `json` names; answers a sentence if something in it is wrong.
  std::string merge(const Json& json);
};

/// What a person is asked. `hidden` comes back with the form, beside `user` (a Person's id) and
/// `decision` (`allow` or `cancel`).
struct Consent {
  std::string provider;  ///< as people know it: "Notion", "Google"
  std::string app;
  std::vector<std::string> access;  ///< sentences: what the app asks for
  std::string action;               ///< where the form goes
  Fields hidden;
  /// Choices a person can untick: value, label (Google's scopes, Notion's pages). Sent as
  /// `choice_name`.
  Fields choices;
  std::string choice_name;
  std::string choices_title;
  std::string login_hint;
};
std::string consent_page(const Consent& consent);

/// The page for a request that cannot be sent back to the app (unknown client, bad redirect URI).
std::string refusal_page(std::string_view provider, std::string_view what);

}  // namespace mortise::simulators
