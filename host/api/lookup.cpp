#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "api/auth.hpp"
#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

/// Of one account's end users, in all their tabs, and of one key: nobody takes every connection.
constexpr std::size_t kStreamsOfUser = 20;
constexpr std::size_t kStreamsOfApp = 2'000;

Error nothing(std::string_view what) {
  return {Code::not_found, "There is no such " + std::string(what) + "."};
}

template <class T>
Result<T> seen(const Request& request, Result<T> found, std::string_view what) {
  if (!found) return found.error().code == Code::not_found ? Result<T>(nothing(what)) : found;
  if (!request.principal.may_see(found->account_id)) return nothing(what);
  return found;
}

}  // namespace

Result<core::Plan> find_plan(const Context& context, const Request& request,
                             const std::string& id) {
  auto plan = find_any_plan(context, request, id);
  if (plan && plan->deleted_ms) return nothing("plan");
  return plan;
}

Result<core::Plan> find_plan_of(const Context& context, const Request& request,
                                const std::string& account_id, const std::string& id) {
  auto plan = find_plan(context, request, id);
  if (plan && plan->account_id != account_id) return nothing("plan");
  return plan;
}

Result<core::Plan> find_any_plan(const Context& context, const Request& request,
                                 const std::string& id) {
  return seen(request, context.services.store.plans().find(id), "plan");
}

Result<core::Task> find_task(const Context& context, const Request& request,
                             const std::string& id) {
  auto task = seen(request, context.services.store.plans().find_task(id), "task");
  if (task && task->deleted_ms) return nothing("task");
  return task;
}

Result<core::Connection> find_connection(const Context& context, const Request& request,
                                         const std::string& id) {
  return seen(request, context.services.store.connections().find(id), "connection");
}

Result<core::Run> find_run(const Context& context, const Request& request, const std::string& id) {
  return seen(request, context.services.store.runs().find(id), "run");
}

Response open_stream(const Context& context, const Request& request, std::string topic,
                     std::uint64_t since, Event first) {
  const Principal& principal = request.principal;
  const bool user = principal.kind == Principal::Kind::user;
  std::int64_t life_ms = kTokenLifeMs;
  if (principal.expires_ms > 0) {
    life_ms = std::min(life_ms, principal.expires_ms - context.services.clock.now_ms());
  }
  Stream stream;
  stream.lease = {principal.id, user ? "account:" + principal.account_id : principal.id,
                  user ? kStreamsOfUser : kStreamsOfApp, std::chrono::milliseconds(life_ms),
                  request.begin};
  stream.topic = std::move(topic);
  stream.since = since;
  stream.last_event_id = request.header("last-event-id").value_or("");
  stream.first = std::move(first);
  Response response;
  response.stream = std::move(stream);
  return response;
}

Response on_lane(const Context& context, SlowLane& lane, const Request& request,
                 std::function<Response()> work) {
  Response response;
  response.later = [&context, &lane, &request, work = std::move(work)](const Response::Done& done) {
    const bool posted = lane.post([&context, &request, work, done] {
      try {
        done(work());
      } catch (const std::exception& error) {
        context.bug(request.request_id, error.what());
        done(refusal(request, make_problem(500, "internal", "Something went wrong on our side.")));
      }
    });
    if (!posted) {
      done(refusal(request, make_problem(503, "busy", "Too much of this kind is under way.")));
    }
  };
  return response;
}

Response accepted_run(const core::Run& run) {
  Response response = json_response(core::to_json(run), 202);
  response.set("Location", "/v1/runs/" + run.id);
  return response;
}

}  // namespace mortise::api
