// What the operator does while the host runs: keys of the app, and what services gave to sign in.
#include <nlohmann/json.hpp>

#include <algorithm>

#include "api/auth.hpp"
#include "api/resources.hpp"
#include "core/secret_names.hpp"
#include "core/time.hpp"
#include "ports/secrets.hpp"

namespace mortise::api {

namespace {

constexpr std::size_t kSecretBytes = 16UL * 1024;

core::Json key_json(const core::ApiKey& key) {
  core::Json out = {{"id", key.id},
                    {"name", key.name},
                    {"scopes", key.scopes},
                    {"created_at", core::format_instant(key.created_ms)}};
  if (key.revoked_ms) out["revoked_at"] = core::format_instant(*key.revoked_ms);
  return out;
}

std::vector<std::string> read_scopes(JsonBody& body) {
  if (!body.fields().has("scopes")) return {"read", "write"};
  std::vector<std::string> scopes;
  const core::Json* given = body.fields().array("scopes", 3);
  if (body.json()["scopes"].is_null()) body.fields().problem("scopes", "must not be null");
  for (std::size_t i = 0; given != nullptr && i < given->size(); ++i) {
    const core::Json& one = (*given)[i];
    const std::string scope = one.is_string() ? one.get<std::string>() : std::string();
    if (scope != "read" && scope != "write" && scope != "admin") {
      body.fields().problem("scopes", "is a list of read, write, admin");
      break;
    }
    scopes.push_back(scope);
  }
  if (given != nullptr && given->empty()) body.fields().problem("scopes", "must not be empty");
  return scopes;
}

// No Idempotency-Key: the answer holds the key, which is kept by nobody.
Response make_api_key(const Context& context, const Request& request) {
  JsonBody body(request);
  std::string name = body.text("name");
  std::vector<std::string> scopes = read_scopes(body);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto key = make_key(context.services.store, std::move(name), std::move(scopes),
                            context.services.clock, context.services.random);
  if (!key) return refusal(request, key.error());
  core::Json out = key_json(key->record);
  out["key"] = std::string(key->text.reveal_for_use());
  return json_response(out, 201);
}

Response list_api_keys(const Context& context, const Request& request) {
  return respond(request, context.services.store.access().keys(),
                 [](const std::vector<core::ApiKey>& keys) {
                   core::Json items = core::Json::array();
                   for (const core::ApiKey& key : keys) items.push_back(key_json(key));
                   return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
                 });
}

Response revoke_api_key(const Context& context, const Request& request) {
  const auto key = revoke_key(context.services.store, request.param("key"), context.services.clock);
  if (!key && key.error().code == Code::not_found) return not_found(request, "API key");
  if (!key) return refusal(request, key.error());
  context.end_streams(key_principal(key->id));
  return no_content();
}

bool is_secret_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
  return plain && !name.empty() && name.size() <= 128 && !name.starts_with(ports::kOwnSecrets);
}

Response set_secret(const Context& context, const Request& request) {
  const std::string& name = request.param("secret");
  JsonBody body(request);
  core::Secret value(body.required_text("value", kSecretBytes));
  if (auto refused = body.refused(request)) return *std::move(refused);
  if (!is_secret_name(name)) {
    return refusal(request, make_problem(400, "bad_secret_name",
                                         "Names are like notion.client_secret, and not the "
                                         "host's own."));
  }
  std::vector<std::string> ids;
  for (const auto& each : context.services.connectors.list()) ids.push_back(each->manifest().id);
  if (const Status read = core::check_secret_name(name, ids); !read) {
    return refusal(request, make_problem(400, "bad_secret_name", read.error().message));
  }
  if (const auto saved = context.services.store.commit(
          {ports::put(core::NamedSecret{name, std::move(value), context.services.clock.now_ms()})},
          ports::Durability::full);
      !saved) {
    return refusal(request, saved.error());
  }
  return no_content();
}

Response list_secrets(const Context& context, const Request& request) {
  return respond(request, context.services.store.grants().secret_names(),
                 [](const std::vector<std::string>& names) {
                   core::Json items = core::Json::array();
                   for (const std::string& name : names) {
                     if (!name.starts_with(ports::kOwnSecrets)) items.push_back({{"name", name}});
                   }
                   return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
                 });
}

Response remove_secret(const Context& context, const Request& request) {
  const std::string& name = request.param("secret");
  if (!is_secret_name(name)) return not_found(request, "secret");
  // Not by its value: one whose seal is broken can be removed, too.
  const auto names = context.services.store.grants().secret_names();
  if (!names) return refusal(request, names.error());
  if (std::find(names->begin(), names->end(), name) == names->end()) {
    return not_found(request, "secret");
  }
  if (const auto removed =
          context.services.store.commit({ports::EraseSecret{name}}, ports::Durability::full);
      !removed) {
    return refusal(request, removed.error());
  }
  return no_content();
}

}  // namespace

void add_admin(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  const std::string key = "/v1/api_keys/{key}";
  router.add({"POST", "/v1/api_keys", "make_api_key", Access::admin, with(make_api_key)});
  router.add({"GET", "/v1/api_keys", "list_api_keys", Access::admin, with(list_api_keys)});
  router.add({"DELETE", key, "revoke_api_key", Access::admin, with(revoke_api_key)});
  const std::string secret = "/v1/secrets/{secret}";
  router.add({"GET", "/v1/secrets", "list_secrets", Access::admin, with(list_secrets)});
  router.add({"PUT", secret, "set_secret", Access::admin, with(set_secret)});
  router.add({"DELETE", secret, "remove_secret", Access::admin, with(remove_secret)});
}

}  // namespace mortise::api
