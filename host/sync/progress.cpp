#include "sync/progress.hpp"

#include <nlohmann/json.hpp>

#include "core/names.hpp"
#include "core/time.hpp"

namespace mortise::sync {

using core::Json;

core::JsonText run_json(const core::Run& run) {
  const core::RunCounts& counts = run.counts;
  const std::int64_t wanted = counts.create + counts.update + counts.remove;
  Json document = {{"id", run.id},
                   {"plan_id", run.plan_id},
                   {"connection_id", run.connection_id},
                   {"state", core::name_of(run.state)},
                   {"progress", {{"done", counts.done}, {"total", wanted}}},
                   {"counts",
                    {{"create", counts.create},
                     {"update", counts.update},
                     {"remove", counts.remove},
                     {"unchanged", counts.unchanged},
                     {"done", counts.done},
                     {"failed", counts.failed},
                     {"parked", counts.parked},
                     {"uncertain", counts.uncertain},
                     {"writes", counts.writes},
                     {"reads", counts.reads},
                     {"retries", counts.retries}}}};
  if (run.waiting_for != core::RunWait::none) {
    document["waiting_for"] = core::name_of(run.waiting_for);
  }
  if (!run.url.empty()) document["url"] = run.url;
  if (!run.error_code.empty()) {
    document["error"] = {
        {"code", run.error_code}, {"reason", run.error_reason}, {"message", run.error_message}};
  }
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::JsonText wait_json(const std::string& run_id, core::RunWait wait, core::Instant until_ms) {
  return Json({{"id", run_id},
               {"waiting_for", core::name_of(wait)},
               {"until", core::format_instant(until_ms)}})
      .dump();
}

core::JsonText guard_json(const core::Refuse& refuse) {
  return Json({{"reason", refuse.reason},
               {"message", refuse.message},
               {"removals", refuse.removals},
               {"items", refuse.items}})
      .dump();
}

std::int64_t guarded_removals(const core::JsonText& guard) {
  const Json document = Json::parse(guard, nullptr, false);
  if (!document.is_object() || !document.contains("removals")) return 0;
  return document["removals"].is_number_integer() ? document["removals"].get<std::int64_t>() : 0;
}

}  // namespace mortise::sync
