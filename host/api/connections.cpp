#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/record_json.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

// What a connection has under way, and what waits for a person.
struct Runs {
  std::string active, waiting;
};

Runs unfinished_runs(const Context& context, const core::Connection& connection) {
  Runs found;
  const auto runs = context.services.store.runs().unfinished(connection.id);
  if (!runs) return found;
  for (const core::Run& run : *runs) {
    const bool asks =
        run.state == core::RunState::waiting && run.waiting_for == core::RunWait::approval;
    std::string& id = asks ? found.waiting : found.active;
    if (id.empty()) id = run.id;
  }
  return found;
}

std::string_view sync_word(const core::Connection& connection, const core::SyncState& state,
                           const Runs& runs) {
  if (connection.status != core::ConnectionStatus::connected) return "paused";
  if (!runs.waiting.empty()) return "asks";
  if (!runs.active.empty()) return "running";
  if (state.failures > 0) return "failing";
  return connection.auto_sync ? "idle" : "off";
}

void put_instant(core::Json& object, const char* name, std::optional<core::Instant> at_ms) {
  if (at_ms) object[name] = core::format_instant(*at_ms);
}

core::Json push_json(const ports::PushStatus& push) {
  static constexpr std::string_view kWords[] = {"off", "opening", "on", "failing"};
  core::Json out = {{"state", kWords[static_cast<std::size_t>(push.state)]}};
  if (!push.reason.empty()) out["reason"] = push.reason;
  if (!push.message.empty()) out["message"] = push.message;
  put_instant(out, "expires_at", push.expires_ms);
  put_instant(out, "notified_at", push.notified_ms);
  return out;
}

core::Json sync_json(const core::Connection& connection, const ports::SyncStatus& status,
                     const Runs& runs) {
  const core::SyncState& state = status.state;
  core::Json out = {{"state", sync_word(connection, state, runs)},
                    {"failures", state.failures},
                    {"push", push_json(status.push)}};
  put_instant(out, "last_started_at", state.started_ms);
  put_instant(out, "last_complete_at", state.complete_ms);
  put_instant(out, "next_at", status.next_ms);
  put_instant(out, "oldest_notification_at", status.oldest_notification_ms);
  if (!state.error_code.empty()) {
    out["error"] = {{"code", state.error_code},
                    {"reason", state.error_reason},
                    {"message", state.error_message}};
  }
  if (!runs.waiting.empty()) out["waiting_run_id"] = runs.waiting;
  return out;
}

core::Json last_run_json(const core::Run& run) {
  core::Json whole = core::to_json(run);
  core::Json out = {{"id", run.id}, {"state", whole["state"]}, {"counts", whole["counts"]}};
  put_instant(out, "finished_at", run.finished_ms);
  return out;
}

/// One of each connection at most; none where they cannot be read.
std::vector<core::Run> finished_runs(const Context& context, const std::string& account_id) {
  auto runs = context.services.store.runs().newest_finished(account_id);
  return runs ? *std::move(runs) : std::vector<core::Run>{};
}

core::Json shown(const Context& context, const core::Connection& connection,
                 const std::vector<core::Run>& finished) {
  const Runs runs = unfinished_runs(context, connection);
  core::Json out = connection_json(connection, context.services.connectors, runs.active);
  const auto status = context.services.upkeep.status(connection.id);
  out["sync"] = sync_json(connection, status ? *status : ports::SyncStatus{}, runs);
  if (out["sync"]["state"] == "failing") out["state"] = "error";
  for (const core::Run& run : finished) {
    if (run.connection_id == connection.id) out["sync"]["last_run"] = last_run_json(run);
  }
  return out;
}

core::Json shown(const Context& context, const core::Connection& connection) {
  return shown(context, connection, finished_runs(context, connection.account_id));
}

Response list_connectors(const Context& context, const Request&) {
  core::Json items = core::Json::array();
  for (const auto& connector : context.services.connectors.list()) {
    items.push_back(connector_json(connector->manifest(), context.services.mapper));
  }
  return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
}

Response list_connections(const Context& context, const Request& request) {
  const auto account = context.services.store.accounts().find(request.param("account"));
  if (!account) return refusal(request, account.error());
  const auto found = context.services.store.connections().list(account->id);
  return respond(request, found, [&](const std::vector<core::Connection>& connections) {
    const std::vector<core::Run> finished = finished_runs(context, account->id);
    core::Json items = core::Json::array();
    for (const core::Connection& each : connections) {
      items.push_back(shown(context, each, finished));
    }
    return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
  });
}

Response get_connection(const Context& context, const Request& request) {
  return respond(
      request, find_connection(context, request, request.param("connection")),
      [&](const core::Connection& found) { return connection_response(context, request, found); });
}

// How much of what the service allows is used just now.
Response list_budgets(const Context& context, const Request& request) {
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  core::Json items = core::Json::array();
  for (const ports::BudgetUse& use : context.services.egress.budgets(connection->id)) {
    items.push_back({{"scope", use.scope},
                     {"used", use.used},
                     {"limit", use.limit},
                     {"window_s", use.window_ms / 1000}});
  }
  return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
}

core::Json checked_json(const ports::GrantChecked& checked) {
  static constexpr std::string_view kWords[] = {"introspection", "identity", "refresh"};
  return {{"active", checked.active},
          {"by", kWords[static_cast<std::size_t>(checked.by)]},
          {"checked_at", core::format_instant(checked.at_ms)}};
}

Response check_connection(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto connection = find_connection(context, request, request.param("connection"));
  if (!connection) return refusal(request, connection.error());
  Response response;
  response.later = [&context, &request, id = connection->id](const Response::Done& done) {
    context.services.connect.check(id, [&request, done](Result<ports::GrantChecked> result) {
      done(respond(request, result, [](const ports::GrantChecked& checked) {
        return json_response(checked_json(checked));
      }));
    });
  };
  return response;
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

Response connection_response(const Context& context, const Request& request,
                             const core::Connection& connection) {
  return json_response(request, shown(context, connection), connection.rev);
}

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
  router.add({"DELETE", one, "disconnect", Access::write, with(disconnect), kBoth});
  router.add({"POST", one + "/check", "check_connection", Access::write,
              context.idempotency.around(with(check_connection), Idempotency::repeat())});
  router.add({"GET", one + "/budgets", "list_budgets", Access::read, with(list_budgets)});
  router.add({"GET", one + "/targets", "list_targets", Access::read, with(list_targets), kBoth});
  router.add({"PUT", one + "/target", "choose_target", Access::write, with(choose_target), kBoth});
}

}  // namespace mortise::api
