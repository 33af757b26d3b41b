#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "api/event_hub.hpp"
#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

/// The run as it is while requests of it wait for a budget, which is not stored.
core::Run as_now(const Context& context, core::Run run) {
  if (run.state != core::RunState::running) return run;
  const auto waiting = context.waiting(run.id);
  if (!waiting) return run;
  run.state = core::RunState::waiting;
  run.waiting_for = waiting->why;
  run.waiting_until_ms = waiting->until_ms;
  return run;
}

Response list_runs(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  std::string account = query.get("account_id");
  if (request.principal.kind == Principal::Kind::user) {
    if (!account.empty() && account != request.principal.account_id) {
      return not_found(request, "account");
    }
    account = request.principal.account_id;
  }
  if (!account.empty()) {
    const auto known = context.services.store.accounts().find(account);
    if (!known) return refusal(request, known.error());
  }
  const auto page =
      context.services.store.runs().list(account, query.get("connection_id"), query.page());
  return respond(request, page, [&](const auto& found) {
    core::Json items = core::Json::array();
    for (const core::Run& run : found.items) {
      items.push_back(core::to_json(as_now(context, run)));
    }
    return json_response({{"items", std::move(items)}, {"next_cursor", found.next_cursor}});
  });
}

Response get_run(const Context& context, const Request& request) {
  return respond(request, find_run(context, request, request.param("run")),
                 [&](const core::Run& run) {
                   const core::Run now = as_now(context, run);
                   // What is not stored has no revision.
                   return now == run ? json_response(request, core::to_json(run), run.rev)
                                     : json_response(core::to_json(now));
                 });
}

Response list_run_items(const Context& context, const Request& request) {
  static constexpr std::array<std::string_view, 4> kResults = {"done", "failed", "parked",
                                                               "uncertain"};
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const std::string result = query.get("result");
  if (!result.empty() && std::find(kResults.begin(), kResults.end(), result) == kResults.end()) {
    return refusal(
        request, make_problem(400, "bad_result", "'result' is done, failed, parked or uncertain."));
  }
  const auto run = find_run(context, request, request.param("run"));
  if (!run) return refusal(request, run.error());
  const auto page = context.services.store.runs().items(run->id, query.page());
  return respond(request, page, [&](const auto& found) {
    core::Json items = core::Json::array();
    for (const core::RunItem& item : found.items) {
      if (result.empty() || item.result == result) items.push_back(run_item_json(item));
    }
    return json_response({{"items", std::move(items)}, {"next_cursor", found.next_cursor}});
  });
}

// What support asks for first: the last requests to the service, redacted.
Response list_exchanges(const Context& context, const Request& request) {
  const auto run = find_run(context, request, request.param("run"));
  if (!run) return refusal(request, run.error());
  auto items = core::parse_json(context.services.egress.record(run->id));
  return json_response(
      {{"items", items ? *std::move(items) : core::Json::array()}, {"next_cursor", ""}});
}

Event run_event(const core::Run& run) {
  return {"run", core::to_json(run).dump(-1, ' ', false, core::Json::error_handler_t::replace),
          is_finished(run.state) ? Event::Last::yes : Event::Last::no};
}

Response watch_run(const Context& context, const Request& request) {
  const std::uint64_t since = context.event_position();
  const auto run = find_run(context, request, request.param("run"));
  if (!run) return refusal(request, run.error());
  const bool over = is_finished(run->state);
  // A client that has seen the end and comes back is told not to (WHATWG HTML section 9.2.3).
  const bool seen = request.header("last-event-id").value_or("").ends_with(kEndSuffix);
  if (over && seen) return no_content();
  Response response =
      open_stream(context, request, "run:" + run->id, since, run_event(as_now(context, *run)));
  if (over) response.stream->last_event_id.clear();  // how it ended is all there is to say
  return response;
}

Response watch_account(const Context& context, const Request& request) {
  const std::uint64_t since = context.event_position();
  const auto account = context.services.store.accounts().find(request.param("account"));
  return respond(request, account, [&](const core::Account& found) {
    return open_stream(context, request, "account:" + found.id, since,
                       {"ready", "{}", Event::Last::no});
  });
}

template <class Act>
Response act_on_run(const Context& context, const Request& request, Act act) {
  JsonBody body(request);
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto run = find_run(context, request, request.param("run"));
  if (!run) return refusal(request, run.error());
  return respond(request, act(context.services.exports, run->id),
                 [](const core::Run& changed) { return accepted_run(changed); });
}

Response cancel_run(const Context& context, const Request& request) {
  return act_on_run(context, request,
                    [](auto& exports, const std::string& id) { return exports.cancel(id); });
}

constexpr std::array<std::string_view, 6> kGuardMembers = {"plan_id", "script_revision", "reason",
                                                           "message", "removals",        "items"};

/// Whether a run asks, and what it asks is something else than `shown`: members of a guard.
bool asks_otherwise(const core::Run& run, const core::Json& shown) {
  if (run.state != core::RunState::waiting || run.waiting_for != core::RunWait::approval) {
    return false;
  }
  const auto guard = core::parse_json(run.guard);
  if (!guard || !guard->is_object()) return true;
  for (const auto& [name, value] : shown.items()) {
    const auto now = guard->find(name);
    if (now == guard->end() || *now != value) return true;
  }
  return false;
}

Response approve_run(const Context& context, const Request& request) {
  JsonBody body(request);
  const core::Json* shown = body.fields().member("guard");
  if (shown != nullptr && !shown->is_object()) {
    body.fields().problem("guard", "must be an object");
  } else if (shown != nullptr) {
    core::ObjectReader guard(*shown, "/guard", body.fields().problems());
    for (const std::string_view name : kGuardMembers) guard.member(name);
    guard.finish();
  }
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto run = find_run(context, request, request.param("run"));
  if (!run) return refusal(request, run.error());
  if (shown != nullptr && asks_otherwise(*run, *shown)) {
    return refusal(request, make_problem(409, "guard_changed",
                                         "The run asks something else by now: look again."));
  }
  const std::string guard = shown == nullptr ? std::string() : run->guard;
  return respond(request, context.services.exports.approve(run->id, guard),
                 [](const core::Run& changed) { return accepted_run(changed); });
}

Response discard_run(const Context& context, const Request& request) {
  return act_on_run(context, request,
                    [](auto& exports, const std::string& id) { return exports.discard(id); });
}

}  // namespace

void add_runs(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  const auto acting = [&](auto function) {
    return context.idempotency.around(with(function), Idempotency::repeat());
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string one = "/v1/runs/{run}";
  router.add({"GET",
              "/v1/runs",
              "list_runs",
              Access::read,
              with(list_runs),
              kBoth,
              {"limit", "cursor", "account_id", "connection_id"}});
  router.add({"GET", one, "get_run", Access::read, with(get_run), kBoth});
  router.add({"GET",
              one + "/items",
              "list_run_items",
              Access::read,
              with(list_run_items),
              kBoth,
              {"limit", "cursor", "result"}});
  router.add({"GET", one + "/exchanges", "list_exchanges", Access::read, with(list_exchanges)});
  router.add({"GET", one + "/events", "watch_run", Access::read, with(watch_run), kBoth});
  router.add({"POST", one + "/cancel", "cancel_run", Access::write, acting(cancel_run), kBoth});
  router.add({"POST", one + "/approve", "approve_run", Access::write, acting(approve_run), kBoth});
  router.add({"POST", one + "/discard", "discard_run", Access::write, acting(discard_run), kBoth});
  router.add({"GET", "/v1/accounts/{account}/events", "watch_account", Access::read,
              with(watch_account), kBoth});
}

}  // namespace mortise::api
