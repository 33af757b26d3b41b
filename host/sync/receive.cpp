// What the service's news mean here: tasks change, come back, are removed softly or appear; each
// together with its pair, in one commit. No I/O.
#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "core/ids.hpp"
#include "core/item_key.hpp"
#include "core/names.hpp"
#include "core/occurrence.hpp"
#include "core/patch.hpp"
#include "core/record_json.hpp"
#include "core/recurrence.hpp"
#include "core/zones.hpp"
#include "sync/execution.hpp"

namespace mortise::sync {
namespace {

using core::Json;
using core::Pair;
using core::PairState;
using core::Receive;
using core::ReceiveKind;

/// So many changes a commit: a first sync of thousands must not hold the store's writer.
constexpr std::size_t kMostAtOnce = 100;

std::string_view word(ReceiveKind kind) {
  switch (kind) {
    case ReceiveKind::change:
      return "receive";
    case ReceiveKind::restore:
      return "restore";
    case ReceiveKind::take_away:
      return "take_away";
    case ReceiveKind::agree:
    case ReceiveKind::ignore:
      break;
  }
  return "conflict";
}

}  // namespace

/// One piece of news under way.
struct Execution::Reception {
  const Snapshot& snapshot;
  const Receive& news;
  bool reset = false;                        ///< single occurrences of it may be forgotten there
  const core::Sighting* sighting = nullptr;  ///< null: nobody saw it, it was linked
  Json patch = Json::object();               ///< what changes of the task
  std::vector<std::string> taken = {};       ///< item fields that it takes over
  std::string remark = {};                   ///< for the run's line
  std::vector<core::FieldConflict> conflicts = {};
  std::string policy = {};
  std::optional<core::Task> before = {}, after = {};
};

/// How an edit outside comes back.
struct Execution::WayBack {
  Json patch = Json::object();            ///< of the task
  std::vector<std::string> taken = {};    ///< item fields that it takes over
  std::vector<std::string> dropped = {};  ///< and that it does not
  std::optional<core::Task> after = {};   ///< none: nothing of the task changes
  std::optional<core::Task> ticked = {};  ///< with the status that does not count in this tier
};

/// Whether status changes made outside count as progress: the tier's policy says.
bool Execution::may_progress(const Link& link) {
  if (!may_progress_) {
    const ports::Ask ask{"outside_progress", link.account.id, link.account.tier,
                         std::string(core::name_of(run_.trigger)), link.connection.connector};
    ports::Used used;
    const std::string zone = core::zone_of(link.account, options_.host_zone);
    if (const auto month = core::month_of(ports_.clock.now_ms(), zone)) {
      const auto usage = ports_.store.usages().find(link.account.id, *month);
      if (usage) used.exports_this_month = usage->exports();
    }
    may_progress_ = ports_.gate.decide(ask, used).allow;
  }
  return *may_progress_;
}

/// Item fields that stay here as they are, although they were changed outside.
void Execution::keep_ours(Reception& reception, const std::vector<std::string>& names) const {
  const Json taken = parsed(reception.news.merged.take);
  const Json here = parsed(reception.news.input.here);
  for (const std::string& name : names) {
    auto known = std::find_if(reception.conflicts.begin(), reception.conflicts.end(),
                              [&](const auto& each) { return each.field == name; });
    if (known != reception.conflicts.end()) {
      known->kept = core::Kept::here;
      continue;
    }
    const Json ours = here.contains(name) ? here[name] : Json();
    const Json there = taken.contains(name) ? taken[name] : Json();
    reception.conflicts.push_back({name, "null", ours.dump(), there.dump(), core::Kept::here});
  }
}

/// The fields of the item that say the status stay there as they are: nobody fights about a tick.
void Execution::forget_ticked(Reception& reception, const core::Task& ticked) const {
  const auto fields_of = [&](const core::Task& task) {
    return or_none(reception.snapshot.mapping->item_fields(
        reception.news.base.kind, task, reception.snapshot.mapping_input(options_)));
  };
  for (const std::string& name :
       core::changed_fields(fields_of(ticked), fields_of(*reception.after))) {
    auto& taken = reception.taken;
    taken.erase(std::remove(taken.begin(), taken.end(), name), taken.end());
    for (core::FieldConflict& each : reception.conflicts) {
      if (each.field == name) each.kept = core::Kept::here;
    }
  }
}

/// What item fields that were changed outside change of the task, if it can be so.
Result<Execution::WayBack> Execution::way_back(const Snapshot& snapshot, const std::string& kind,
                                               const Json& take, const core::Task& task) {
  auto change =
      snapshot.mapping->task_change(kind, take.dump(), task, snapshot.mapping_input(options_));
  if (!change) return std::move(change).error();
  WayBack way;
  way.patch = core::replacing(parsed(change->patch), core::to_json(task));
  way.taken = std::move(change->taken);
  way.dropped = std::move(change->dropped);
  if (!way.dropped.empty() && way.patch.empty()) return way;
  if (way.patch.contains("status") && !may_progress(snapshot)) {
    way.ticked = std::move(core::apply_patch(task, way.patch).value);
    way.patch.erase("status");
  }
  auto changed = core::apply_patch(task, way.patch);
  if (!changed) return Error{Code::invalid, changed.problems.front().detail};
  // A series that was moved outside leaves edited occurrences behind that no longer happen.
  Status kept = core::settle_series(task, *changed.value, zone_of(snapshot, options_));
  if (!kept) return std::move(kept).error();
  way.after = std::move(changed.value);
  return way;
}

/// One field that cannot be brought back must not keep the others from it: it is left out, with
/// those that are decided with it.
Result<Execution::WayBack> Execution::way_back_of_rest(const Snapshot& snapshot,
                                                       const std::string& kind, const Json& take,
                                                       const core::Task& task,
                                                       const Error& trouble) {
  const auto together = merge_rules(snapshot, kind).together;
  Json rest = take;
  std::vector<std::string> left_out;
  for (const auto& [name, ignored] : take.items()) {
    Json unit = {{name, take[name]}};
    for (const std::vector<std::string>& group : together) {
      if (std::find(group.begin(), group.end(), name) == group.end()) continue;
      for (const std::string& each : group) {
        if (take.contains(each)) unit[each] = take[each];
      }
    }
    if (way_back(snapshot, kind, unit, task)) continue;
    rest.erase(name);
    left_out.push_back(name);
  }
  if (left_out.empty() || rest.empty()) return trouble;
  auto way = way_back(snapshot, kind, rest, task);
  if (way) way->dropped.insert(way->dropped.end(), left_out.begin(), left_out.end());
  return way;
}

/// The way back through the mapping. What it cannot say stays as it is here, and is told.
void Execution::bring_back(Reception& reception, const core::Task& task) {
  const Receive& news = reception.news;
  if (news.merged.take == "{}") return;
  const Json take = parsed(news.merged.take);
  auto way = way_back(reception.snapshot, news.base.kind, take, task);
  if (!way) {
    way = way_back_of_rest(reception.snapshot, news.base.kind, take, task, way.error());
  }
  if (!way) return cannot_take_over(reception, way.error().message);
  if (!way->dropped.empty() && !is_unread(reception.snapshot, news.base)) {
    if (reception.conflicts.empty()) reception.policy = "unmappable";
    keep_ours(reception, way->dropped);
    reception.remark =
        fmt::format("not taken over, the app cannot say it: {}", fmt::join(way->dropped, ", "));
  }
  if (!way->after) return;
  if (way->ticked) {
    reception.remark = "a status change outside does not count as progress in this tier";
  }
  reception.patch = std::move(way->patch);
  reception.after = std::move(way->after);
  reception.taken = std::move(way->taken);
  if (way->ticked) forget_ticked(reception, *way->ticked);
}

/// The task stays as it is, and that is told.
void Execution::cannot_take_over(Reception& reception, const std::string& trouble) const {
  reception.patch = Json::object();
  reception.taken.clear();
  reception.after.reset();
  reception.policy = "unmappable";
  reception.remark = "the change made outside cannot be taken over: " + trouble;
  std::vector<std::string> names;
  const Json taken = parsed(reception.news.merged.take);
  for (const auto& [name, ignored] : taken.items()) names.push_back(name);
  keep_ours(reception, names);
}

/// A task as it was when the news were merged with it, so that a commit notices a later save.
Result<core::Task> Execution::task_of(const Snapshot& snapshot, const std::string& key) const {
  if (const core::Task* known = snapshot.task_of(key)) return *known;
  return ports_.store.plans().find_task(core::task_id_of(key));
}

/// The task that the news are about, as it is and as it becomes.
Status Execution::change_task(Reception& reception) {
  const Receive& news = reception.news;
  auto stored = task_of(reception.snapshot, news.key);
  if (!stored) return std::move(stored).error();
  core::Task task = std::move(stored).value();
  const std::string slot = core::slot_of(news.key);
  if (news.kind == ReceiveKind::take_away) {
    reception.before = task;
    task.deleted_ms = ports_.clock.now_ms();
    reception.after = std::move(task);
    return {};
  }
  if (news.kind == ReceiveKind::restore) {
    reception.before = task;
    task.deleted_ms.reset();
  }
  if (slot.empty()) {
    bring_back(reception, task);
  } else if (Status changed = change_occurrence(reception, task, slot); !changed) {
    if (changed.error().code != Code::invalid) return changed;
    cannot_take_over(reception, changed.error().message);
  }
  if (reception.after) {
    reception.before = std::move(reception.before).value_or(task);
    reception.after->updated_ms = ports_.clock.now_ms();
  } else if (reception.before) {
    task.updated_ms = ports_.clock.now_ms();
    reception.after = std::move(task);
  }
  return {};
}

/// One occurrence of a series; cancelled ones say nothing but that.
Status Execution::change_occurrence(Reception& reception, const core::Task& series,
                                    const std::string& slot) {
  if (parsed(reception.news.merged.take).value("status", Json()) == "cancelled") {
    auto cancelled = core::cancel_occurrence(series, slot);
    if (!cancelled) return std::move(cancelled).error();
    reception.after = *std::move(cancelled);
    return {};
  }
  auto occurrence = core::occurrence_task(series, slot);
  if (!occurrence) return std::move(occurrence).error();
  const bool revived = occurrence->status == core::TaskStatus::cancelled;
  if (revived) occurrence->status = series.status;
  bring_back(reception, *occurrence);
  if (!reception.after) return {};
  if (revived && !reception.patch.contains("status")) {
    reception.patch["status"] = core::name_of(series.status);
  }
  auto edited = core::edit_occurrence(series, slot, reception.patch);
  if (edited) {
    reception.after = std::move(edited.value);
    return {};
  }
  return Error{Code::invalid, "the occurrence cannot differ in what was changed outside"};
}

/// The pair as both sides agree on it now.
Pair Execution::agreed_pair(const Reception& reception) const {
  const Receive& news = reception.news;
  core::JsonText mapped = news.input.here;
  if (reception.after) {
    mapped = or_none(reception.snapshot.fields_of(news.base, *reception.after, options_));
    if (mapped.empty()) mapped = news.input.there;
  }
  Pair pair = news.base;
  // When the occurrences are must be the same on both sides.
  const ports::Kind* kind = reception.snapshot.connector->manifest().kind(pair.kind);
  const auto following = kind == nullptr ? std::vector<std::string>() : kind->resets_occurrences;
  agree(pair, core::agreed_after(news.input, news.merged, mapped, reception.taken, following),
        news.input.there);
  pair.state = PairState::paired;
  pair.synced_ms = ports_.clock.now_ms();
  if (const core::Sighting* seen = reception.sighting) {
    if (seen->state == core::ItemState::present) pair.remote_id = seen->remote_id;
    if (!seen->version.empty()) pair.version = seen->version;
    if (!seen->memo.empty()) pair.memo = seen->memo;
    if (!seen->url.empty()) pair.url = seen->url;
    if (!seen->parent_id.empty()) pair.remote_parent_id = seen->parent_id;
  }
  return pair;
}

void Execution::record_conflict(const Reception& reception, ports::Changes& changes) {
  const std::string task_id = core::task_id_of(reception.news.key);
  if (reception.conflicts.empty() || task_id.empty()) return;
  core::Conflict conflict = conflict_about(
      reception.news.key, reception.after ? reception.after->title : reception.news.title,
      reception.policy, reception.conflicts);
  auto now = reception.after ? Result<core::Task>(*reception.after)
                             : ports_.store.plans().find_task(task_id);
  const Dispute dispute{reception.snapshot,  reception.news,
                        reception.conflicts, reception.policy == "unmappable",
                        reception.patch,     reception.before};
  conflict.undo = now ? undo_of(dispute, *now).dump() : "{}";
  changes.push_back(ports::put(std::move(conflict)));
}

core::RunItem Execution::received_item(const Reception& reception) const {
  core::RunItem item;
  item.run_id = run_.id;
  item.key = reception.news.key;
  item.kind = reception.news.base.kind;
  item.title = reception.after ? reception.after->title : reception.news.title;
  item.action = reception.sighting == nullptr ? "link" : word(reception.news.kind);
  const bool parked = reception.policy == "unmappable" && reception.patch.empty();
  item.result = parked ? "parked" : "done";
  item.message = reception.remark;
  item.url = reception.sighting == nullptr ? reception.news.base.url : reception.sighting->url;
  item.cause = reception.sighting == nullptr ? cause_ : reception.sighting->cause;
  item.task_rev = reception.after ? reception.after->rev + 1 : 0;
  item.plan_rev = reception.snapshot.plan.rev;
  item.at_ms = ports_.clock.now_ms();
  return item;
}

Status keep_here(const Ports& ports, const Options& options, const std::string& connection_id,
                 const std::string& plan_id) {
  auto snapshot = load_snapshot(ports, options, connection_id, plan_id, nullptr);
  if (!snapshot) return std::move(snapshot).error();
  const core::Contents contents(snapshot->pairs);
  ports::Changes changes;
  for (const auto& [key, sighting] : snapshot->sightings) {
    const bool lost =
        sighting.state == core::ItemState::deleted || sighting.state == core::ItemState::absent;
    if (!lost) continue;
    changes.push_back(ports::EraseSighting{connection_id, sighting.remote_id});
    if (const Pair* pair = snapshot->pair(key);
        pair != nullptr && pair->state != PairState::tombstone) {
      changes.push_back(ports::put(tombstone(*pair, ports.clock.now_ms())));
    }
    for (const Pair* pair : contents.of(key)) {  // a container takes along what stands in it
      changes.push_back(ports::put(tombstone(*pair, ports.clock.now_ms())));
    }
  }
  return changes.empty() ? Status() : ports.store.commit(std::move(changes));
}

/// Whether somebody saved the task meanwhile: then the news are merged with that, in the next
/// round.
bool Execution::overtaken(const Reception& reception) const {
  if (!reception.after) return false;
  auto now = ports_.store.plans().find_task(reception.after->id);
  return now && now->rev != reception.after->rev;
}

Status Execution::receive(const Snapshot& snapshot, const std::vector<Receive>& news) {
  const std::string policy(core::name_of(merge_policy(snapshot)));
  const std::set<std::string> reset = reset_there(snapshot, news);
  for (std::size_t begin = 0; begin < news.size() && !stopped(); begin += kMostAtOnce) {
    std::vector<Reception> receptions;
    std::set<std::string> touched;  // a task once a commit: its revision moves with it
    for (std::size_t i = begin; i < std::min(news.size(), begin + kMostAtOnce); ++i) {
      const std::string id = core::task_id_of(news[i].key);
      const bool after_series = !core::slot_of(news[i].key).empty() && reset.contains("task:" + id);
      if (after_series || (news[i].kind != ReceiveKind::ignore && touched.contains(id))) {
        continue;  // the next round
      }
      const bool edits = news[i].kind != ReceiveKind::agree && news[i].kind != ReceiveKind::ignore;
      if (edits && !id.empty()) touched.insert(id);
      Reception reception{snapshot, news[i], reset.contains(news[i].key)};
      reception.policy = policy;
      reception.conflicts = news[i].merged.conflicts;
      auto sighting = snapshot.sightings.find(news[i].key);
      if (sighting != snapshot.sightings.end()) reception.sighting = &sighting->second;
      if (edits) {
        Status changed = change_task(reception);
        if (!changed) return changed;
      }
      if (const std::string& trouble = news[i].merged.unresolved;
          !trouble.empty() && reception.remark.empty()) {
        reception.remark = "the policy decided, for the script could not: " + trouble;
      }
      receptions.push_back(std::move(reception));
    }
    const auto with = [&](ports::Changes& changes, core::Run& run) {
      for (const Reception& each : receptions) {
        if (!overtaken(each)) commit_reception(each, changes, run);
      }
    };
    if (Status same = check_place(); !same) return same;
    const std::int64_t before = progress();
    Status saved = save_run(with);
    if (!saved && saved.error().reason == "external_id_taken") {
      // The app gave its id to another task meanwhile: that one keeps it.
      for (Reception& each : receptions) {
        if (each.news.kind == ReceiveKind::restore && each.after) each.after->external_id.clear();
      }
      saved = save_run(with);
    }
    if (!saved) return saved;
    ports_.failpoint("received");
    std::set<std::string> changed;
    if (progress() > before) changed.insert(plan_id_);
    for (const Reception& each : receptions) {
      auto appeared = appeared_.find(each.news.base.remote_id);
      if (appeared != appeared_.end()) changed.insert(appeared->second.plan_id);
    }
    for (const std::string& plan : changed) received_(plan);
  }
  return {};
}

/// Occurrences that a change of the series outside has dropped are gone there already. What was
/// edited of them here, and not told there yet, is told.
void Execution::drop_occurrences(const Reception& reception, ports::Changes& changes,
                                 core::Run& run) {
  if (!reception.before || !reception.after) return;
  const core::Task& before = *reception.before;
  for (const core::Override& each : before.overrides) {
    if (core::find_override(*reception.after, each.slot) != nullptr) continue;
    Pair occurrence = reception.news.base;
    occurrence.key = reception.news.key + "/" + each.slot;
    const core::JsonText plain = or_none(reception.snapshot.fields_of(
        occurrence, core::without_override(before, each.slot), options_));
    occurrence.fields = plain;
    const Pair* pair = reception.snapshot.pair(occurrence.key);
    if (pair != nullptr && pair->state != PairState::tombstone) {
      occurrence = *pair;
      bury(*pair, ports_.clock.now_ms(), changes);
    }
    if (each.cancelled) continue;
    const core::JsonText here = or_none(reception.snapshot.fields_of(occurrence, before, options_));
    auto untold = core::dropped_edit(occurrence.fields, occurrence.fields, here, core::Kept::there);
    const auto own = core::changed_fields(plain, here);  // what the series says stays with it
    std::erase_if(untold, [&](const core::FieldConflict& field) {
      return std::find(own.begin(), own.end(), field.field) == own.end();
    });
    if (untold.empty()) continue;
    ++run.counts.conflicts;
    core::Conflict conflict =
        conflict_about(occurrence.key, before.title, reception.policy, untold);
    conflict.undo = "{}";  // the series does not happen then any more
    changes.push_back(ports::put(std::move(conflict)));
  }
}

void Execution::commit_reception(const Reception& reception, ports::Changes& changes,
                                 core::Run& run) {
  const Receive& news = reception.news;
  if (news.kind == ReceiveKind::ignore) {
    changes.push_back(ports::EraseSighting{run.connection_id, news.base.remote_id});
    return;
  }
  if (reception.after) {
    changes.push_back(ports::put(*reception.after));
    ++run.counts.received;
  }
  const Pair* known = reception.snapshot.pair(news.key);
  const bool other = known != nullptr && known->remote_id != news.base.remote_id;
  if (news.kind == ReceiveKind::take_away || other) {  // its occurrences went along
    for (const Pair& pair : reception.snapshot.pairs) {
      if (pair.parent_key != news.key || pair.state == PairState::tombstone) continue;
      bury(pair, ports_.clock.now_ms(), changes);
    }
  }
  if (news.kind == ReceiveKind::take_away) {
    changes.push_back(ports::put(tombstone(news.base, gone_ms())));
  } else {
    const Pair agreed = agreed_pair(reception);
    if (reception.reset) {
      const auto task = reception.after ? Result<core::Task>(*reception.after)
                                        : task_of(reception.snapshot, news.key);
      agree_on_reset(reception.snapshot, agreed, task, changes);
    }
    changes.push_back(ports::put(agreed));
  }
  changes.push_back(ports::EraseSighting{run.connection_id, sighting_id(news.base)});
  drop_occurrences(reception, changes, run);
  if (auto appeared = appeared_.find(news.base.remote_id); appeared != appeared_.end()) {
    take_over(appeared->second, changes);
  }
  if (reception.sighting != nullptr) {
    changes.push_back(ports::EraseSighting{run.connection_id, reception.sighting->remote_id});
  }
  if (!reception.conflicts.empty()) ++run.counts.conflicts;
  record_conflict(reception, changes);
  const bool linked = reception.sighting == nullptr;
  if (linked || news.kind != ReceiveKind::agree || !reception.conflicts.empty()) {
    changes.push_back(ports::put(received_item(reception)));
  }
}

}  // namespace mortise::sync
