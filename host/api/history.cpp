// What was removed and may come back, and why a task looks as it does.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/cursor.hpp"
#include "core/item_key.hpp"
#include "core/names.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

// Also a removed one.
Result<core::Task> find_any_task(const Context& context, const Request& request) {
  const Error nothing{Code::not_found, "There is no such task."};
  auto task = context.services.store.plans().find_task(request.param("task"));
  if (!task) return task.error().code == Code::not_found ? nothing : task.error();
  if (!request.principal.may_see(task->account_id)) return nothing;
  return task;
}

// In the order of the list: what was removed last comes first.
bool is_after(const core::Cursor& from, const core::Task& task) {
  return std::tie(*task.deleted_ms, task.id) < std::tie(from.number, from.id);
}

Response list_removed(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const std::string& cursor = query.page().cursor;
  const auto from = core::parse_cursor(cursor);
  if (!from && !cursor.empty()) {
    return refusal(request, make_problem(400, "bad_cursor", "This is not a cursor of this list."));
  }
  const auto plan = find_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  return respond(request, context.services.store.plans().removed_tasks(plan->id, 0),
                 [&](const std::vector<core::Task>& removed) {
                   core::Json items = core::Json::array();
                   auto next = std::find_if(
                       removed.begin(), removed.end(),
                       [&](const core::Task& task) { return !from || is_after(*from, task); });
                   std::string place;
                   for (; next != removed.end() && items.size() < query.page().limit; ++next) {
                     items.push_back(core::to_json(*next));
                     place = core::cursor_text(*next->deleted_ms, next->id);
                   }
                   if (next == removed.end()) place.clear();
                   return json_response({{"items", std::move(items)}, {"next_cursor", place}});
                 });
}

Response restore_plan(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto plan = find_any_plan(context, request, request.param("plan"));
  if (!plan) return refusal(request, plan.error());
  return respond(request, context.services.plans.restore_plan(plan->id, request.request_id),
                 [&](const core::Plan& restored) {
                   return json_response(request, core::to_json(restored), restored.rev);
                 });
}

Response restore_task(const Context& context, const Request& request) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto task = find_any_task(context, request);
  if (!task) return refusal(request, task.error());
  return respond(
      request, context.services.plans.restore_task(task->id, request.request_id),
      [&](const core::Task& restored) { return task_response(context, request, restored); });
}

// A line of the history: what became of the task in a run, and what that run was.
core::Json line_json(const core::RunItem& item, const std::optional<core::Run>& run) {
  core::Json out = run_item_json(item);
  out["run_id"] = item.run_id;
  if (std::string slot = core::slot_of(item.key); !slot.empty()) out["slot"] = std::move(slot);
  if (!run) return out;
  out["connection_id"] = run->connection_id;
  out["trigger"] = core::name_of(run->trigger);
  if (!run->script_revision.empty()) out["script_revision"] = run->script_revision;
  if (!run->request_id.empty()) out["request_id"] = run->request_id;
  return out;
}

Response task_history(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto task = find_any_task(context, request);
  if (!task) return refusal(request, task.error());
  const ports::Runs& runs = context.services.store.runs();
  return respond(
      request, runs.items_of_key("task:" + task->id, query.page()), [&](const auto& page) {
        std::map<std::string, std::optional<core::Run>> known;
        core::Json items = core::Json::array();
        for (const core::RunItem& item : page.items) {
          const auto [place, unknown] = known.try_emplace(item.run_id);
          if (unknown) {
            if (auto run = runs.find(item.run_id)) place->second = *std::move(run);
          }
          items.push_back(line_json(item, place->second));
        }
        return json_response({{"items", std::move(items)}, {"next_cursor", page.next_cursor}});
      });
}

}  // namespace

void add_history(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string task = "/v1/tasks/{task}";
  router.add({"GET",
              "/v1/plans/{plan}/removed",
              "list_removed",
              Access::read,
              with(list_removed),
              kBoth,
              {"limit", "cursor"}});
  router.add({"POST", "/v1/plans/{plan}/restore", "restore_plan", Access::write,
              context.idempotency.around(with(restore_plan), Idempotency::repeat()), kBoth});
  router.add({"POST", task + "/restore", "restore_task", Access::write,
              context.idempotency.around(with(restore_task), Idempotency::repeat()), kBoth});
  router.add({"GET",
              task + "/history",
              "task_history",
              Access::read,
              with(task_history),
              kBoth,
              {"limit", "cursor"}});
}

}  // namespace mortise::api
