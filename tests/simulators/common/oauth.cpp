#include "simulators/common/oauth.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mortise::simulators {

const std::array<Person, 3>& people() {
  static constexpr std::array<Person, 3> all = {{
      {"6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01", "104201000000000000001", "Ana Torres",
       "ana.torres@example.com"},
      {"6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02", "104201000000000000002", "Ben Okafor",
       "ben.okafor@example.com"},
      {"6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0c03", "104201000000000000003", "Chloe Lindqvist",
       "chloe.lindqvist@example.com"},
  }};
  return all;
}

const Person* find_person(std::string_view key) {
  for (const Person& person : people()) {
    if (key == person.id || key == person.google_id || key == person.email) return &person;
  }
  return nullptr;
}

bool OAuthClient::allows(const std::string& redirect_uri) const {
  if (!redirect_uris.empty()) return std::ranges::count(redirect_uris, redirect_uri) > 0;
  const auto scheme = redirect_uri.find("://");
  if (scheme == std::string::npos) return false;
  const std::string_view rest = std::string_view(redirect_uri).substr(scheme + 3);
  for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    if (!rest.starts_with(host)) continue;
    const auto after = rest.substr(host.size());
    if (after.empty() || after.front() == ':' || after.front() == '/') return true;
  }
  return false;
}

const OAuthClient* OAuthSettings::find(std::string_view id) const {
  const auto found = std::ranges::find(clients, id, &OAuthClient::id);
  return found == clients.end() ? nullptr : &*found;
}

Json OAuthSettings::to_json() const {
  Json apps = Json::array();
  for (const OAuthClient& client : clients) {
    apps.push_back({{"client_id", client.id},
                    {"client_secret", client.secret},
                    {"name", client.name},
                    {"redirect_uris", client.redirect_uris}});
  }
  return {{"clients", apps},
          {"access_token_life_s", access_token_life_s},
          {"token_delay_ms", token_delay_ms},
          {"refuse_refresh", refuse_refresh},
          {"omit_refresh_token", omit_refresh_token},
          {"deny_next_consent", deny_next_consent},
          {"granted_scopes", granted_scopes ? Json(*granted_scopes) : Json(nullptr)}};
}

std::string OAuthSettings::merge(const Json& json) {
  OAuthSettings merged = *this;
  try {
    for (const auto& [key, value] : json.items()) {
      if (key == "access_token_life_s") {
        value.get_to(merged.access_token_life_s);
      } else if (key == "token_delay_ms") {
        value.get_to(merged.token_delay_ms);
      } else if (key == "refuse_refresh") {
        value.get_to(merged.refuse_refresh);
      } else if (key == "omit_refresh_token") {
        value.get_to(merged.omit_refresh_token);
      } else if (key == "deny_next_consent") {
        value.get_to(merged.deny_next_consent);
      } else if (key == "granted_scopes") {
        merged.granted_scopes.reset();
        if (!value.is_null()) merged.granted_scopes = value.get<std::vector<std::string>>();
      } else if (key == "clients") {
        merged.clients.clear();
        for (const Json& client : value) {
          merged.clients.push_back({client.at("client_id"), client.at("client_secret"),
                                    client.value("name", "An app"),
                                    client.value("redirect_uris", std::vector<std::string>{})});
        }
      } else if (key != "provider") {
        return "unknown OAuth setting " + key;
      }
    }
  } catch (const Json::exception& problem) {
    return problem.what();
  }
  *this = std::move(merged);
  return {};
}

}  // namespace mortise::simulators
