// How a connection keeps in step, set by a person: what travels, which way, how often, and now.
#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "api/resources.hpp"
#include "core/public_url.hpp"

namespace mortise::api {

namespace {

constexpr std::int64_t kLeastIntervalS = 60;
constexpr std::int64_t kMostIntervalS = 86'400;
constexpr std::size_t kMostLeftOut = 1'000;
constexpr int kMostRaces = 20;

std::string bounds_text(const ports::Setting& setting) {
  if (!setting.least) return fmt::format("must be at most {}", *setting.most);
  if (!setting.most) return fmt::format("must be at least {}", *setting.least);
  return fmt::format("must be from {} to {}", *setting.least, *setting.most);
}

// One setting of the connector, checked against its description in the manifest.
void check_setting(const ports::Manifest& manifest, const std::string& name,
                   const core::Json& value, std::vector<BodyError>& errors) {
  const std::string pointer = "/settings/connector/" + name;
  const auto complain = [&](std::string detail) { errors.push_back({pointer, std::move(detail)}); };
  const ports::Setting* setting = nullptr;
  for (const ports::Setting& each : manifest.settings) {
    if (each.name == name) setting = &each;
  }
  if (!setting) return complain("unknown field: " + manifest.name + " has no setting of this name");
  const bool is_text =
      setting->type == ports::SettingType::text || setting->type == ports::SettingType::url;
  if (is_text && !setting->required && value == "") return;  // a field that was emptied
  switch (setting->type) {
    case ports::SettingType::flag:
      if (!value.is_boolean()) complain("must be true or false");
      return;
    case ports::SettingType::integer:
      if (!value.is_number_integer()) return complain("must be an integer");
      if ((setting->least && value.get<std::int64_t>() < *setting->least) ||
          (setting->most && value.get<std::int64_t>() > *setting->most)) {
        complain(bounds_text(*setting));
      }
      return;
    case ports::SettingType::choice:
      if (!value.is_string() || std::find(setting->choices.begin(), setting->choices.end(),
                                          value.get<std::string>()) == setting->choices.end()) {
        complain(fmt::format("must be one of {}", fmt::join(setting->choices, ", ")));
      }
      return;
    case ports::SettingType::text: {
      if (!value.is_string()) return complain("must be text");
      const auto bytes = static_cast<std::int64_t>(value.get_ref<const std::string&>().size());
      if (setting->least && bytes < *setting->least) complain("is too short");
      if (setting->most && bytes > *setting->most) complain("is too long");
      return;
    }
    case ports::SettingType::url: {
      const std::string url = value.is_string() ? value.get<std::string>() : std::string();
      if (url.empty() || !core::public_url_from(url)) {
        complain("must be an http(s) URL without user, query and fragment");
      }
      return;
    }
  }
}

// What the patch sets in that part: without what it takes away.
core::Json given_in(const core::Json& patch, const std::string& part) {
  core::Json given = core::Json::object();
  if (const auto members = patch.find(part); members != patch.end()) {
    for (const auto& [name, value] : members->items()) {
      if (!value.is_null()) given[name] = value;
    }
  }
  return given;
}

// The settings with the patch merged in, or what is wrong with it.
std::vector<BodyError> merge_settings(const Context& context, core::Connection& connection,
                                      const core::Json& patch) {
  std::vector<BodyError> errors;
  if (patch.is_null()) {  // all as it was in the beginning
    connection.settings = "{}";
    return errors;
  }
  if (!patch.is_object()) return {{"/settings", "must be an object"}};
  for (const auto& [part, members] : patch.items()) {
    if (part != "connector" && part != "mapping") {
      errors.push_back({"/settings/" + part, "unknown field; there are 'connector' and 'mapping'"});
    } else if (!members.is_object() && !members.is_null()) {
      errors.push_back({"/settings/" + part, "must be an object"});
    }
  }
  if (!errors.empty()) return errors;
  auto settings = core::parse_json(connection.settings);
  if (!settings) return {{"/settings", settings.error().message}};
  settings->merge_patch(patch);
  // Only what is set now: what was set under an earlier script or connector, and is unknown to this
  // one, must not stand in the way.
  const core::Json connector_part = given_in(patch, "connector");
  const core::Json mapping_part = given_in(patch, "mapping");
  if (const auto connector = context.services.connectors.find(connection.connector)) {
    for (const auto& [name, value] : connector_part.items()) {
      check_setting(connector->manifest(), name, value, errors);
    }
  }
  if (!mapping_part.empty()) {
    const auto mapping = context.services.mapper.mapping(connection.connector);
    if (!mapping) return {{"/settings/mapping", mapping.error().message}};
    if (const Status fit = (*mapping)->check_settings(mapping_part.dump()); !fit) {
      errors.push_back({"/settings/mapping", fit.error().message});
    }
  }
  auto text = core::canonical_json(*settings);
  if (!text) errors.push_back({"/settings", text.error().message});
  if (errors.empty()) connection.settings = *std::move(text);
  return errors;
}

// What the body changes.
struct ConnectionPatch {
  std::optional<bool> auto_sync;
  std::optional<core::Direction> direction;
  std::optional<std::int64_t> interval_s;
  std::optional<std::vector<std::string>> left_out_plans;
  const core::Json* settings = nullptr;
};

// Error: the store could not say which plans there are.
Status read_left_out(const Context& context, const core::Connection& connection, JsonBody& body,
                     ConnectionPatch& patch) {
  if (!body.fields().has("left_out_plans")) return {};
  std::vector<std::string>& ids = patch.left_out_plans.emplace();
  const core::Json* values = body.fields().array("left_out_plans", kMostLeftOut);
  for (std::size_t i = 0; values && i < values->size(); ++i) {
    const core::Json& value = (*values)[i];
    const std::string id = value.is_string() ? value.get<std::string>() : "";
    const auto plan = context.services.store.plans().find(id);
    if (!plan && plan.error().code != Code::not_found) return plan.error();
    if (!plan || plan->account_id != connection.account_id) {
      core::add_problem(body.fields().problems(), "/left_out_plans/" + std::to_string(i),
                        "is no plan of this account");
    } else if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      ids.push_back(id);
    }
  }
  return {};
}

Result<ConnectionPatch> read_patch(const Context& context, const core::Connection& connection,
                                   JsonBody& body) {
  ConnectionPatch patch;
  patch.settings = body.fields().member("settings");
  if (const core::Json* auto_sync = body.fields().member("auto_sync")) {
    if (auto_sync->is_boolean()) {
      patch.auto_sync = auto_sync->get<bool>();
    } else {
      body.fields().problem("auto_sync", "must be true or false");
    }
  }
  if (body.fields().has("direction")) {
    body.fields().word("direction", patch.direction.emplace());
  }
  if (body.fields().has("interval_s")) {
    body.fields().integer("interval_s", patch.interval_s, 0, kMostIntervalS);
    patch.interval_s = patch.interval_s.value_or(0);
    if (*patch.interval_s != 0 && *patch.interval_s < kLeastIntervalS) {
      body.fields().problem("interval_s", "must be 0 (the default) or at least 60 seconds");
    }
  }
  if (Status read = read_left_out(context, connection, body, patch); !read) {
    return std::move(read).error();
  }
  return patch;
}

// The connection with the patch applied, or what is wrong with it.
std::vector<BodyError> apply(const Context& context, const ConnectionPatch& patch,
                             core::Connection& connection) {
  if (patch.auto_sync) connection.auto_sync = *patch.auto_sync;
  if (patch.direction) connection.direction = *patch.direction;
  if (patch.interval_s) connection.interval_s = *patch.interval_s;
  if (patch.left_out_plans) connection.left_out_plans = *patch.left_out_plans;
  return patch.settings ? merge_settings(context, connection, *patch.settings)
                        : std::vector<BodyError>{};
}

// Whether more may travel by itself than before.
bool is_to_sync(const core::Connection& before, const core::Connection& after) {
  return after.auto_sync && (!before.auto_sync || before.direction != after.direction ||
                             before.left_out_plans != after.left_out_plans);
}

ports::Answer<core::Connection> edit_once(const Context& context, const ConnectionPatch& patch,
                                          core::Connection connection) {
  const core::Connection before = connection;
  if (auto errors = apply(context, patch, connection); !errors.empty()) {
    ports::Refusal refused{{Code::invalid, "the settings are not valid"}, {}, {}};
    for (BodyError& each : errors) refused.complaints.push_back({each.pointer, each.detail});
    return refused;
  }
  connection.updated_ms = context.services.clock.now_ms();
  if (const auto saved =
          context.services.store.commit({ports::put(connection)}, ports::Durability::relaxed);
      !saved) {
    return ports::Refusal{saved.error(), {}, {}};
  }
  ++connection.rev;
  context.services.upkeep.look(connection.id);
  if (is_to_sync(before, connection)) context.services.changed.connection_ready(connection.id);
  return connection;
}

Response edit_connection(const Context& context, const Request& request) {
  auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  JsonBody body(request);
  const auto patch = read_patch(context, *connection, body);
  if (!patch) return refusal(request, patch.error());
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  if (*rev && **rev != connection->rev) {
    return refusal(request, Error{Code::conflict, "the connection has changed meanwhile",
                                  "precondition_failed"});
  }
  // Runs write their connections, too: only who names a revision is refused for that.
  for (int race = 0;; ++race) {
    const auto answer = edit_once(context, *patch, *connection);
    const auto* refused = std::get_if<ports::Refusal>(&answer);
    const bool overtaken = refused && refused->error.reason == "rev_conflict";
    if (!overtaken || *rev || race == kMostRaces) {
      return respond(request, answer, [&](const core::Connection& saved) {
        return connection_response(context, request, saved);
      });
    }
    connection = find_connection(context, request, connection->id);
    if (!connection) return refusal(request, connection.error());
  }
}

Response sync_connection(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  return respond(request, context.services.exports.sync(connection->id, request.request_id),
                 [](const core::Run& run) { return accepted_run(run); });
}

}  // namespace

void add_connection_edit(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string one = "/v1/connections/{connection}";
  router.add({"PATCH", one, "edit_connection", Access::write, with(edit_connection), kBoth});
  router.add({"POST", one + "/sync", "sync_connection", Access::write,
              context.idempotency.around(with(sync_connection), Idempotency::repeat()), kBoth});
}

}  // namespace mortise::api
