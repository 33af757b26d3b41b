#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"

namespace mortise::api {

namespace {

std::string active_run(const Context& context, const core::Connection& connection) {
  const auto runs = context.services.store.runs().unfinished();
  if (!runs) return {};
  for (const core::Run& run : *runs) {
    if (run.connection_id == connection.id) return run.id;
  }
  return {};
}

core::Json shown(const Context& context, const core::Connection& connection) {
  return connection_json(connection, context.services.connectors, active_run(context, connection));
}

Response connection_response(const Context& context, const Request& request,
                             const core::Connection& connection) {
  return json_response(request, shown(context, connection), connection.rev);
}

Response list_connectors(const Context& context, const Request&) {
  core::Json items = core::Json::array();
  for (const auto& connector : context.services.connectors.list()) {
    items.push_back(connector_json(connector->manifest(), context.services.mapper));
  }
  return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
}

Response list_connections(const Context& context, const Request& request) {
  const auto found = context.services.store.connections().list(request.param("account"));
  return respond(request, found, [&](const std::vector<core::Connection>& connections) {
    core::Json items = core::Json::array();
    for (const core::Connection& each : connections) items.push_back(shown(context, each));
    return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
  });
}

Response get_connection(const Context& context, const Request& request) {
  return respond(
      request, find_connection(context, request, request.param("connection")),
      [&](const core::Connection& found) { return connection_response(context, request, found); });
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
  switch (setting->type) {
    case ports::SettingType::flag:
      if (!value.is_boolean()) complain("must be true or false");
      return;
    case ports::SettingType::integer:
      if (!value.is_number_integer()) return complain("must be an integer");
      if ((setting->least && value.get<std::int64_t>() < *setting->least) ||
          (setting->most && value.get<std::int64_t>() > *setting->most)) {
        complain("is out of bounds");
      }
      return;
    case ports::SettingType::choice:
      if (!value.is_string() || std::find(setting->choices.begin(), setting->choices.end(),
                                          value.get<std::string>()) == setting->choices.end()) {
        complain("is none of the choices");
      }
      return;
    case ports::SettingType::text:
    case ports::SettingType::url:
      if (!value.is_string()) return complain("must be text");
      if (setting->most &&
          value.get<std::string>().size() > static_cast<std::size_t>(*setting->most)) {
        complain("is too long");
      }
      return;
  }
}

// The settings with the patch merged in, or what is wrong with it.
std::vector<BodyError> merge_settings(const Context& context, core::Connection& connection,
                                      const core::Json& patch) {
  std::vector<BodyError> errors;
  if (!patch.is_object()) return {{"/settings", "must be an object"}};
  for (const auto& [part, members] : patch.items()) {
    if (part != "connector" && part != "mapping") {
      errors.push_back({"/settings/" + part, "unknown field; there are 'connector' and 'mapping'"});
    } else if (!members.is_object()) {
      errors.push_back({"/settings/" + part, "must be an object"});
    }
  }
  if (!errors.empty()) return errors;
  auto settings = core::parse_json(connection.settings);
  if (!settings) return {{"/settings", settings.error().message}};
  settings->merge_patch(patch);
  const auto connector = context.services.connectors.find(connection.connector);
  if (const auto own = settings->find("connector"); connector && own != settings->end()) {
    for (const auto& [name, value] : own->items()) {
      check_setting(connector->manifest(), name, value, errors);
    }
  }
  if (const auto own = settings->find("mapping"); own != settings->end()) {
    const auto mapping = context.services.mapper.mapping(connection.connector);
    if (!mapping) return {{"/settings/mapping", mapping.error().message}};
    if (const auto checked = (*mapping)->settings(own->dump()); !checked) {
      errors.push_back({"/settings/mapping", checked.error().message});
    }
  }
  auto text = core::canonical_json(*settings);
  if (!text) errors.push_back({"/settings", text.error().message});
  if (errors.empty()) connection.settings = *std::move(text);
  return errors;
}

Response edit_connection(const Context& context, const Request& request) {
  auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  JsonBody body(request);
  const core::Json* settings = body.fields().member("settings");
  const core::Json* auto_sync = body.fields().member("auto_sync");
  if (auto_sync && !auto_sync->is_boolean()) {
    body.fields().problem("auto_sync", "must be true or false");
  }
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  if (*rev && **rev != connection->rev) {
    return refusal(request,
                   Error{Code::conflict, "the connection has changed meanwhile", "rev_conflict"});
  }
  if (auto_sync) connection->auto_sync = auto_sync->get<bool>();
  if (settings) {
    if (auto errors = merge_settings(context, *connection, *settings); !errors.empty()) {
      ports::Refusal refused{{Code::invalid, "the settings are not valid"}, {}, {}};
      for (BodyError& each : errors) refused.complaints.push_back({each.pointer, each.detail});
      return refusal(request, refused);
    }
  }
  connection->updated_ms = context.services.clock.now_ms();
  if (const auto saved =
          context.services.store.commit({ports::put(*connection)}, ports::Durability::relaxed);
      !saved) {
    return refusal(request, saved.error());
  }
  ++connection->rev;
  context.services.upkeep.look(connection->id);
  return connection_response(context, request, *connection);
}

Response disconnect(const Context& context, const Request& request) {
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  Response response;
  response.later = [&context, &request, id = connection->id](const Response::Done& done) {
    context.services.connect.disconnect(
        id, [&context, &request, done](Result<ports::Disconnected> result) {
          done(respond(request, result, [&](const ports::Disconnected& gone) {
            core::Json out = {{"connection", shown(context, gone.connection)},
                              {"revoked", gone.revoked},
                              {"message", gone.message}};
            if (!gone.by_hand_url.empty()) out["manage_url"] = gone.by_hand_url;
            return json_response(out);
          }));
        });
  };
  return response;
}

Response list_targets(const Context& context, const Request& request) {
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  Response response;
  response.later = [&context, &request, id = connection->id](const Response::Done& done) {
    context.services.connect.targets(
        id, [&request, done](Result<std::vector<ports::TargetChoice>> result) {
          done(respond(request, result, [](const std::vector<ports::TargetChoice>& choices) {
            core::Json items = core::Json::array();
            for (const ports::TargetChoice& choice : choices) {
              core::Json one = target_json(choice.target);
              one["is_default"] = choice.is_default;
              one["read_only"] = choice.read_only;
              items.push_back(std::move(one));
            }
            return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
          }));
        });
  };
  return response;
}

Response choose_target(const Context& context, const Request& request) {
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  JsonBody body(request);
  const std::string target = body.text("id", 1'024);
  const std::string title = body.text("title", 1'024);
  if (target.empty() == title.empty()) {
    body.fields().problem("id", "give the id of a target, or the title of one to make");
  }
  if (auto refused = body.refused(request)) return *std::move(refused);
  Response response;
  response.later = [&context, &request, id = connection->id, target,
                    title](const Response::Done& done) {
    const auto answer = [&context, &request, done](Result<core::Connection> result) {
      done(respond(request, result, [&](const core::Connection& saved) {
        return connection_response(context, request, saved);
      }));
    };
    if (target.empty()) {
      context.services.connect.make_target(id, title, answer);
    } else {
      context.services.connect.choose_target(id, target, answer);
    }
  };
  return response;
}

}  // namespace

void add_connections(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string one = "/v1/connections/{connection}";
  router.add(
      {"GET", "/v1/connectors", "list_connectors", Access::read, with(list_connectors), kBoth});
  router.add({"GET", "/v1/accounts/{account}/connections", "list_connections", Access::read,
              with(list_connections), kBoth});
  router.add({"GET", one, "get_connection", Access::read, with(get_connection), kBoth});
  router.add({"PATCH", one, "edit_connection", Access::write, with(edit_connection), kBoth});
  router.add({"DELETE", one, "disconnect", Access::write, with(disconnect), kBoth});
  router.add({"GET", one + "/targets", "list_targets", Access::read, with(list_targets), kBoth});
  router.add({"PUT", one + "/target", "choose_target", Access::write, with(choose_target), kBoth});
}

}  // namespace mortise::api
