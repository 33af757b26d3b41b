// Single occurrences of recurring tasks.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

constexpr std::int64_t kDayMs = core::kSecondsPerDay * core::kMillisPerSecond;
constexpr std::int64_t kDefaultWindowMs = 31 * kDayMs;
constexpr std::int64_t kLongestWindowMs = std::int64_t{1'830} * kDayMs;  // five years

core::Json occurrence_json(const core::Occurrence& occurrence, const core::Task& series) {
  const core::Override* const changed = core::find_override(series, occurrence.slot);
  core::Json out = {{"slot", occurrence.slot},
                    {"start_at", core::format_instant(occurrence.start_ms)},
                    {"end_at", core::format_instant(occurrence.end_ms)},
                    {"cancelled", changed != nullptr && changed->cancelled},
                    {"task", core::to_json(occurrence.task)}};
  if (changed != nullptr) out["changes"] = core::to_json(*changed)["changes"];
  return out;
}

// The window of a listing: `from` is now unless said, `to` a month later.
Result<ports::OccurrenceWindow> read_window(const Query& query, core::Instant now_ms) {
  ports::OccurrenceWindow window;
  window.from_ms = now_ms;
  for (const char* name : {"from", "to"}) {
    const std::string text = query.get(name);
    core::Instant& into = name == std::string_view("from") ? window.from_ms : window.to_ms;
    if (text.empty()) {
      if (name == std::string_view("to")) into = window.from_ms + kDefaultWindowMs;
      continue;
    }
    const auto instant = core::parse_instant(text);
    if (!instant) {
      return Error{Code::invalid, fmt::format("{}: {}", name, instant.error().message)};
    }
    into = *instant;
  }
  if (window.to_ms <= window.from_ms || window.to_ms - window.from_ms > kLongestWindowMs) {
    return Error{Code::invalid, "to must be later than from, by at most 1830 days"};
  }
  window.limit = static_cast<std::size_t>(query.page().limit);
  return window;
}

Response list_occurrences(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto task = find_task(context, request, request.param("task"));
  if (!task) return refusal(request, task.error());
  auto window = read_window(query, context.services.clock.now_ms());
  if (!window) return refusal(request, window.error());
  window->task_id = task->id;
  return respond(request, context.services.plans.occurrences(*window), [&](const auto& found) {
    core::Json items = core::Json::array();
    for (const core::Occurrence& each : found) items.push_back(occurrence_json(each, *task));
    return json_response({{"items", std::move(items)}});
  });
}

// What the three edits have in common. Answers the refusal, or nothing and fills `edit`.
std::optional<Response> read_edit(const Context& context, const Request& request,
                                  ports::OccurrenceEdit& edit) {
  const auto task = find_task(context, request, request.param("task"));
  if (!task) return refusal(request, task.error());
  const auto rev = if_match(request);
  if (!rev) return refusal(request, rev.error());
  edit = {task->id, request.param("slot"), request.body.empty() ? "{}" : request.body, *rev,
          request.request_id};
  return std::nullopt;
}

Response edit_occurrence(const Context& context, const Request& request) {
  if (auto refused = refused_document(request)) return *std::move(refused);
  ports::OccurrenceEdit edit;
  if (auto refused = read_edit(context, request, edit)) return *std::move(refused);
  return respond(request, context.services.plans.edit_occurrence(edit),
                 [&](const core::Task& series) { return task_response(context, request, series); });
}

Response cancel_occurrence(const Context& context, const Request& request) {
  ports::OccurrenceEdit edit;
  if (auto refused = read_edit(context, request, edit)) return *std::move(refused);
  return respond(request, context.services.plans.cancel_occurrence(edit),
                 [](const core::Task&) { return no_content(); });
}

Response split_series(const Context& context, const Request& request) {
  if (auto refused = refused_document(request)) return *std::move(refused);
  ports::OccurrenceEdit edit;
  if (auto refused = read_edit(context, request, edit)) return *std::move(refused);
  return respond(request, context.services.plans.split_series(edit), [&](const core::Task& task) {
    Response response = task_response(context, request, task);
    if (task.id == edit.task_id) return response;  // the first occurrence: all of it follows
    response.status = 201;
    response.set("Location", "/v1/tasks/" + task.id);
    return response;
  });
}

}  // namespace

void add_occurrences(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  constexpr Callers kBoth = Callers::apps_and_users;
  const std::string all = "/v1/tasks/{task}/occurrences";
  const std::string one = all + "/{slot}";
  router.add({"GET",
              all,
              "list_occurrences",
              Access::read,
              with(list_occurrences),
              kBoth,
              {"from", "to", "limit"}});
  router.add({"PATCH", one, "edit_occurrence", Access::write, with(edit_occurrence), kBoth});
  router.add({"DELETE", one, "cancel_occurrence", Access::write, with(cancel_occurrence), kBoth});
  router.add({"POST", one + "/split", "split_series", Access::write,
              context.idempotency.around(with(split_series), Idempotency::unknown()), kBoth});
}

}  // namespace mortise::api
