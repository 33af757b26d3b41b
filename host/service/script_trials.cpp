#include "service/script_trials.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace mortise::service {
namespace {

using ports::Answer;
using ports::CheckedScript;
using ports::DecisionTrial;
using ports::PlanTrial;
using ports::Preview;
using ports::Refusal;
using ports::Trial;

/// Nobody waits longer for an answer; what is left is told.
constexpr std::int64_t kLongestMs = 20'000;
constexpr std::int64_t kMostAccounts = 10'000;
constexpr std::size_t kMostListed = 1000;
constexpr std::array<const char*, 2> kActions = {"export.start", "outside_progress"};

Refusal refuse(Error error) {
  return {std::move(error), {}, std::nullopt};
}

Refusal complain(std::string pointer, std::string detail) {
  return {{Code::invalid, "the trial is not valid"},
          {{std::move(pointer), std::move(detail)}},
          std::nullopt};
}

bool same_answer(const ports::Decision& a, const ports::Decision& b) {
  return std::tie(a.allow, a.cost, a.reason) == std::tie(b.allow, b.cost, b.reason);
}

/// The items of one preview that another one has not, or has otherwise.
std::vector<ports::PreviewItem> difference(const Preview& edited, const Preview* now) {
  const auto form = [](const ports::PreviewItem& item) {
    return std::tie(item.key, item.kind, item.action, item.after);
  };
  const auto before = [&](const ports::PreviewItem* a, const ports::PreviewItem* b) {
    return form(*a) < form(*b);
  };
  std::set<const ports::PreviewItem*, decltype(before)> anyway(before);
  if (now != nullptr) {
    for (const ports::PreviewItem& item : now->items) anyway.insert(&item);
  }
  std::vector<ports::PreviewItem> items;
  for (const ports::PreviewItem& item : edited.items) {
    if (!anyway.contains(&item)) items.push_back(item);
  }
  return items;
}

}  // namespace

Answer<Trial> StoredTrials::run(const ports::TrialRequest& request) {
  if (request.connection_id.empty() && !request.plan_id.empty()) {
    return complain("/connection_id", "says where the plan is tried");
  }
  CheckedScript script = scripts_.check(request.name, request.source);
  if (!script.findings.empty()) {
    Trial trial;
    trial.findings = std::move(script.findings);
    return trial;
  }
  if (script.mapping) return try_mapping(request, script);
  if (!request.connection_id.empty()) {
    return complain("/connection_id", "a policy is tried on every account, not on a connection");
  }
  return try_policy(script);
}

// ---- mappings -----------------------------------------------------------------------------------

Answer<Trial> StoredTrials::try_mapping(const ports::TrialRequest& request,
                                        const CheckedScript& script) const {
  Trial trial;
  if (request.connection_id.empty()) return trial;
  auto connection = store_.connections().find(request.connection_id);
  if (!connection) return refuse(std::move(connection).error());
  if (connection->connector != script.connector) {
    return complain("/connection_id", fmt::format("is a connection of {}, the script is for {}",
                                                  connection->connector, script.connector));
  }
  auto plans = plans_of(*connection, request.plan_id);
  if (!plans) return refuse(std::move(plans).error());
  trial.connection_id = connection->id;
  const core::Instant end_ms = clock_.now_ms() + kLongestMs;
  for (const core::Plan& plan : *plans) {
    if (clock_.now_ms() > end_ms) {
      ++trial.plans_left_out;
    } else {
      trial.plans.push_back(try_plan(*connection, plan, script.mapping));
    }
  }
  return trial;
}

Result<std::vector<core::Plan>> StoredTrials::plans_of(const core::Connection& connection,
                                                       const std::string& plan_id) const {
  std::vector<core::Plan> plans;
  if (!plan_id.empty()) {
    auto plan = store_.plans().find(plan_id);
    if (!plan) return std::move(plan).error();
    if (plan->account_id != connection.account_id || plan->deleted_ms) {
      return Error{Code::not_found, fmt::format("the account of connection {} has no plan {}",
                                                connection.id, plan_id)};
    }
    plans.push_back(*std::move(plan));
    return plans;
  }
  auto kept = store_.pairs().plans(connection.id);
  if (!kept) return std::move(kept).error();
  for (const std::string& id : *kept) {
    auto plan = store_.plans().find(id);
    if (!plan) return std::move(plan).error();
    if (!plan->deleted_ms) plans.push_back(*std::move(plan));
  }
  return plans;
}

PlanTrial StoredTrials::try_plan(const core::Connection& connection, const core::Plan& plan,
                                 std::shared_ptr<const ports::Mapping> mapping) const {
  ports::ExportRequest request;
  request.account_id = connection.account_id;
  request.plan_id = plan.id;
  request.connection_id = connection.id;
  const auto preview = [&]() -> Result<Preview> {
    auto answer = exports_.preview(request);
    if (auto* refused = std::get_if<Refusal>(&answer)) return std::move(refused->error);
    return std::get<Preview>(std::move(answer));
  };
  Result<Preview> now = preview();
  request.mapping = std::move(mapping);
  Result<Preview> edited = preview();
  std::vector<ports::PreviewItem> differs;
  if (edited) differs = difference(*edited, now ? &*now : nullptr);
  if (differs.size() > kMostListed) differs.resize(kMostListed);
  for (Result<Preview>* each : {&now, &edited}) {
    if (*each) (*each)->items.clear();  // a trial is about many plans
  }
  return {plan.id, plan.title, std::move(now), std::move(edited), std::move(differs)};
}

// ---- policies -----------------------------------------------------------------------------------

Answer<Trial> StoredTrials::try_policy(const CheckedScript& script) const {
  Trial trial;
  const auto ask = [&](const std::string& tier, const char* action) {
    DecisionTrial each{{action, "", tier, "user", ""}, {}, {}, {}};
    each.before = active_.decide(each.ask, each.used);
    each.after = script.policy->decide(each.ask, each.used);
    trial.tiers.push_back(std::move(each));
  };
  for (const std::string& tier : script.tiers) {
    for (const char* action : kActions) ask(tier, action);
  }
  const core::Instant end_ms = clock_.now_ms() + kLongestMs;
  ports::PageRequest page{200, ""};
  do {
    auto accounts = store_.accounts().list(page);
    if (!accounts) return refuse(std::move(accounts).error());
    for (const core::Account& account : accounts->items) {
      if (trial.accounts_asked == kMostAccounts || clock_.now_ms() > end_ms) {
        trial.accounts_left_out = true;
        return trial;
      }
      if (Status asked = ask_account(account, *script.policy, trial); !asked) {
        return refuse(std::move(asked).error());
      }
    }
    page.cursor = accounts->next_cursor;
  } while (!page.cursor.empty());
  return trial;
}

/// Both policies on what this account might do next, at each service that it is connected to.
Status StoredTrials::ask_account(const core::Account& account, ports::Gate& edited,
                                 Trial& trial) const {
  auto usage = exports_.usage(account.id);
  if (!usage) return std::move(usage).error();
  auto connections = store_.connections().list(account.id);
  if (!connections) return std::move(connections).error();
  std::set<std::string> connectors;
  for (const core::Connection& each : *connections) {
    if (each.status != core::ConnectionStatus::disconnected) connectors.insert(each.connector);
  }
  if (connectors.empty()) connectors.insert("");
  ++trial.accounts_asked;
  bool changed = false;
  for (const std::string& connector : connectors) {
    for (const char* action : kActions) {
      DecisionTrial each{
          {action, account.id, account.tier, "user", connector}, {usage->used}, {}, {}};
      each.before = active_.decide(each.ask, each.used);
      each.after = edited.decide(each.ask, each.used);
      if (same_answer(each.before, each.after)) continue;
      changed = true;
      if (trial.accounts.size() < kMostListed) trial.accounts.push_back(std::move(each));
    }
  }
  trial.accounts_changed += changed;
  return {};
}

}  // namespace mortise::service
