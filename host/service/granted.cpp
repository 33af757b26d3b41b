#include "service/granted.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace mortise::service {
namespace {

using core::Json;

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::set<std::string> words(const std::string& scope) {
  std::istringstream stream(scope);
  std::set<std::string> all;
  for (std::string word; stream >> word;) all.insert(word);
  return all;
}

Error no_identity() {
  return {Code::invalid, "the service did not say whose grant this is", "identity_unknown"};
}

}  // namespace

Status check_usable(const core::Connection& connection) {
  if (connection.status == core::ConnectionStatus::needs_reconnect) {
    return Error{Code::conflict, "the service no longer accepts this connection: connect it again",
                 "needs_reconnect"};
  }
  if (connection.status == core::ConnectionStatus::disconnected) {
    return Error{Code::conflict, "this connection was disconnected: connect it first",
                 "not_connected"};
  }
  return {};
}

Error failure_there(Error error, const Result<core::Connection>& now) {
  if (!now.ok()) return now.error();
  if (auto usable = check_usable(*now); !usable.ok()) return std::move(usable).error();
  error.code = Code::unavailable;
  if (error.reason.empty()) error.reason = "service_unavailable";
  return error;
}

Granted granted_features(const ports::Auth& auth, const std::string& scope) {
  const std::set<std::string> given = words(scope);
  Granted granted;
  for (const ports::Feature& feature : auth.features) {
    const bool whole =
        given.empty() || std::all_of(feature.scopes.begin(), feature.scopes.end(),
                                     [&](const std::string& one) { return given.count(one) != 0; });
    if (whole) {
      granted.features.push_back(feature.name);
    } else if (feature.required) {
      granted.missing_required.push_back(feature.name);
    }
  }
  return granted;
}

const core::Secret& revocable(const ports::Auth& auth, const core::Secret& access,
                              const core::Secret& refresh) {
  return auth.revoke_with == ports::TokenKind::refresh && !refresh.empty() ? refresh : access;
}

Result<core::Identity> read_identity(const core::JsonText& reported) {
  const auto document = core::parse_json(reported, 64 * 1024);
  if (!document.ok() || !document->is_object()) return no_identity();
  core::Identity identity;
  identity.id = text(*document, "id");
  identity.email = text(*document, "email");
  identity.name = text(*document, "name");
  identity.workspace_id = text(*document, "workspace_id");
  identity.workspace_name = text(*document, "workspace_name");
  if (identity.id.empty()) return no_identity();
  return identity;
}

Result<core::Identity> identity_from_claims(const core::JsonText& visible_token_reply) {
  const auto document = core::parse_json(visible_token_reply, 1024 * 1024);
  if (!document.ok() || !document->is_object()) return no_identity();
  const auto claims = document->find("id_token_claims");
  if (claims == document->end() || !claims->is_object()) return no_identity();
  core::Identity identity;
  identity.id = text(*claims, "sub");
  identity.email = text(*claims, "email");
  identity.name = text(*claims, "name");
  if (identity.id.empty()) return no_identity();
  return identity;
}

Result<std::optional<ports::ExpectRev>> sharing_grant(const ports::Store& store,
                                                      const std::string& connector,
                                                      const std::string& identity_id,
                                                      const std::string& but) {
  auto all = store.connections().list_all();
  if (!all.ok()) return std::move(all).error();
  for (const core::Connection& one : *all) {
    if (one.id == but || one.connector != connector || one.identity.id != identity_id) continue;
    auto grant = store.grants().find(one.id);
    if (grant.ok()) {
      return std::optional(ports::ExpectRev{ports::ExpectRev::Of::grant, one.id, grant->rev});
    }
    if (grant.error().code != Code::not_found) return std::move(grant).error();
  }
  return std::optional<ports::ExpectRev>();
}

}  // namespace mortise::service
