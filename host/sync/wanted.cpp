#include "sync/wanted.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/settings.hpp"

namespace mortise::sync {
namespace {

constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

ports::MappingInput mapping_input(const Snapshot& snapshot, const Options& options) {
  return {.account = &snapshot.account,
          .plan = &snapshot.plan,
          .tasks = snapshot.tasks,
          .settings = snapshot.mapping_settings,
          .host_zone = options.host_zone,
          .link_base = options.link_base};
}

}  // namespace

const core::Pair* Snapshot::pair(const std::string& key) const {
  auto found = std::find_if(pairs.begin(), pairs.end(),
                            [&](const core::Pair& each) { return each.key == key; });
  return found == pairs.end() ? nullptr : &*found;
}

Result<Snapshot> load_snapshot(const Ports& ports, const std::string& connection_id,
                               const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> keep) {
  Snapshot snapshot;
  auto connection = ports.store.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  snapshot.connection = std::move(connection).value();
  auto plan = ports.store.plans().find(plan_id);
  if (!plan) return std::move(plan).error();
  snapshot.plan = std::move(plan).value();
  if (snapshot.plan.account_id != snapshot.connection.account_id) {
    return Error{Code::forbidden, "plan and connection belong to different accounts"};
  }
  auto account = ports.store.accounts().find(snapshot.connection.account_id);
  if (!account) return std::move(account).error();
  snapshot.account = std::move(account).value();
  auto tasks = ports.store.plans().tasks(plan_id);
  if (!tasks) return std::move(tasks).error();
  snapshot.tasks = std::move(tasks).value();
  auto pairs = ports.store.pairs().of_plan(connection_id, plan_id);
  if (!pairs) return std::move(pairs).error();
  snapshot.pairs = std::move(pairs).value();

  snapshot.connector = ports.connectors.find(snapshot.connection.connector);
  if (!snapshot.connector) {
    return Error{Code::unsupported,
                 fmt::format("the connector \"{}\" is not loaded", snapshot.connection.connector)};
  }
  snapshot.mapping = std::move(keep);
  if (!snapshot.mapping) {
    auto mapping = ports.mapper.mapping(snapshot.connection.connector);
    if (!mapping) return std::move(mapping).error();
    snapshot.mapping = std::move(mapping).value();
  }
  snapshot.connector_settings =
      ports::connector_settings(snapshot.connector->manifest(), snapshot.connection.settings);
  auto settings =
      snapshot.mapping->settings(core::settings_part(snapshot.connection.settings, "mapping"));
  if (!settings) return std::move(settings).error();
  snapshot.mapping_settings = std::move(settings).value();
  return snapshot;
}

Result<Wanted> map_plan(const Snapshot& snapshot, const Options& options) {
  auto desired = snapshot.mapping->desired(mapping_input(snapshot, options));
  if (!desired) return std::move(desired).error();
  Wanted wanted;
  wanted.items.reserve(desired->items.size());
  for (ports::DesiredItem& item : desired->items) {
    wanted.items.push_back({std::move(item.key), std::move(item.kind), std::move(item.parent_key),
                            std::move(item.after_key), std::move(item.title),
                            std::move(item.fields), std::move(item.slot)});
  }
  wanted.parked = std::move(desired->parked);
  return wanted;
}

core::ChangeList decide(const Snapshot& snapshot, const Wanted& wanted,
                        const std::map<std::string, core::RemoteNews>& news, const Options& options,
                        core::Instant now_ms, bool approved) {
  std::unordered_set<std::string_view> parked;
  for (const ports::ParkedItem& item : wanted.parked) parked.insert(item.key);
  core::ReconcileRules rules = options.rules;
  rules.approved = approved;
  std::vector<core::Pair> base;
  base.reserve(snapshot.pairs.size());
  for (const core::Pair& pair : snapshot.pairs) {
    if (parked.contains(pair.key)) continue;
    if (pair.state == core::PairState::tombstone && pair.synced_ms > now_ms - kDayMs) {
      ++rules.removed_last_day;
    }
    base.push_back(pair);
  }
  core::ChangeList changes = core::reconcile(wanted.items, base, news, rules);
  changes.unchanged += static_cast<std::int64_t>(parked.size());
  return changes;
}

Writes writes_of(const core::ChangeList& changes, const Snapshot& snapshot,
                 const Options& options) {
  std::unordered_map<std::string_view, const core::Pair*> pairs;
  for (const core::Pair& pair : snapshot.pairs) {
    if (pair.state != core::PairState::tombstone) pairs.emplace(pair.key, &pair);
  }
  std::unordered_set<std::string_view> created;  // their pair, if any, is the old item's
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::create) created.insert(action.key);
  }
  const auto id_of = [&](const std::string& key) -> std::string {
    auto found = pairs.find(key);
    return found == pairs.end() || created.contains(key) ? std::string() : found->second->remote_id;
  };
  Writes result;
  for (std::size_t i = 0; i < changes.actions.size(); ++i) {
    const core::Action& action = changes.actions[i];
    if (action.kind == core::ActionKind::forget) continue;
    ports::Write write;
    write.kind = action.item_kind;
    write.key = action.key;
    write.fields = action.fields;
    write.changed = action.changed;
    if (action.kind == core::ActionKind::create) {
      write.action = core::WriteAction::create;
      write.parent_key = action.parent_key;
      write.parent_id =
          action.parent_key.empty() ? snapshot.connection.target.id : id_of(action.parent_key);
      write.after_key = action.after_key;
      if (!action.after_key.empty()) write.after_id = id_of(action.after_key);
      write.once_key = core::once_key(options.installation, snapshot.connection.id, action.key,
                                      action.generation);
    } else {
      write.action = action.kind == core::ActionKind::update ? core::WriteAction::update
                                                             : core::WriteAction::remove;
      write.kind = action.base->kind;
      write.id = action.base->remote_id;
      write.parent_key = action.base->parent_key;
      write.parent_id = action.base->remote_parent_id;
      write.if_version = action.base->version;
      write.memo = action.base->memo;
    }
    result.writes.push_back(std::move(write));
    result.index.push_back(i);
  }
  return result;
}

}  // namespace mortise::sync
