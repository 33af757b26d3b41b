#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"
#include "api/task_sync.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

core::Json task_json(const core::Task& task, const TaskSync& sync) {
  core::Json out = core::to_json(task);
  out["sync"] = sync.of(task);
  return out;
}

Response list_tasks(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  const ports::Store& store = context.services.store;
  return respond(request, store.plans().list_tasks(plan->id, query.page()), [&](const auto& page) {
    const TaskSync sync(store, *plan);
    core::Json items = core::Json::array();
    for (const core::Task& task : page.items) items.push_back(task_json(task, sync));
    return json_response({{"items", std::move(items)}, {"next_cursor", page.next_cursor}});
  });
}

Response add_task(const Context& context, const Request& request) {
  JsonBody body(request);
  ports::TaskInsert insert;
  insert.week_id = body.text("week_id");
  insert.after_task_id = body.text("after_task_id");
  for (const auto& [name, value] : body.json().items()) body.fields().ignored({name});
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  insert.plan_id = plan->id;
  insert.request_id = request.request_id;
  core::Json task = body.json();
  task.erase("week_id");
  task.erase("after_task_id");
  insert.task = task.dump();
  return respond(request, context.services.plans.add_task(insert), [&](const core::Task& added) {
    Response response = task_response(context, request, added);
    response.status = 201;
    response.set("Location", "/v1/tasks/" + added.id);
    return response;
  });
}

Response get_task(const Context& context, const Request& request) {
  return respond(request, find_task(context, request, request.param("task")),
                 [&](const core::Task& task) { return task_response(context, request, task); });
}

Response edit_task(const Context& context, const Request& request) {
  if (auto refused = refused_document(request)) return *std::move(refused);
  const auto task = find_task(context, request, request.param("task"));
  if (!task) return refusal(request, task.error());
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  const ports::TaskEdit edit{task->id, request.body.empty() ? "{}" : request.body, *rev,
                             request.request_id};
  return respond(request, context.services.plans.edit_task(edit),
                 [&](const core::Task& saved) { return task_response(context, request, saved); });
}

Response remove_task(const Context& context, const Request& request) {
  const auto task = find_task(context, request, request.param("task"));
  if (!task) return refusal(request, task.error());
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  return respond(request, context.services.plans.remove_task(task->id, *rev, request.request_id),
                 [](const core::Task&) { return no_content(); });
}

}  // namespace

Response task_response(const Context& context, const Request& request, const core::Task& task) {
  const auto plan = context.services.store.plans().find(task.plan_id);
  if (!plan) return refusal(request, plan.error());
  return json_response(request, task_json(task, TaskSync(context.services.store, *plan)), task.rev);
}

void add_tasks(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string all = "/v1/plans/{plan}/tasks";
  const std::string one = "/v1/tasks/{task}";
  router.add(
      {"GET", all, "list_tasks", Access::read, with(list_tasks), kBoth, {"limit", "cursor"}});
  router.add({"POST", all, "add_task", Access::write,
              context.idempotency.around(with(add_task), Idempotency::unknown()), kBoth});
  router.add({"GET", one, "get_task", Access::read, with(get_task), kBoth});
  router.add({"PATCH", one, "edit_task", Access::write, with(edit_task), kBoth});
  router.add({"DELETE", one, "remove_task", Access::write, with(remove_task), kBoth});
}

}  // namespace mortise::api
