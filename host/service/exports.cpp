#include "service/exports.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "core/names.hpp"
#include "core/zones.hpp"
#include "ports/random.hpp"
#include "service/granted.hpp"
#include "service/saving.hpp"

namespace mortise::service {
namespace {

/// Each lost race means that somebody else's export was accepted: far more than can happen.
constexpr int kMostExportRaces = 10'000;

}  // namespace

QuotaExports::QuotaExports(ports::Store& store, ports::Gate& gate, ports::RunQueue& queue,
                           const ports::Clock& clock, ports::Random& random,
                           ExportSettings settings)
    : store_(store),
      gate_(gate),
      queue_(queue),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)) {}

Result<QuotaExports::Checked> QuotaExports::check(const ports::ExportRequest& request) const {
  auto account = store_.accounts().find(request.account_id);
  if (!account) return std::move(account).error();
  auto plan = store_.plans().find(request.plan_id);
  if (!plan) return std::move(plan).error();
  auto connection = store_.connections().find(request.connection_id);
  if (!connection) return std::move(connection).error();
  if (plan->account_id != account->id || plan->deleted_ms) {
    return Error{Code::not_found, fmt::format("account {} has no plan {}", account->id, plan->id)};
  }
  if (connection->account_id != account->id) {
    return Error{Code::not_found,
                 fmt::format("account {} has no connection {}", account->id, connection->id)};
  }
  if (Status usable = check_usable(*connection); !usable) return std::move(usable).error();
  return Checked{std::move(*account), std::move(*connection)};
}

Result<core::Usage> QuotaExports::usage_now(const core::Account& account) const {
  auto month = core::month_of(clock_.now_ms(), core::zone_of(account, settings_.host_zone));
  if (!month) return std::move(month).error();
  return store_.usages().find(account.id, *month);
}

Result<ports::QuotaView> QuotaExports::view(const core::Account& account,
                                            const core::Usage& usage) const {
  auto resets = core::month_end(clock_.now_ms(), core::zone_of(account, settings_.host_zone));
  if (!resets) return std::move(resets).error();
  ports::QuotaView view;
  view.tier = account.tier;
  view.month = usage.month;
  view.limit = gate_.limits(account.tier).limit;
  view.used = usage.exports();
  view.resets_ms = *resets;
  view.upgrade_url = settings_.upgrade_url;
  return view;
}

/// "Sync now" is free for what was exported; the first time is an export, whatever it is called.
Result<core::RunKind> QuotaExports::kind_of(const ports::ExportRequest& request) const {
  auto exported = store_.pairs().plans(request.connection_id);
  if (!exported) return std::move(exported).error();
  const bool first =
      std::find(exported->begin(), exported->end(), request.plan_id) == exported->end();
  return first ? core::RunKind::export_plan : request.kind;
}

ports::Decision QuotaExports::decide(const Checked& checked, const ports::ExportRequest& request,
                                     const core::Usage& usage) const {
  return gate_.decide({.action = "export.start",
                       .account_id = checked.account.id,
                       .tier = checked.account.tier,
                       .trigger = std::string(core::name_of(request.trigger)),
                       .connector = checked.connection.connector},
                      {.exports_this_month = usage.exports()});
}

/// An export that is asked for twice is one: what is under way brings over what is there now.
/// One that asks a person, or was told to stop, is none to wait for.
Result<std::optional<core::Run>> QuotaExports::under_way(
    const ports::ExportRequest& request) const {
  auto runs = store_.runs().unfinished(request.connection_id);
  if (!runs) return std::move(runs).error();
  for (core::Run& run : *runs) {
    const bool same = run.kind == core::RunKind::export_plan && run.plan_id == request.plan_id &&
                      run.trigger == request.trigger && !run.cancel_requested;
    const bool asks =
        run.state == core::RunState::waiting && run.waiting_for == core::RunWait::approval;
    if (same && !asks) return std::optional(std::move(run));
  }
  return std::optional<core::Run>();
}

ports::Answer<core::Run> QuotaExports::start(const ports::ExportRequest& request) {
  core::Run run;
  run.created_ms = clock_.now_ms();
  run.id = ports::new_id(core::kRunPrefix, run.created_ms, random_);
  run.account_id = request.account_id;
  run.connection_id = request.connection_id;
  run.plan_id = request.plan_id;
  run.trigger = request.trigger;
  run.request_id = request.request_id;
  auto answer = retried<core::Run>([&] { return accept(request, run); }, kMostExportRaces);
  if (std::holds_alternative<core::Run>(answer)) queue_.kick(request.connection_id);
  return answer;
}

ports::Answer<core::Run> QuotaExports::accept(const ports::ExportRequest& request, core::Run run) {
  auto checked = check(request);
  if (!checked) return refuse(std::move(checked).error());
  const core::Account& account = checked->account;
  auto kind = kind_of(request);
  if (!kind) return refuse(std::move(kind).error());
  run.kind = *kind;
  ports::Changes changes;
  if (run.kind == core::RunKind::export_plan) {
    // The usage is read first: two calls at once that both find none meet in its revision.
    auto usage = usage_now(account);
    if (!usage) return refuse(std::move(usage).error());
    auto other = under_way(request);
    if (!other) return refuse(std::move(other).error());
    if (*other) return std::move(**other);
    const ports::Decision decision = decide(*checked, request, *usage);
    if (!decision.allow) {
      ports::Refusal refusal = refuse({Code::forbidden, decision.message, decision.reason});
      if (auto quota = view(account, *usage)) refusal.quota = std::move(*quota);
      return refusal;
    }
    if (decision.cost > 0) {
      run.usage = core::UsageState::reserved;
      run.usage_month = usage->month;
      ++usage->reserved;
      changes.push_back(ports::put(std::move(*usage)));
    }
  }
  changes.push_back(ports::put(run));
  // It may be disconnected meanwhile, or end with its account: nobody would carry the run out.
  const core::Connection& connection = checked->connection;
  changes.push_back(
      ports::ExpectRev{ports::ExpectRev::Of::connection, connection.id, connection.rev});
  Status committed = store_.commit(std::move(changes), ports::Durability::full);
  if (!committed) return refuse(std::move(committed).error());
  ++run.rev;
  return run;
}

Result<core::Run> QuotaExports::sync(const std::string& connection_id,
                                     const std::string& request_id) {
  auto connection = store_.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  if (Status usable = check_usable(*connection); !usable) return std::move(usable).error();
  return queue_.sync_now(connection_id, request_id);
}

ports::Answer<ports::Preview> QuotaExports::preview(const ports::ExportRequest& request) {
  auto checked = check(request);
  if (!checked) return refuse(std::move(checked).error());
  auto preview = queue_.preview(request.connection_id, request.plan_id, request.mapping);
  if (!preview) return refuse(std::move(preview).error());
  auto kind = kind_of(request);
  if (!kind) return refuse(std::move(kind).error());
  if (*kind == core::RunKind::export_plan) {
    auto other = under_way(request);
    if (!other) return refuse(std::move(other).error());
    if (*other) return std::move(*preview);  // start() would answer that one
    auto usage = usage_now(checked->account);
    if (!usage) return refuse(std::move(usage).error());
    ports::Decision decision = decide(*checked, request, *usage);
    if (!decision.allow) {
      preview->refused_reason = std::move(decision.reason);
      preview->refused_message = std::move(decision.message);
    }
  }
  return std::move(*preview);
}

Result<ports::QuotaView> QuotaExports::usage(const std::string& account_id) {
  auto account = store_.accounts().find(account_id);
  if (!account) return std::move(account).error();
  auto usage = usage_now(*account);
  if (!usage) return std::move(usage).error();
  return view(*account, *usage);
}

Result<core::Run> QuotaExports::cancel(const std::string& run_id) {
  return queue_.cancel(run_id);
}
Result<core::Run> QuotaExports::approve(const std::string& run_id, const core::JsonText& guard) {
  return queue_.approve(run_id, guard);
}
Result<core::Run> QuotaExports::discard(const std::string& run_id) {
  return queue_.discard(run_id);
}

}  // namespace mortise::service
