// What stands at the service and no pair knows: our own that lost its pair, an equal one that
// somebody made, or something new that becomes an appointment. No I/O.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "core/item_key.hpp"
#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "core/recurrence.hpp"
#include "core/schedule.hpp"
#include "sync/execution.hpp"

namespace mortise::sync {
namespace {

using core::Json;
using core::Pair;
using core::PairState;
using core::Receive;
using core::ReceiveKind;

/// So many appear in one commit.
constexpr std::size_t kMostAtOnce = 100;
constexpr std::int64_t kPositionStep = 1024;
constexpr const char* kUntitled = "Untitled";

/// What stands at the service for a pair, as it was seen the last time.
core::Sighting as_seen(const Pair& pair) {
  core::Sighting sighting;
  sighting.remote_id = pair.remote_id;
  sighting.kind = pair.kind;
  sighting.parent_id = pair.remote_parent_id;
  sighting.fields = pair.seen;
  sighting.version = pair.version;
  sighting.memo = pair.memo;
  sighting.url = pair.url;
  return sighting;
}

/// Sightings of what no pair knows.
std::vector<core::Sighting> strangers_of(std::vector<core::Sighting> sightings,
                                         const std::vector<Pair>& pairs) {
  std::set<std::string> ours;
  for (const Pair& pair : pairs) {
    if (pair.state != PairState::tombstone) ours.insert(sighting_id(pair));
  }
  std::erase_if(sightings, [&](const core::Sighting& each) {
    return each.state != core::ItemState::present || ours.contains(each.remote_id) ||
           !each.series.empty();
  });
  return sightings;
}

}  // namespace

/// Items of ours that are about to be created and exist there already: by our key, because
/// somebody made an equal one, or because it appeared here before its plan did. And occurrences
/// that somebody changed there first.
Result<std::vector<Receive>> Execution::link_strangers(const Snapshot& snapshot,
                                                       const core::ChangeList& changes) {
  std::vector<Receive> links = occurrences_changed_there(snapshot);
  std::vector<core::WantedItem> created;
  for (const core::Action& action : changes.actions) {
    if (action.kind != core::ActionKind::create || action.task_id.empty()) continue;
    if (!action.slot.empty()) continue;  // it is part of its series, however alike something is
    if (action.base && action.base->state != PairState::tombstone) continue;
    created.push_back({action.key, action.item_kind, action.parent_key, action.after_key,
                       action.title, action.fields, action.slot, action.task_id, 0});
  }
  if (!links.empty() || created.empty() || !snapshot.pulls()) return links;
  auto stored = ports_.store.sightings().of_connection(run_.connection_id);
  if (!stored) return std::move(stored).error();
  auto pairs = ports_.store.pairs().of_connection(run_.connection_id);
  if (!pairs) return std::move(pairs).error();
  std::map<std::string, core::Sighting> latest;
  for (const core::Sighting& each : *stored) latest.emplace(each.remote_id, each);
  std::vector<core::Sighting> free = strangers_of(*std::move(stored), *pairs);
  appeared_.clear();
  const std::set<std::string> paired = living_keys(*pairs);
  for (const Pair& pair : *pairs) {
    if (!pair.appeared || pair.plan_id == plan_id_ || pair.state != PairState::paired) continue;
    const core::Sighting& now = latest.try_emplace(pair.remote_id, as_seen(pair)).first->second;
    if (now.state != core::ItemState::present) continue;  // it is gone from there
    appeared_.emplace(pair.remote_id, pair);
    free.push_back(now);
  }
  // By key first: what is some task's own item is nobody else's, however alike they are.
  std::map<std::string, const core::Sighting*> found;
  std::vector<core::Stranger> strangers;
  std::vector<const core::Sighting*> nobodys;
  for (const core::Sighting& each : free) {
    if (!each.key.empty()) found.insert_or_assign(each.key, &each);
    if (stands_for_task(each, snapshot.account.id, paired)) continue;
    strangers.push_back({each.kind, each.fields});
    nobodys.push_back(&each);
  }
  std::vector<core::WantedItem> keyless = created;
  std::erase_if(keyless, [&](const core::WantedItem& each) { return found.contains(each.key); });
  std::map<std::string, std::vector<std::string>> alike;
  for (const auto& [kind, rules] : snapshot.mapping->kinds()) alike[kind] = rules.alike;
  for (const auto& [key, index] : core::link_alike(keyless, strangers, alike)) {
    found.insert_or_assign(key, nobodys[index]);
  }
  std::map<std::string, core::MergeRules> rules;
  for (const core::WantedItem& item : created) {
    auto link = found.find(item.key);
    if (link == found.end()) continue;
    if (!rules.contains(item.kind)) rules.emplace(item.kind, merge_rules(snapshot, item.kind));
    links.push_back(linked(snapshot, item, *link->second, {"{}", {}}, rules[item.kind]));
  }
  return links;
}

/// An appointment that appeared from outside turned out to be a task of a plan: it goes. What
/// people made of its occurrences there is news for that task.
void Execution::take_over(const Pair& appeared, ports::Changes& changes) const {
  changes.push_back(ports::ErasePair{appeared.connection_id, appeared.plan_id, appeared.key});
  auto beside = ports_.store.pairs().of_plan(appeared.connection_id, appeared.plan_id);
  auto seen = ports_.store.sightings().of_connection(appeared.connection_id);
  for (const Pair& pair : beside.ok() && seen.ok() ? *beside : std::vector<Pair>()) {
    if (pair.parent_key != appeared.key) continue;
    changes.push_back(ports::ErasePair{pair.connection_id, pair.plan_id, pair.key});
    const bool known = std::any_of(seen->begin(), seen->end(), [&](const core::Sighting& each) {
      return each.remote_id == pair.remote_id;
    });
    if (known || pair.state != PairState::paired) continue;
    core::Sighting sighting = as_seen(pair);
    sighting.connection_id = pair.connection_id;
    sighting.series = appeared.remote_id;
    sighting.slot = core::slot_of(pair.key);
    if (sighting.fields.empty()) sighting.fields = pair.fields;
    sighting.seen_ms = ports_.clock.now_ms();
    sighting.cause = kMetInWriting;
    changes.push_back(ports::put(std::move(sighting)));
  }
  auto task = ports_.store.plans().find_task(core::task_id_of(appeared.key));
  if (!task || task->deleted_ms) return;
  task->deleted_ms = task->updated_ms = ports_.clock.now_ms();
  changes.push_back(ports::put(*std::move(task)));
}

/// A pair of the plan under way with what stands there, for the caller to say which.
Pair Execution::pair_with(const core::Sighting& there) const {
  Pair pair;
  pair.connection_id = run_.connection_id;
  pair.plan_id = plan_id_;
  pair.remote_id = there.remote_id;
  pair.remote_parent_id = there.parent_id;
  pair.version = there.version;
  pair.memo = there.memo;
  pair.url = there.url;
  return pair;
}

/// What is agreed of an occurrence that is like the others of its series; nothing is sent of one
/// that cannot be said.
core::Agreement Execution::as_in_series(const Snapshot& snapshot, const Pair& occurrence,
                                        const Pair& series, const core::Task& task) const {
  const auto plain = snapshot.fields_of(
      occurrence, core::without_override(task, core::slot_of(occurrence.key)), options_);
  if (!plain || plain->empty()) return {};
  core::JsonText now = or_none(snapshot.fields_of(series, task, options_));
  if (now.empty()) now = series.fields;  // it shall not be there any more
  return core::agreed_in({series.fields, series.seen}, now, *plain);
}

/// News that make a pair of a wanted item and something at the service.
Receive Execution::linked(const Snapshot& snapshot, const core::WantedItem& item,
                          const core::Sighting& there, core::Agreement before,
                          const core::MergeRules& rules) const {
  Receive link;
  link.key = item.key;
  link.title = item.title;
  link.base = pair_with(there);
  link.base.key = item.key;
  link.base.kind = item.kind;
  link.base.parent_key = item.parent_key;
  // (A creation that is in doubt may have made it.)
  if (const Pair* old = snapshot.pair(item.key)) link.base.generation = old->generation + 1;
  link.input = {std::move(before.sent), std::move(before.seen), item.fields,
                there.fields,           item.edited_ms,         there.edited_ms};
  link.merged = core::merge(link.input, rules);
  link.kind = link.merged.take == "{}" ? ReceiveKind::agree : ReceiveKind::change;
  return link;
}

/// Occurrences that were changed there and that we never wrote.
std::vector<Receive> Execution::occurrences_changed_there(const Snapshot& snapshot) const {
  std::vector<Receive> links;
  for (const auto& [key, sighting] : snapshot.sightings) {
    if (core::slot_of(key).empty()) continue;
    const Pair* known = snapshot.pair(key);
    if (known != nullptr && known->state != PairState::tombstone) continue;
    auto link = occurrence_changed_there(snapshot, key, sighting);
    if (link) links.push_back(*std::move(link));
  }
  return links;
}

/// If the series was removed here, that brings it back; if it, or this occurrence of it, shall not
/// be there any more, what somebody made of it there is told, and goes.
std::optional<Receive> Execution::occurrence_changed_there(const Snapshot& snapshot,
                                                           const std::string& key,
                                                           const core::Sighting& sighting) const {
  const Pair* series = snapshot.pair("task:" + core::task_id_of(key));
  const core::Task* task = snapshot.task_of(key);
  if (task == nullptr || series == nullptr) return {};
  const auto fields = snapshot.fields_of(*series, *task, options_);
  if (!fields) return {};  // what it shall be is not known: it waits for a mapping that works
  const bool leaves = fields->empty();
  const bool lost = leaves || !happens_at(snapshot, *task, core::slot_of(key), options_);
  if (lost && sighting.fields == core::kCancelledOccurrence) {  // nor does it happen there
    return Receive{ReceiveKind::ignore, key, task->title, pair_with(sighting), {}, {}};
  }
  Pair occurrence = pair_with(sighting);
  occurrence.key = key;
  occurrence.kind = series->kind;
  core::Task on = *task;  // called off, it does not say how it was
  if (leaves && on.status == core::TaskStatus::cancelled) on.status = core::TaskStatus::todo;
  core::Agreement agreed = as_in_series(snapshot, occurrence, *series, on);
  auto occurs = snapshot.fields_of(occurrence, on, options_);
  if (!occurs) return {};
  core::WantedItem item{key, series->kind, series->key, {}, task->title, *std::move(occurs)};
  item.edited_ms = task->updated_ms;
  if (agreed.sent.empty() || item.fields.empty()) {
    if (!lost) return {};
    agreed = {series->fields, series->seen};
    item.fields = series->fields;
  }
  Receive link =
      linked(snapshot, item, sighting, std::move(agreed), merge_rules(snapshot, series->kind));
  if (lost) {
    link.kind = ReceiveKind::agree;
    link.merged = core::refused(link.input);
  } else if (task->deleted_ms) {
    link.kind = ReceiveKind::restore;
  }
  return link;
}

/// Whether it is a living task's own item, of which the pair is missing, or another connection's.
bool Execution::stands_for_task(const core::Sighting& stranger, const std::string& account_id,
                                const std::set<std::string>& paired) const {
  if (stranger.key.empty() || paired.contains(stranger.key)) return false;
  auto task = ports_.store.plans().find_task(core::task_id_of(stranger.key));
  return task && !task->deleted_ms && task->account_id == account_id;
}

/// What people made there becomes appointments here. Answers whether anything did.
Result<bool> Execution::let_appear(const Link& link) {
  auto stored = ports_.store.sightings().of_connection(run_.connection_id);
  if (!stored) return std::move(stored).error();
  if (stored->empty() || !link.pulls()) return false;
  auto pairs = ports_.store.pairs().of_connection(run_.connection_id);
  if (!pairs) return std::move(pairs).error();
  const auto kinds = link.mapping->kinds();
  std::vector<core::Sighting> strangers = strangers_of(*std::move(stored), *pairs);
  auto intents = ports_.store.journal().open_intents(run_.connection_id);
  if (!intents) return std::move(intents).error();
  const std::set<std::string> paired = living_keys(*pairs);
  std::set<std::string> doubted;
  for (const core::Intent& intent : *intents) {
    // One of them may be ours, and nothing tells which.
    if (!harmless(intent, link.connector->manifest())) return false;
    doubted.insert(intent.key);
  }
  std::erase_if(strangers, [&](const core::Sighting& each) {
    auto kind = kinds.find(each.kind);
    if (kind == kinds.end() || !kind->second.adopts) return true;
    return doubted.contains(each.key) || stands_for_task(each, link.account.id, paired);
  });
  if (strangers.empty()) return false;
  auto calendar = ports_.store.plans().find_external(link.account.id, core::kBuiltInPlan);
  if (!calendar) return std::move(calendar).error();
  if (core::left_out(link.connection, calendar->id)) return false;  // they wait until it is not
  auto loaded = load_snapshot(ports_, options_, run_.connection_id, calendar->id, mapping_);
  if (!loaded) return std::move(loaded).error();
  plan_id_ = calendar->id;
  const std::int64_t before = progress();
  std::int64_t position = loaded->tasks.empty() ? 0 : loaded->tasks.back().position;
  for (std::size_t begin = 0; begin < strangers.size() && !stopped(); begin += kMostAtOnce) {
    const std::size_t end = std::min(strangers.size(), begin + kMostAtOnce);
    std::vector<Appearance> appearances;
    for (std::size_t i = begin; i < end; ++i) {
      appearances.push_back(appearance(*loaded, strangers[i], position += kPositionStep));
    }
    const auto with = [&](ports::Changes& changes, core::Run& run) {
      for (const Appearance& each : appearances) {
        changes.push_back(ports::EraseSighting{run.connection_id, each.pair.remote_id});
        changes.push_back(ports::put(each.item));
        if (!each.task) continue;
        changes.push_back(ports::put(*each.task));
        changes.push_back(ports::put(each.pair));
        ++run.counts.received;
      }
    };
    if (Status same = check_place(); !same) return std::move(same).error();
    const std::int64_t known = progress();
    if (Status saved = save_run(with); !saved) return std::move(saved).error();
    ports_.failpoint("received");
    if (progress() > known) received_(plan_id_);
  }
  return progress() > before;
}

/// A stranger as an appointment of the account's calendar plan.
Execution::Appearance Execution::appearance(const Snapshot& calendar,
                                            const core::Sighting& stranger, std::int64_t position) {
  core::Task blank;
  blank.id = new_id(core::kTaskPrefix);
  blank.account_id = calendar.account.id;
  blank.plan_id = calendar.plan.id;
  blank.kind = core::TaskKind::appointment;
  blank.position = position;
  blank.created_ms = blank.updated_ms = ports_.clock.now_ms();
  Appearance appearance;
  Pair& pair = appearance.pair = pair_with(stranger);
  pair.key = "task:" + blank.id;
  pair.kind = stranger.kind;
  pair.appeared = true;
  pair.synced_ms = blank.created_ms;
  core::RunItem& item = appearance.item;
  item.run_id = run_.id;
  item.key = pair.key;
  item.kind = stranger.kind;
  item.action = "appear";
  item.url = stranger.url;
  item.cause = stranger.cause;
  item.task_rev = 1;
  item.plan_rev = calendar.plan.rev;
  item.at_ms = blank.created_ms;

  const ports::MappingInput input = calendar.mapping_input(options_);
  const auto refuse = [&](std::string why) {
    item.result = "parked";
    item.code = code_name(Code::invalid);
    item.message = "what was made outside cannot become an appointment: " + std::move(why);
    return appearance;
  };
  auto change = calendar.mapping->task_change(stranger.kind, stranger.fields, blank, input);
  if (!change) return refuse(change.error().message);
  Json patch = Json::parse(change->patch, nullptr, false);
  if (!change->dropped.empty()) {
    item.message =
        fmt::format("not taken over, the app cannot say it: {}", fmt::join(change->dropped, ", "));
  }
  if (!may_progress(calendar)) patch.erase("status");
  if (!patch.contains("title") || patch["title"] == "") patch["title"] = kUntitled;
  auto read = core::apply_patch(blank, patch);
  if (!read) return refuse(read.problems.front().detail);
  const Status settled = core::settle_series(blank, *read.value, zone_of(calendar, options_));
  if (!settled) return refuse(settled.error().message);
  auto fields = calendar.mapping->item_fields(stranger.kind, *read.value, input);
  if (fields && fields->empty()) return refuse("it would not be shown there any more");
  appearance.task = std::move(read.value);
  item.title = appearance.task->title;
  item.result = "done";
  agree(pair, fields ? *fields : stranger.fields, stranger.fields);
  return appearance;
}

}  // namespace mortise::sync
