// The routes of the API, one function per resource. What they are handed outlives the router.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/exchange.hpp"
#include "api/idempotency.hpp"
#include "api/router.hpp"
#include "api/services.hpp"
#include "api/slow_lane.hpp"
#include "core/ids.hpp"

namespace mortise::api {

/// Where a stream's place among the events comes from: see Stream::since.
using EventPosition = std::function<std::uint64_t()>;

struct Context {
  const Services& services;
  const Site& site;
  Idempotency& idempotency;
  EventPosition event_position;
  std::function<bool()> ready;  ///< false while draining
  /// Ends the event streams of a credential that was taken away, or of a topic that is gone.
  std::function<void(const std::string& name)> end_streams;
  std::function<std::optional<Waiting>(const std::string& run_id)> waiting;
  SlowLane& previews;
  SlowLane& trials;
  /// An exception that escaped.
  std::function<void(const std::string& request_id, std::string_view what)> bug;
};

void add_admin(Router& router, const Context& context);
void add_accounts(Router& router, const Context& context);
void add_plans(Router& router, const Context& context);
void add_tasks(Router& router, const Context& context);
void add_occurrences(Router& router, const Context& context);
void add_connections(Router& router, const Context& context);
void add_connection_edit(Router& router, const Context& context);
void add_conflicts(Router& router, const Context& context);
void add_history(Router& router, const Context& context);
void add_connect(Router& router, const Context& context);
void add_exports(Router& router, const Context& context);
void add_runs(Router& router, const Context& context);
void add_decisions(Router& router, const Context& context);
void add_scripts(Router& router, const Context& context);
void add_sessions(Router& router, const Context& context);
void add_hooks(Router& router, const Context& context);
void add_health(Router& router, const Context& context);

/// Records that the caller may see. Error `not_found` also for those of other accounts: what one
/// may not see does not exist.
Result<core::Plan> find_plan(const Context& context, const Request& request, const std::string& id);
/// Of this account only.
Result<core::Plan> find_plan_of(const Context& context, const Request& request,
                                const std::string& account_id, const std::string& id);
/// Also a removed one.
Result<core::Plan> find_any_plan(const Context& context, const Request& request,
                                 const std::string& id);
Result<core::Task> find_task(const Context& context, const Request& request, const std::string& id);
Result<core::Connection> find_connection(const Context& context, const Request& request,
                                         const std::string& id);
Result<core::Run> find_run(const Context& context, const Request& request, const std::string& id);

/// Starts a stream of `topic` whose first event is `first`. It ends with what the caller showed to
/// be let in, and after 15 minutes at the latest: who still may comes back.
Response open_stream(const Context& context, const Request& request, std::string topic,
                     std::uint64_t since, Event first);

/// The answer that `work` makes on a lane: later, or 503 `busy` if too much waits there. `request`
/// outlives it.
Response on_lane(const Context& context, SlowLane& lane, const Request& request,
                 std::function<Response()> work);

/// 200 with a task as the API shows it, and its ETag.
Response task_response(const Context& context, const Request& request, const core::Task& task);

/// 200 with a connection as the API shows it, and its ETag.
Response connection_response(const Context& context, const Request& request,
                             const core::Connection& connection);

/// 202 with the run and where to watch it.
Response accepted_run(const core::Run& run);

}  // namespace mortise::api
