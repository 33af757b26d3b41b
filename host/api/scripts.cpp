#include <nlohmann/json.hpp>

#include "api/render.hpp"
#include "api/resources.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

constexpr std::size_t kLongestScript = 256 * 1024;

core::Json findings_json(const std::vector<ports::ScriptFinding>& findings) {
  core::Json out = core::Json::array();
  for (const ports::ScriptFinding& each : findings) {
    out.push_back({{"file", each.file}, {"line", each.line}, {"message", each.message}});
  }
  return out;
}

Response list_scripts(const Context& context, const Request&) {
  core::Json items = core::Json::array();
  for (const ports::ScriptRevision& each : context.services.scripts.list()) {
    items.push_back({{"name", each.name},
                     {"checksum", each.checksum},
                     {"loaded_at", core::format_instant(each.loaded_ms)},
                     {"rejected", findings_json(each.rejected)}});
  }
  return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
}

core::Json decision_json(const ports::Decision& decision) {
  core::Json out = {{"allow", decision.allow},
                    {"cost", decision.cost},
                    {"limit", decision.limit ? core::Json(*decision.limit) : core::Json()}};
  if (!decision.reason.empty()) out["reason"] = decision.reason;
  if (!decision.message.empty()) out["message"] = decision.message;
  return out;
}

core::Json decisions_json(const std::vector<ports::DecisionTrial>& trials, bool of_accounts) {
  core::Json items = core::Json::array();
  for (const ports::DecisionTrial& each : trials) {
    core::Json item = {{"tier", each.ask.tier},
                       {"action", each.ask.action},
                       {"before", decision_json(each.before)},
                       {"after", decision_json(each.after)}};
    if (of_accounts) {
      item["account_id"] = each.ask.account_id;
      item["connector"] = each.ask.connector;
      item["used"] = each.used.exports_this_month;
    }
    items.push_back(std::move(item));
  }
  return items;
}

core::Json plan_trial_json(const ports::PlanTrial& plan) {
  const auto outcome = [](const Result<ports::Preview>& preview) -> core::Json {
    if (preview) return preview_counts_json(*preview);
    return {{"error",
             {{"code", code_name(preview.error().code)},
              {"reason", preview.error().reason},
              {"message", preview.error().message}}}};
  };
  return {{"plan_id", plan.plan_id},
          {"title", plan.title},
          {"now", outcome(plan.now)},
          {"edited", outcome(plan.edited)},
          {"items", preview_items_json(plan.differs)}};
}

core::Json trial_json(const ports::Trial& trial) {
  core::Json out = {{"ok", trial.findings.empty()}, {"findings", findings_json(trial.findings)}};
  if (!trial.connection_id.empty()) {
    core::Json plans = core::Json::array();
    for (const ports::PlanTrial& plan : trial.plans) plans.push_back(plan_trial_json(plan));
    out["preview"] = {{"connection_id", trial.connection_id},
                      {"plans", std::move(plans)},
                      {"plans_left_out", trial.plans_left_out}};
  }
  if (!trial.tiers.empty()) {
    out["decisions"] = {{"tiers", decisions_json(trial.tiers, false)},
                        {"accounts",
                         {{"asked", trial.accounts_asked},
                          {"changed", trial.accounts_changed},
                          {"left_out", trial.accounts_left_out},
                          {"items", decisions_json(trial.accounts, true)}}}};
  }
  return out;
}

Response check_script(const Context& context, const Request& request) {
  JsonBody body(request);
  ports::TrialRequest asked;
  asked.name = body.required_text("name");
  asked.connection_id = body.text("connection_id");
  asked.plan_id = body.text("plan_id");
  body.fields().text("source", asked.source,
                     {kLongestScript, core::TextUnit::bytes, core::TextLines::many});
  body.fields().require("source");
  if (auto refused = body.refused(request)) return *std::move(refused);
  return on_lane(context, context.trials, request, [&context, &request, asked] {
    return respond(request, context.services.trials.run(asked),
                   [](const ports::Trial& trial) { return json_response(trial_json(trial)); });
  });
}

}  // namespace

void add_scripts(Router& router, const Context& context) {
  router.add({"GET", "/v1/scripts", "list_scripts", Access::admin,
              [&context](const Request& request) { return list_scripts(context, request); }});
  router.add({"POST", "/v1/scripts/check", "check_script", Access::admin,
              [&context](const Request& request) { return check_script(context, request); }});
}

}  // namespace mortise::api
