#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

Response list_plans(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto account = context.services.store.accounts().find(request.param("account"));
  if (!account) return refusal(request, account.error());
  const ports::Plans& plans = context.services.store.plans();
  core::Json items = core::Json::array();
  if (const std::string external_id = query.get("external_id"); !external_id.empty()) {
    const auto plan = plans.find_external(request.param("account"), external_id);
    if (!plan && plan.error().code != Code::not_found) return refusal(request, plan.error());
    if (plan && !plan->deleted_ms) items.push_back(core::to_json(*plan));
    return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
  }
  return respond(
      request, plans.list(request.param("account"), query.page()), [&](const auto& page) {
        for (const core::Plan& plan : page.items) items.push_back(core::to_json(plan));
        return json_response({{"items", std::move(items)}, {"next_cursor", page.next_cursor}});
      });
}

Response import_plan(const Context& context, const Request& request) {
  if (auto refused = refused_document(request)) return *std::move(refused);
  const auto answer =
      context.services.plans.import(request.param("account"), request.body, request.request_id);
  return respond(request, answer, [](const ports::ImportReport& report) {
    const core::Json plan = core::to_json(report.plan);
    Response response = json_response({{"plan", plan},
                                       {"added", report.added},
                                       {"changed", report.changed},
                                       {"removed", report.removed},
                                       {"unchanged", report.unchanged}},
                                      201);
    response.set("Location", "/v1/plans/" + report.plan.id);
    response.set("ETag", etag(report.plan.rev, plan));
    return response;
  });
}

/// A plan that the app names is saved again as what it is by now; any other would be there twice.
std::optional<Response> recover_import(const Request& request) {
  const auto document = core::parse_json(request.body);
  const bool is_named = document && document->is_object() && document->contains("external_id") &&
                        (*document)["external_id"].is_string() &&
                        !(*document)["external_id"].get_ref<const std::string&>().empty();
  return is_named ? std::nullopt : Idempotency::unknown()(request);
}

Response get_plan(const Context& context, const Request& request) {
  return respond(request, find_plan(context, request, request.param("plan")),
                 [&](const core::Plan& plan) {
                   return json_response(request, core::to_json(plan), plan.rev);
                 });
}

Response edit_plan(const Context& context, const Request& request) {
  if (auto refused = refused_document(request)) return *std::move(refused);
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  const std::string patch = request.body.empty() ? "{}" : request.body;
  return respond(request,
                 context.services.plans.edit_plan(plan->id, patch, *rev, request.request_id),
                 [&](const core::Plan& saved) {
                   return json_response(request, core::to_json(saved), saved.rev);
                 });
}

// "?remote=keep" or "remove"; nothing if it is not said.
std::optional<ports::RemoteItems> remote_of(const std::string& word) {
  if (word == "keep") return ports::RemoteItems::keep;
  if (word == "remove") return ports::RemoteItems::remove;
  return std::nullopt;
}

Response remove_plan(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto remote = remote_of(query.get("remote"));
  if (!remote && !query.get("remote").empty()) {
    return refusal(request, make_problem(400, "bad_remote", "'remote' is keep or remove."));
  }
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  return respond(request,
                 context.services.plans.remove_plan(plan->id, remote, *rev, request.request_id),
                 [](const core::Plan&) { return no_content(); });
}

Response reschedule_plan(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  return respond(request, context.services.plans.reschedule(plan->id, request.request_id),
                 [&](const core::Plan& saved) {
                   return json_response(request, core::to_json(saved), saved.rev);
                 });
}

}  // namespace

void add_plans(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string all = "/v1/accounts/{account}/plans";
  const std::string one = "/v1/plans/{plan}";
  Idempotency& idempotency = context.idempotency;
  router.add({"GET",
              all,
              "list_plans",
              Access::read,
              with(list_plans),
              kBoth,
              {"limit", "cursor", "external_id"}});
  router.add({"POST", all, "import_plan", Access::write,
              idempotency.around(with(import_plan), recover_import), kBoth});
  router.add({"GET", one, "get_plan", Access::read, with(get_plan), kBoth});
  router.add({"PATCH", one, "edit_plan", Access::write, with(edit_plan), kBoth});
  router.add({"DELETE", one, "remove_plan", Access::write, with(remove_plan), kBoth, {"remote"}});
  router.add({"POST", one + "/reschedule", "reschedule_plan", Access::write,
              idempotency.around(with(reschedule_plan), Idempotency::repeat()), kBoth});
}

}  // namespace mortise::api
