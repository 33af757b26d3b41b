#include "sync/progress.hpp"

#include <nlohmann/json.hpp>

#include "core/names.hpp"
#include "core/record_json.hpp"
#include "core/time.hpp"

namespace mortise::sync {

using core::Json;

core::JsonText run_json(const core::Run& run) {
  return core::to_json(run).dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::JsonText wait_json(const std::string& run_id, core::RunWait wait, core::Instant until_ms) {
  return Json({{"id", run_id},
               {"waiting_for", core::name_of(wait)},
               {"until", core::format_instant(until_ms)}})
      .dump();
}

core::JsonText plan_json(const std::string& plan_id) {
  return Json({{"plan_id", plan_id}}).dump();
}

core::JsonText guard_json(const core::Refuse& refuse, const std::string& plan_id,
                          const std::string& script) {
  return Json({{"plan_id", plan_id},
               {"script_revision", script},
               {"reason", refuse.reason},
               {"message", refuse.message},
               {"removals", refuse.removals},
               {"items", refuse.items}})
      .dump();
}

std::string guarded_plan(const core::JsonText& guard) {
  const Json document = Json::parse(guard, nullptr, false);
  if (!document.is_object()) return {};
  const std::string reason = document.value("reason", "");
  if (reason == "mass_removal" || reason == "plan_emptied") return {};
  return document.value("plan_id", "");
}

bool is_about(const core::JsonText& guard, const std::string& plan_id) {
  const Json shown = Json::parse(guard, nullptr, false);
  return shown.is_object() && shown.value("plan_id", "") == plan_id;
}

bool covers(const core::JsonText& guard, const std::string& plan_id, const std::string& script,
            const core::Refuse& refuse) {
  const Json shown = Json::parse(guard, nullptr, false);
  return is_about(guard, plan_id) && shown.value("script_revision", script) == script &&
         shown.value("reason", "") == refuse.reason &&
         refuse.removals <= shown.value("removals", std::int64_t{0});
}

}  // namespace mortise::sync
