// What both sides had changed, and bringing back what was not kept.
#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"

namespace mortise::api {

namespace {

Result<core::Conflict> find_conflict(const Context& context, const Request& request) {
  const Error nothing{Code::not_found, "There is no such conflict."};
  auto conflict = context.services.store.conflicts().find(request.param("conflict"));
  if (!conflict) return conflict.error().code == Code::not_found ? nothing : conflict.error();
  if (!request.principal.may_see(conflict->account_id)) return nothing;
  return conflict;
}

Response list_conflicts(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto account = context.services.store.accounts().find(request.param("account"));
  if (!account) return refusal(request, account.error());
  const auto page = context.services.store.conflicts().list(account->id, query.get("connection_id"),
                                                            query.get("task_id"), query.page());
  return respond(request, page, [](const auto& found) {
    core::Json items = core::Json::array();
    for (const core::Conflict& each : found.items) items.push_back(conflict_json(each));
    return json_response({{"items", std::move(items)}, {"next_cursor", found.next_cursor}});
  });
}

Response get_conflict(const Context& context, const Request& request) {
  return respond(request, find_conflict(context, request), [&](const core::Conflict& found) {
    return json_response(request, conflict_json(found), found.rev);
  });
}

Response undo_conflict(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto conflict = find_conflict(context, request);
  if (!conflict) return refusal(request, conflict.error());
  return respond(request, context.services.plans.undo_conflict(conflict->id, request.request_id),
                 [](const core::Conflict& undone) { return json_response(conflict_json(undone)); });
}

}  // namespace

void add_conflicts(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string one = "/v1/conflicts/{conflict}";
  router.add({"GET",
              "/v1/accounts/{account}/conflicts",
              "list_conflicts",
              Access::read,
              with(list_conflicts),
              kBoth,
              {"limit", "cursor", "connection_id", "task_id"}});
  router.add({"GET", one, "get_conflict", Access::read, with(get_conflict), kBoth});
  router.add({"POST", one + "/undo", "undo_conflict", Access::write,
              context.idempotency.around(with(undo_conflict), Idempotency::unknown()), kBoth});
}

}  // namespace mortise::api
