#include "sync/wanted.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "core/json.hpp"
#include "core/names.hpp"
#include "core/occurrence.hpp"
#include "core/recurrence.hpp"
#include "core/schedule.hpp"
#include "core/settings.hpp"
#include "core/zones.hpp"

namespace mortise::sync {
namespace {

using core::Json;

/// The sightings that concern pairs of this plan. One of an occurrence that nobody wrote concerns
/// the series' pair, under the key that the occurrence would have.
std::map<std::string, core::Sighting> by_key(const Ports& ports, const Options& options,
                                             const Snapshot& snapshot,
                                             std::vector<core::Sighting> sightings) {
  std::unordered_map<std::string, const core::Pair*> ids;
  for (const core::Pair& pair : snapshot.pairs) {
    if (pair.state != core::PairState::tombstone) ids.emplace(sighting_id(pair), &pair);
  }
  std::map<std::string, core::Sighting> found;
  const auto is_there = [](const core::Sighting& sighting) {
    return sighting.state == core::ItemState::present;
  };
  for (core::Sighting& sighting : sightings) {
    if (auto pair = ids.find(sighting.remote_id); pair != ids.end()) {
      // (An occurrence of a series that has moved may have another id by now.)
      const auto other = found.find(pair->second->key);
      if (other != found.end() && is_there(other->second) && !is_there(sighting)) continue;
      found.insert_or_assign(pair->second->key, std::move(sighting));
    } else if (auto series = ids.find(sighting.series); series != ids.end()) {
      std::string key = occurrence_key(ports, snapshot, *series->second, sighting.slot, options);
      const auto [known, is_new] = found.try_emplace(std::move(key), sighting);
      if (!is_new && is_there(sighting) && !is_there(known->second)) known->second = sighting;
    }
  }
  return found;
}

core::RemoteNews news_of(const core::Sighting& sighting) {
  switch (sighting.state) {
    case core::ItemState::deleted:
      return {core::RemoteState::deleted, "{}", sighting.edited_ms};
    case core::ItemState::absent:
      return {core::RemoteState::absent, "{}", sighting.edited_ms};
    case core::ItemState::present:
    case core::ItemState::out_of_scope:
      break;
  }
  return {core::RemoteState::edited, sighting.fields, sighting.edited_ms};
}

}  // namespace

std::string_view zone_of(const Snapshot& snapshot, const Options& options) {
  return core::zone_of(snapshot.plan, snapshot.account, options.host_zone);
}

bool happens_at(const Snapshot& snapshot, const core::Task& series, const std::string& slot,
                const Options& options) {
  const auto happens = core::is_occurrence(series, slot, zone_of(snapshot, options));
  return happens && *happens;
}

std::string occurrence_key(const Ports& ports, const Snapshot& snapshot, const core::Pair& series,
                           const std::string& slot, const Options& options) {
  const auto task = ports.store.plans().find_task(core::task_id_of(series.key));
  const std::string shown = task ? core::shown_slot(*task, slot, zone_of(snapshot, options)) : slot;
  return series.key + "/" + shown;
}

bool is_unread(const Link& link, const core::Pair& pair) {
  const ports::Kind* kind = link.connector->manifest().kind(pair.kind);
  return kind != nullptr && kind->versions && !pair.remote_id.empty() && pair.version.empty();
}

std::string sighting_id(const core::Pair& pair) {
  return pair.remote_id.empty() ? "unknown " + pair.key : pair.remote_id;
}

void agree(core::Pair& pair, core::JsonText fields, core::JsonText seen) {
  pair.fields = std::move(fields);
  pair.sent_hash = core::content_hash(pair.fields);
  pair.seen = std::move(seen);
  pair.seen_hash = pair.seen.empty() ? pair.sent_hash : core::content_hash(pair.seen);
}

bool adopts(const ports::Mapping& mapping) {
  const auto kinds = mapping.kinds();
  return std::any_of(kinds.begin(), kinds.end(),
                     [](const auto& each) { return each.second.adopts; });
}

ports::MappingInput Snapshot::mapping_input(const Options& options) const {
  return {.account = &account,
          .plan = &plan,
          .tasks = tasks,
          .settings = mapping_settings,
          .host_zone = options.host_zone,
          .link_base = options.link_base};
}

core::MergePolicy merge_policy(const Link& link) {
  const Json settings = Json::parse(link.mapping_settings, nullptr, false);
  if (!settings.is_object() || !settings.contains("conflicts") ||
      !settings["conflicts"].is_string()) {
    return core::MergePolicy::merge;
  }
  return core::from_name<core::MergePolicy>(settings["conflicts"].get<std::string>())
      .value_or(core::MergePolicy::merge);
}

core::MergeRules merge_rules(const Link& link, const std::string& kind) {
  core::MergeRules rules;
  rules.policy = merge_policy(link);
  rules.precision_ms = link.connector->manifest().properties.time_precision_ms;
  const auto kinds = link.mapping->kinds();
  if (auto found = kinds.find(kind); found != kinds.end()) {
    rules.together = found->second.together;
    rules.placing = found->second.placing;
  }
  rules.resolve = [mapping = link.mapping](const std::string& field, const core::JsonText& base,
                                           const core::JsonText& here,
                                           const core::JsonText& there) {
    return mapping->resolve(field, base, here, there);
  };
  return rules;
}

Result<core::JsonText> Snapshot::fields_of(const core::Pair& pair, const core::Task& task,
                                           const Options& options) const {
  const std::string slot = core::slot_of(pair.key);
  auto at = slot.empty() ? Result<core::Task>(task) : core::occurrence_task(task, slot);
  if (!at) return core::JsonText();
  if (!slot.empty() && at->status == core::TaskStatus::cancelled) {
    return core::JsonText(core::kCancelledOccurrence);
  }
  return mapping->item_fields(pair.kind, *at, mapping_input(options));
}

const core::Pair* Snapshot::pair(const std::string& key) const {
  auto found = std::find_if(pairs.begin(), pairs.end(),
                            [&](const core::Pair& each) { return each.key == key; });
  return found == pairs.end() ? nullptr : &*found;
}

const core::Task* Snapshot::task_of(const std::string& key) const {
  const std::string id = core::task_id_of(key);
  auto live = std::find_if(tasks.begin(), tasks.end(),
                           [&](const core::Task& each) { return each.id == id; });
  if (live != tasks.end()) return &*live;
  auto removed = std::find_if(restorable.begin(), restorable.end(),
                              [&](const auto& each) { return each.second.id == id; });
  return removed == restorable.end() ? nullptr : &removed->second;
}

Result<Link> load_link(const Ports& ports, const std::string& connection_id,
                       std::shared_ptr<const ports::Mapping> keep) {
  Link link;
  auto connection = ports.store.connections().find(connection_id);
  if (!connection) return std::move(connection).error();
  link.connection = std::move(connection).value();
  auto account = ports.store.accounts().find(link.connection.account_id);
  if (!account) return std::move(account).error();
  link.account = std::move(account).value();
  link.connector = ports.connectors.find(link.connection.connector);
  if (!link.connector) {
    return Error{Code::unsupported,
                 fmt::format("the connector \"{}\" is not loaded", link.connection.connector)};
  }
  link.mapping = std::move(keep);
  if (!link.mapping) {
    auto mapping = ports.mapper.mapping(link.connection.connector);
    if (!mapping) return std::move(mapping).error();
    link.mapping = std::move(mapping).value();
  }
  link.connector_settings =
      ports::connector_settings(link.connector->manifest(), link.connection.settings);
  link.mapping_settings =
      link.mapping->settings(core::settings_part(link.connection.settings, "mapping"));
  return link;
}

Result<Snapshot> load_snapshot(const Ports& ports, const Options& options,
                               const std::string& connection_id, const std::string& plan_id,
                               std::shared_ptr<const ports::Mapping> keep) {
  auto plan = ports.store.plans().find(plan_id);
  if (!plan) return std::move(plan).error();
  auto link = load_link(ports, connection_id, std::move(keep));
  if (!link) return std::move(link).error();
  Snapshot snapshot{*std::move(link), *std::move(plan), {}, {}, {}, {}};
  if (snapshot.plan.account_id != snapshot.connection.account_id) {
    return Error{Code::forbidden, "plan and connection belong to different accounts"};
  }
  auto tasks = ports.store.plans().tasks(plan_id);
  if (!tasks) return std::move(tasks).error();
  snapshot.tasks = std::move(tasks).value();
  auto pairs = ports.store.pairs().of_plan(connection_id, plan_id);
  if (!pairs) return std::move(pairs).error();
  snapshot.pairs = std::move(pairs).value();
  auto sightings = ports.store.sightings().of_connection(connection_id);
  if (!sightings) return std::move(sightings).error();
  snapshot.sightings = by_key(ports, options, snapshot, *std::move(sightings));
  if (!snapshot.pulls() || snapshot.plan.deleted_ms) return snapshot;  // nothing comes back
  std::unordered_set<std::string_view> live;
  for (const core::Task& task : snapshot.tasks) live.insert(task.id);
  for (const auto& [key, sighting] : snapshot.sightings) {
    const std::string id = core::task_id_of(key);
    if (id.empty() || live.contains(id)) continue;
    auto task = ports.store.plans().find_task(id);
    if (task && task->deleted_ms) snapshot.restorable.emplace(key, *std::move(task));
  }
  return snapshot;
}

namespace {

/// An occurrence that differed once and has its item there happens like the others now: its item
/// says so, it does not go.
void want_plain_occurrences(const Snapshot& snapshot, const Options& options, Wanted& wanted) {
  std::vector<const core::Pair*> occurrences;
  for (const core::Pair& pair : snapshot.pairs) {
    if (pair.state != core::PairState::tombstone && !core::slot_of(pair.key).empty()) {
      occurrences.push_back(&pair);
    }
  }
  if (occurrences.empty()) return;
  std::unordered_map<std::string_view, const core::Task*> tasks;
  for (const core::Task& task : snapshot.tasks) tasks.emplace(task.id, &task);
  std::unordered_set<std::string_view> keys;
  for (const core::WantedItem& item : wanted.items) keys.insert(item.key);
  std::vector<core::WantedItem> plain;
  for (const core::Pair* pair : occurrences) {
    if (keys.contains(pair->key) || !keys.contains(pair->parent_key)) continue;
    const auto series = tasks.find(core::task_id_of(pair->key));
    if (series == tasks.end()) continue;
    const core::Task& task = *series->second;
    const std::string slot = core::slot_of(pair->key);
    if (!happens_at(snapshot, task, slot, options)) continue;
    auto fields = snapshot.fields_of(*pair, task, options);
    if (!fields) {
      wanted.parked.push_back({pair->key, task.id, task.title, std::move(fields).error()});
      continue;
    }
    if (fields->empty()) continue;
    plain.push_back({pair->key,
                     pair->kind,
                     pair->parent_key,
                     {},
                     task.title,
                     *std::move(fields),
                     slot,
                     task.id,
                     task.updated_ms});
  }
  std::move(plain.begin(), plain.end(), std::back_inserter(wanted.items));
}

}  // namespace

Result<Wanted> map_plan(const Snapshot& snapshot, const Options& options) {
  if (snapshot.plan.deleted_ms) return Wanted{};  // what is left of it there goes, too
  auto desired = snapshot.mapping->desired(snapshot.mapping_input(options));
  if (!desired) return std::move(desired).error();
  std::unordered_map<std::string_view, core::Instant> edited;
  for (const core::Task& task : snapshot.tasks) edited.emplace(task.id, task.updated_ms);
  Wanted wanted;
  wanted.items.reserve(desired->items.size());
  for (ports::DesiredItem& item : desired->items) {
    const auto task = edited.find(item.task_id);
    const core::Instant edited_ms = task == edited.end() ? 0 : task->second;
    wanted.items.push_back({std::move(item.key), std::move(item.kind), std::move(item.parent_key),
                            std::move(item.after_key), std::move(item.title),
                            std::move(item.fields), std::move(item.slot), std::move(item.task_id),
                            edited_ms});
  }
  wanted.parked = std::move(desired->parked);
  want_plain_occurrences(snapshot, options, wanted);
  return wanted;
}

core::ChangeList decide(const Snapshot& snapshot, const Wanted& wanted,
                        const std::set<std::string>& lost, const Options& options,
                        core::Instant now_ms) {
  std::unordered_set<std::string> parked;
  for (const ports::ParkedItem& item : wanted.parked) parked.insert(item.key);
  // Of a series that nobody can map, nothing is known of its occurrences either.
  const auto is_parked = [&](const std::string& key) {
    return parked.contains(key) ||
           (!core::slot_of(key).empty() && parked.contains("task:" + core::task_id_of(key)));
  };
  core::ReconcileRules rules = options.rules;
  rules.plan_removed = snapshot.plan.deleted_ms.has_value();
  rules.pull = snapshot.pulls() && !rules.plan_removed;
  rules.writes = snapshot.writes;
  for (const ports::Kind& kind : snapshot.connector->manifest().kinds) {
    if (kind.occurrences) rules.resets.emplace(kind.name, kind.resets_occurrences);
  }
  std::vector<core::Pair> base;
  base.reserve(snapshot.pairs.size());
  for (const core::Pair& pair : snapshot.pairs) {
    if (is_parked(pair.key)) continue;
    if (pair.state == core::PairState::tombstone && pair.synced_ms > now_ms - core::kDayMs &&
        !core::names_occurrence(pair.key)) {
      ++rules.removed_last_day;
    }
    base.push_back(pair);
  }
  core::News news;
  for (const std::string& key : lost) news.emplace(key, core::RemoteNews{core::RemoteState::lost});
  for (const auto& [key, sighting] : snapshot.sightings) {
    if (is_parked(key)) continue;
    news.insert_or_assign(key, news_of(sighting));
  }
  if (!news.empty()) {  // those of a container are about what stands in it, too
    for (const core::Pair& pair : snapshot.pairs) {
      if (rules.merge.contains(pair.kind)) continue;
      rules.merge.emplace(pair.kind, merge_rules(snapshot, pair.kind));
    }
  }
  for (const auto& [key, task] : snapshot.restorable) {
    const core::Pair* pair = snapshot.pair(key);
    if (pair == nullptr) continue;
    const std::string slot = core::slot_of(key);
    if (!slot.empty() && !happens_at(snapshot, task, slot, options)) continue;  // nothing to go on
    if (auto fields = snapshot.fields_of(*pair, task, options); fields && !fields->empty()) {
      rules.restorable.emplace(key, core::Restorable{*std::move(fields), task.updated_ms});
    }
  }
  core::ChangeList changes = core::reconcile(wanted.items, base, news, rules);
  changes.unchanged += static_cast<std::int64_t>(parked.size());
  return changes;
}

namespace {

/// When the item ends, if the clocks of its zone change between its start and then; else 0.
core::Instant end_over_change(const core::JsonText& text) {
  const Json fields = Json::parse(text, nullptr, false);
  if (!fields.is_object() || fields.value("showWithoutTime", Json()) == true) return 0;
  const auto word = [&](const char* name) {
    const auto found = fields.find(name);
    return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string zone = word("timeZone");
  const auto start = core::parse_local(word("start"));
  const auto duration_s = core::parse_duration(word("duration"));
  if (zone.empty() || !start || !duration_s) return 0;
  const auto begins = core::to_instant(*start, zone);
  if (!begins) return 0;
  const core::Instant ends = *begins + *duration_s * core::kMillisPerSecond;
  const auto shown = core::to_local(ends, zone);
  return shown && *shown != *start + *duration_s ? ends : 0;
}

}  // namespace

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
  // One that somebody dragged away is no place: services refuse what is to stand behind it.
  const auto sibling_id = [&](const std::string& key, const std::string& parent_id) {
    auto found = pairs.find(key);
    const bool away = found != pairs.end() && found->second->remote_parent_id != parent_id;
    return away ? std::string() : id_of(key);
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
    write.slot = action.slot;
    if (const core::Task* task = action.slot.empty() ? nullptr : snapshot.task_of(action.key)) {
      const auto at = core::instant_of_slot(*task, action.slot, zone_of(snapshot, options));
      write.slot_ms = at.value_or(0);
    }
    if (action.kind != core::ActionKind::remove) write.ends_ms = end_over_change(action.fields);
    if (action.kind == core::ActionKind::create) {
      write.action = core::WriteAction::create;
      write.parent_key = action.parent_key;
      write.parent_id =
          action.parent_key.empty() ? snapshot.connection.target.id : id_of(action.parent_key);
      write.after_key = action.after_key;
      if (!action.after_key.empty()) {
        write.after_id = sibling_id(action.after_key, write.parent_id);
      }
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

void place_behind_what_is_made(std::vector<ports::Write>& writes,
                               const std::vector<std::size_t>& made) {
  std::unordered_map<std::string_view, const ports::Write*> left;
  for (const ports::Write& write : writes) {
    if (write.action == core::WriteAction::create) left.emplace(write.key, &write);
  }
  for (const std::size_t index : made) left.erase(writes[index].key);
  for (const std::size_t index : made) {
    ports::Write& write = writes[index];
    for (auto before = left.find(write.after_key); write.after_id.empty() && before != left.end() &&
                                                   before->second->parent_key == write.parent_key;
         before = left.find(write.after_key)) {
      write.after_id = before->second->after_id;
      write.after_key = before->second->after_key;
    }
  }
}

std::size_t largest_batch(const Snapshot& snapshot) {
  return static_cast<std::size_t>(
      std::max(1, snapshot.connector->manifest().properties.largest_batch));
}

}  // namespace mortise::sync
