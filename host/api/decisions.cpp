// Deciding without acting: what the policy would say, and what the mapping would make of a plan.
#include <nlohmann/json.hpp>

#include "api/resources.hpp"

namespace mortise::api {

namespace {

core::Json decision_json(const ports::Decision& decision, const ports::Ask& ask,
                         const ports::Used& used) {
  core::Json out = {{"allow", decision.allow},
                    {"cost", decision.cost},
                    {"tier", ask.tier},
                    {"used", used.exports_this_month},
                    {"limit", decision.limit ? core::Json(*decision.limit) : core::Json()},
                    {"revision", decision.revision}};
  if (!decision.reason.empty()) out["reason"] = decision.reason;
  if (!decision.message.empty()) out["message"] = decision.message;
  return out;
}

Result<core::Json> mapped(const Context& context, const core::Account& account,
                          const core::Plan& plan, const std::string& connector) {
  const auto mapping = context.services.mapper.mapping(connector);
  if (!mapping) return mapping.error();
  const auto tasks = context.services.store.plans().tasks(plan.id);
  if (!tasks) return tasks.error();
  ports::MappingInput input;
  input.account = &account;
  input.plan = &plan;
  input.tasks = *tasks;
  input.settings = (*mapping)->settings("{}");
  input.host_zone = context.site.zone;
  input.link_base = context.site.public_url;
  const auto desired = (*mapping)->desired(input);
  if (!desired) return desired.error();
  core::Json items = core::Json::array();
  for (const ports::DesiredItem& item : desired->items) {
    auto fields = core::parse_json(item.fields);
    items.push_back({{"key", item.key},
                     {"kind", item.kind},
                     {"parent_key", item.parent_key},
                     {"title", item.title},
                     {"fields", fields ? *std::move(fields) : core::Json::object()}});
  }
  core::Json parked = core::Json::array();
  for (const ports::ParkedItem& item : desired->parked) {
    parked.push_back({{"key", item.key}, {"title", item.title}, {"message", item.error.message}});
  }
  return core::Json{{"items", std::move(items)},
                    {"parked", std::move(parked)},
                    {"revision", (*mapping)->revision()}};
}

Response decide(const Context& context, const Request& request) {
  JsonBody body(request);
  ports::Ask ask;
  ask.account_id = body.required_text("account_id");
  ask.action = body.required_text("action", 64);
  ask.trigger = body.text("trigger", 32);
  ask.connector = body.text("connector", 64);
  const std::string plan_id = body.text("map_plan_id");
  if (!plan_id.empty() && ask.connector.empty()) body.fields().require("connector");
  if (auto refused = body.refused(request)) return *std::move(refused);
  if (ask.trigger.empty()) ask.trigger = "user";
  const auto account = context.services.store.accounts().find(ask.account_id);
  if (!account) return refusal(request, account.error());
  const auto quota = context.services.exports.usage(ask.account_id);
  if (!quota) return refusal(request, quota.error());
  ask.tier = account->tier;
  const ports::Used used{quota->used};
  core::Json out = decision_json(context.services.gate.decide(ask, used), ask, used);
  if (!plan_id.empty()) {
    const auto plan = find_plan_of(context, request, account->id, plan_id);
    if (!plan) return refusal(request, plan.error());
    auto result = mapped(context, *account, *plan, ask.connector);
    if (!result) return refusal(request, result.error());
    out["mapped"] = *std::move(result);
  }
  return json_response(out);
}

}  // namespace

void add_decisions(Router& router, const Context& context) {
  router.add({"POST", "/v1/decisions", "decide", Access::read,
              [&context](const Request& request) { return decide(context, request); }});
}

}  // namespace mortise::api
