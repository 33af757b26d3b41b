#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/words.hpp"

namespace mortise::api {

namespace {

using Asked = std::variant<ports::ExportRequest, Response>;

std::string unknown_connector(const Context& context, const std::string& name) {
  const auto connectors = context.services.connectors.list();
  std::vector<std::string_view> ids;
  for (const auto& each : connectors) ids.emplace_back(each->manifest().id);
  return "is no connector here" + core::did_you_mean(name, ids);
}

// The one connected connection of a connector, where the caller names only the service.
std::variant<std::string, Response> pick_connection(const Context& context, const Request& request,
                                                    const std::string& connector) {
  const auto all = context.services.store.connections().list(request.param("account"));
  if (!all) return refusal(request, all.error());
  const core::Connection* picked = nullptr;
  for (const core::Connection& each : *all) {
    if (each.connector != connector || each.status == core::ConnectionStatus::disconnected)
      continue;
    if (picked) {
      return refusal(
          request, make_problem(409, "several_connections",
                                "The account has several connections to this service; name one."));
    }
    picked = &each;
  }
  if (picked) return picked->id;
  if (!context.services.connectors.find(connector)) {
    return refusal(request, body_problem({{"/connector", unknown_connector(context, connector)}}));
  }
  return refusal(
      request, make_problem(409, "not_connected", "The account is not connected to this service."));
}

Asked read_request(const Context& context, const Request& request) {
  JsonBody body(request);
  ports::ExportRequest ask;
  ask.account_id = request.param("account");
  ask.plan_id = body.required_text("plan_id");
  ask.connection_id = body.text("connection_id");
  const std::string connector = body.text("connector", 64);
  body.fields().word("kind", ask.kind);
  ask.request_id = request.request_id;
  if (ask.connection_id.empty() == connector.empty()) {
    body.fields().problem("connection_id", "name either a connection or a connector");
  }
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto plan = find_plan_of(context, request, ask.account_id, ask.plan_id);
  if (!plan) return refusal(request, plan.error());
  if (ask.connection_id.empty()) {
    auto picked = pick_connection(context, request, connector);
    if (auto* refused = std::get_if<Response>(&picked)) return std::move(*refused);
    ask.connection_id = std::get<std::string>(std::move(picked));
  } else {
    const auto connection = find_connection(context, request, ask.connection_id);
    if (!connection) return refusal(request, connection.error());
    if (connection->account_id != ask.account_id) return not_found(request, "connection");
  }
  return ask;
}

Response start_export(const Context& context, const Request& request) {
  Asked asked = read_request(context, request);
  if (auto* refused = std::get_if<Response>(&asked)) return std::move(*refused);
  return respond(request, context.services.exports.start(std::get<ports::ExportRequest>(asked)),
                 [](const core::Run& run) { return accepted_run(run); });
}

// A first call that was cut off may have left its run: it carries the call's request id. So does
// one that pushes what a call saved: a caller may use one id for both.
std::optional<Response> find_started(const Context& context, const Request& request) {
  ports::PageRequest page{200, ""};
  for (int pages = 0; pages < 5; ++pages) {
    const auto runs = context.services.store.runs().list(request.param("account"), "", page);
    if (!runs) return refusal(request, runs.error());
    for (const core::Run& run : runs->items) {
      const bool asked_for = run.trigger == core::RunTrigger::user;
      if (asked_for && run.request_id == request.request_id) return accepted_run(run);
    }
    if (runs->next_cursor.empty()) break;
    page.cursor = runs->next_cursor;
  }
  return std::nullopt;
}

Response preview_export(const Context& context, const Request& request) {
  Asked asked = read_request(context, request);
  if (auto* refused = std::get_if<Response>(&asked)) return std::move(*refused);
  const auto preview = [&context, &request, ask = std::get<ports::ExportRequest>(asked)] {
    return respond(request, context.services.exports.preview(ask), [&](ports::Preview made) {
      made.refused_message =
          shown_message(request, {Code::forbidden, made.refused_message, made.refused_reason});
      return json_response(preview_json(made));
    });
  };
  return on_lane(context, context.previews, request, preview);
}

}  // namespace

void add_exports(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  const std::string all = "/v1/accounts/{account}/exports";
  router.add({"POST", all, "start_export", Access::write,
              context.idempotency.around(with(start_export), with(find_started)),
              Callers::apps_and_users});
  router.add({"POST", all + "/preview", "preview_export", Access::read, with(preview_export),
              Callers::apps_and_users});
}

}  // namespace mortise::api
