// Ids that the service did not say at creation, and versions that somebody else moved: read when
// first needed, one listing per container.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "sync/execution.hpp"
#include "sync/scene.hpp"

namespace mortise::sync {
namespace {

using core::Pair;
using core::PairState;

Pair* find_pair(Snapshot& snapshot, const std::string& key) {
  auto found = std::find_if(snapshot.pairs.begin(), snapshot.pairs.end(),
                            [&](const Pair& each) { return each.key == key; });
  return found == snapshot.pairs.end() ? nullptr : &*found;
}

bool unknown(const Pair* pair) {
  return pair != nullptr && pair->state == PairState::id_unknown;
}

/// The containers that must be listed before these changes can be said, in order of need. What is
/// made behind something that was not found there needs no id of it.
std::vector<std::string> containers_to_read(const Snapshot& snapshot,
                                            const core::ChangeList& changes,
                                            const std::set<std::string>& lost) {
  std::vector<std::string> containers;
  std::unordered_set<std::string> seen;
  const auto need = [&](const std::string& parent_key) {
    if (seen.insert(parent_key).second) containers.push_back(parent_key);
  };
  std::map<std::string_view, const Pair*> pairs;
  for (const Pair& pair : snapshot.pairs) {
    if (pair.state == PairState::id_unknown) pairs.emplace(pair.key, &pair);
  }
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::create) pairs.erase(action.key);  // the old one's id
  }
  const auto unknown_pair = [&](const std::string& key) {
    auto found = pairs.find(key);
    return found == pairs.end() ? nullptr : found->second;
  };
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::update || action.kind == core::ActionKind::remove) {
      if (const Pair* pair = unknown_pair(action.key)) need(pair->parent_key);
      continue;
    }
    if (action.kind != core::ActionKind::create) continue;
    if (const Pair* parent = unknown_pair(action.parent_key)) need(parent->parent_key);
    const Pair* sibling = unknown_pair(action.after_key);
    if (sibling != nullptr && !lost.contains(action.after_key)) need(sibling->parent_key);
  }
  return containers;
}

/// What goes of a container that stays: what was to leave with it, and what moves out of it.
void remove_one_by_one(const Scene& scene, const std::string& container,
                       core::ChangeList& changes) {
  std::vector<core::Action> moved_out;
  for (core::Action& action : changes.actions) {
    const Pair* pair = scene.by_key(action.key);
    if (pair == nullptr || pair->remote_id.empty() || scene.container_of(*pair) != container) {
      continue;
    }
    if (action.kind == core::ActionKind::create && action.base) {
      moved_out.push_back(core::removal(*pair));
    } else if (action.kind == core::ActionKind::forget) {
      action.base = *pair;
      action.kind = core::ActionKind::remove;
    }
  }
  std::move(moved_out.begin(), moved_out.end(), std::back_inserter(changes.actions));
}

}  // namespace

/// Where nothing is written, what was removed on both sides is forgotten all the same: restored
/// here, it is no loss there. So is that something was seen which stays there, and says nothing
/// new.
Status Execution::forget_lost(const Snapshot& snapshot, const core::ChangeList& changes) {
  ports::Changes commit;
  for (const core::Action& action : changes.actions) {
    const auto seen = snapshot.sightings.find(action.key);
    if (seen == snapshot.sightings.end()) continue;
    const core::Sighting& sighting = seen->second;
    const bool lost =
        sighting.state == core::ItemState::deleted || sighting.state == core::ItemState::absent;
    if (action.kind == core::ActionKind::forget && lost) {
      bury(*action.base, ports_.clock.now_ms(), commit);
    } else if (action.kind == core::ActionKind::remove &&
               core::content_hash(sighting.fields) == action.base->seen_hash) {
      commit.push_back(ports::EraseSighting{sighting.connection_id, sighting.remote_id});
    }
  }
  return commit.empty() ? Status() : ports_.store.commit(std::move(commit));
}

/// Answers whether there was anything to learn.
Task<Result<bool>> Execution::resolve_ids(Snapshot& snapshot, const core::ChangeList& changes) {
  const std::vector<std::string> containers = containers_to_read(snapshot, changes, lost_);
  for (const std::string& parent_key : containers) {
    Task<Status> resolving = resolve_children(snapshot, parent_key);
    Status status = co_await resolving;
    if (!status) co_return Result<bool>(status.error());
  }
  co_return Result<bool>(!containers.empty());
}

/// Whether something shall be written of which nobody knows what it is by now: it is read first. So
/// is what was not found once, before a run that has not looked makes it anew: it may be back.
bool Execution::find_unread(const Snapshot& snapshot, const core::ChangeList& changes) {
  const bool looked = pulled_ && !narrow_ && snapshot.pulls();
  for (const core::Action& action : changes.actions) {
    if (!action.base || action.base->state != PairState::paired) continue;
    const bool unread =
        action.kind == core::ActionKind::update && is_unread(snapshot, *action.base);
    const auto sighting = snapshot.sightings.find(action.key);
    const bool was_gone =
        sighting != snapshot.sightings.end() && sighting->second.state != core::ItemState::present;
    const bool made_anew =
        action.kind == core::ActionKind::create && was_gone && !lost_.contains(action.key);
    if ((unread || (made_anew && !looked)) && read_.insert(action.key).second) {
      stale_.insert(action.key);
    }
  }
  return !stale_.empty();
}

/// Whether something stands in a container, or in one of ours in it, that does not go with it: we
/// did not make it, or somebody put it there. The pairs of what stands directly in it get their
/// ids, and what people made of ours there is seen.
Task<Result<bool>> Execution::is_shared(const Snapshot& snapshot, Scene& scene,
                                        const std::set<std::string>& leaving, Pair container,
                                        std::unordered_set<std::string>& visited) {
  if (!visited.insert(container.remote_id).second) co_return Result<bool>(false);
  Task<Result<Report>> listing = list_all_in(snapshot, container.remote_id, container.kind);
  Result<Report> report = co_await listing;
  if (!report && report.error().code == Code::not_found) co_return Result<bool>(false);
  if (!report) co_return Result<bool>(report.error());
  scene.name_children(container.key, container.remote_id, report->items);
  std::vector<Pair> inner;
  for (const ports::Item& item : report->items) {
    if (item.state != core::ItemState::present) continue;
    const Pair* pair = scene.by_id(item.id);
    if (pair == nullptr || !leaving.contains(pair->key)) co_return Result<bool>(true);
    scene.note(item);
    const ports::Kind* kind = snapshot.connector->manifest().kind(item.kind);
    if (kind != nullptr && kind->container) inner.push_back(*pair);
  }
  for (const Pair& each : inner) {
    Task<Result<bool>> asking = is_shared(snapshot, scene, leaving, each, visited);
    Result<bool> shared = co_await asking;
    if (!shared || *shared) co_return shared;
  }
  co_return Result<bool>(false);
}

/// A container that holds what does not go with it is not removed: what goes, goes one by one.
/// Answers whether people were seen to have edited what would go with one: that counts first.
Task<Result<bool>> Execution::spare_containers(Snapshot& snapshot, core::ChangeList& changes) {
  std::set<std::string> asked, leaving;
  for (const core::Action& action : changes.actions) {
    if (action.kind != core::ActionKind::update && action.base) leaving.insert(action.key);
  }
  for (std::size_t i = 0; i < changes.actions.size(); ++i) {
    core::Action& action = changes.actions[i];
    const ports::Kind* kind = snapshot.connector->manifest().kind(action.item_kind);
    const bool container = kind != nullptr && kind->container;
    if (action.kind != core::ActionKind::remove || !container || action.base->remote_id.empty() ||
        !asked.insert(action.key).second) {
      continue;
    }
    Scene scene = scene_of(snapshot);
    std::unordered_set<std::string> visited;
    Task<Result<bool>> asking = is_shared(snapshot, scene, leaving, *action.base, visited);
    Result<bool> shared = co_await asking;
    if (!shared) co_return Result<bool>(shared.error());
    // (Who removed the whole plan has said what becomes of it there.)
    if (scene.news() && !snapshot.plan.deleted_ms && read_.insert(action.key).second) {
      Status seen = ports_.store.commit(scene.take_changes());
      if (!seen) co_return Result<bool>(seen.error());
      co_return Result<bool>(true);
    }
    if (!*shared) continue;
    action.kind = core::ActionKind::forget;
    remove_one_by_one(scene, std::string(action.key), changes);
    i = static_cast<std::size_t>(-1);  // what was spared may hold further containers
  }
  // One that is made anew elsewhere is known until it is.
  std::set<std::string> made_anew;
  for (const core::Action& action : changes.actions) {
    if (action.kind == core::ActionKind::create) made_anew.insert(action.key);
  }
  std::erase_if(changes.actions, [&](const core::Action& action) {
    return action.kind == core::ActionKind::forget && made_anew.contains(action.key);
  });
  co_return Result<bool>(false);
}

Task<Status> Execution::resolve_children(Snapshot& snapshot, std::string parent_key) {
  std::string container_id = snapshot.connection.target.id;
  std::string container_kind = snapshot.connection.target.kind;
  if (!parent_key.empty()) {
    if (Pair* parent = find_pair(snapshot, parent_key); unknown(parent)) {
      const std::string above = parent->parent_key;
      Task<Status> resolving = resolve_children(snapshot, above);
      Status status = co_await resolving;
      if (!status) co_return status;
    }
    const Pair* parent = find_pair(snapshot, parent_key);
    if (parent == nullptr || parent->remote_id.empty()) co_return Status();  // gone: news says so
    container_id = parent->remote_id;
    container_kind = parent->kind;
  }
  const bool needed = std::any_of(
      snapshot.pairs.begin(), snapshot.pairs.end(),
      [&](const Pair& pair) { return pair.parent_key == parent_key && unknown(&pair); });
  if (!needed) co_return Status();

  Task<Result<Report>> listing = list_children(snapshot, container_id, container_kind);
  Result<Report> report = co_await listing;
  if (!report) {
    if (report.error().code != Code::not_found) co_return Status(report.error());
    lost_.insert(parent_key);
    look_again_ = true;
    co_return Status();
  }
  Scene scene = scene_of(snapshot);
  const auto missing = scene.name_children(parent_key, container_id, report->items);
  for (const ports::Item& item : report->items) {
    if (scene.by_id(item.id) != nullptr) scene.note(item);
  }
  if (!missing.empty() && snapshot.pulls() && (!pulled_ || narrow_)) {
    look_around_ = true;
  } else {
    lost_.insert(missing.begin(), missing.end());
  }
  look_again_ = look_again_ || scene.news() || !missing.empty();
  snapshot.pairs = scene.pairs();
  ports::Changes changes = scene.take_changes();
  if (changes.empty()) co_return Status();
  co_return ports_.store.commit(std::move(changes));
}

/// Writes that met another version: what is there now is seen, and reconciled in the next round.
Task<Status> Execution::look_again(Snapshot& snapshot) {
  ports::Call call = call_for(snapshot, ports::Operation::get);
  for (const std::string& key : stale_) {
    const Pair* pair = snapshot.pair(key);
    if (pair != nullptr && !pair->remote_id.empty()) call.ids.push_back(pair->remote_id);
  }
  for (const auto& [id, ignored] : in_the_way_) {
    if (std::find(call.ids.begin(), call.ids.end(), id) == call.ids.end()) call.ids.push_back(id);
  }
  if (!call.ids.empty()) {
    Task<Result<Report>> getting = exchange_->drive(std::move(call));
    Result<Report> report = co_await getting;
    if (!report) co_return Status(report.error());  // asked again when it can be
    if (Status seen = take_a_look(snapshot, report->items); !seen) co_return seen;
  }
  for (const std::string& key : std::exchange(stale_, {})) {
    if (snapshot.pair(key) != nullptr) attempted_.erase(key);
  }
  in_the_way_.clear();
  co_return Status();
}

Status Execution::take_a_look(Snapshot& snapshot, const std::vector<ports::Item>& items) {
  ports::Changes changes = agree_on_echoes(snapshot, items);
  if (Status met = adopt_met(snapshot, items, changes); !met) return met;
  if (!snapshot.pulls()) {
    for (ports::Change& change : overrule(snapshot, items)) changes.push_back(std::move(change));
  }
  Scene scene = scene_of(snapshot);
  for (const ports::Item& item : items) {
    const Pair* pair = scene.by_id(item.id);
    if (pair == nullptr && !in_the_way_.contains(item.id)) continue;
    if (pair != nullptr && !exists(item)) lost_.insert(pair->key);
    scene.note(item);
  }
  for (ports::Change& change : scene.take_changes()) changes.push_back(std::move(change));
  return changes.empty() ? Status() : ports_.store.commit(std::move(changes));
}

/// What a creation met and is ours, made by an earlier attempt and edited by somebody since: it
/// gets its pair, and nothing of it is agreed on.
Status Execution::adopt_met(Snapshot& snapshot, const std::vector<ports::Item>& items,
                            ports::Changes& changes) {
  core::Contents contents(snapshot.pairs);
  std::map<std::string, Pair> adopted;  // by id
  for (const ports::Item& item : items) {
    const auto met = in_the_way_.find(item.id);
    const bool ours = met != in_the_way_.end() && !item.key.empty() && item.key == met->second.key;
    if (!ours || item.state != ports::ItemState::present) continue;
    if (met->second.base) leave_behind(*met->second.base, contents, changes);
    Pair pair = pair_of(met->second);
    pair.remote_id = item.id;
    pair.remote_parent_id = item.parent_id;
    pair.version = item.version;
    pair.memo = item.memo;
    pair.url = item.url;
    agree(pair, "{}", "{}");
    changes.push_back(ports::put(pair));
    lost_.erase(pair.key);  // what stands in it may have been written before it was found
    uncertain_.erase(pair.key);
    adopted.insert_or_assign(item.id, std::move(pair));
  }
  if (adopted.empty()) return {};
  auto all = ports_.store.pairs().of_connection(run_.connection_id);
  if (!all) return std::move(all).error();
  for (const Pair& other : *all) {  // it may have appeared while its plan was away
    const bool same = adopted.contains(other.remote_id) && other.plan_id != plan_id_;
    if (same && other.appeared && other.state == PairState::paired) take_over(other, changes);
  }
  for (auto& [id, pair] : adopted) {
    std::erase_if(snapshot.pairs, [&](const Pair& each) { return each.key == pair.key; });
    snapshot.pairs.push_back(std::move(pair));
  }
  return {};
}

/// What stands there because we wrote it, although we were not told.
ports::Changes Execution::agree_on_echoes(Snapshot& snapshot,
                                          const std::vector<ports::Item>& items) {
  ports::Changes changes;
  std::vector<Pair> reset;  // series
  for (Pair& pair : snapshot.pairs) {
    const auto [begin, end] = attempted_.equal_range(pair.key);
    if (begin == end) continue;
    const auto item = std::find_if(items.begin(), items.end(), [&](const ports::Item& each) {
      return each.id == pair.remote_id && each.state == ports::ItemState::present;
    });
    if (item == items.end()) continue;
    core::Agreement known{pair.fields, pair.seen};
    for (auto each = begin; each != end; ++each) {
      known = core::with_echo(known, each->second, item->fields);
    }
    const ports::Kind* kind = snapshot.connector->manifest().kind(pair.kind);
    const std::vector<std::string> changed = core::changed_fields(pair.fields, known.sent);
    agree(pair, known.sent, known.seen);
    if (core::content_hash(item->fields) == pair.seen_hash) pair.version = item->version;
    changes.push_back(ports::put(pair));
    if (kind == nullptr) continue;
    const std::vector<std::string>& resetting = kind->resets_occurrences;
    if (std::find_first_of(changed.begin(), changed.end(), resetting.begin(), resetting.end()) !=
        changed.end()) {
      reset.push_back(pair);
    }
  }
  for (const Pair& series : reset) {
    const auto task = ports_.store.plans().find_task(core::task_id_of(series.key));
    for (Pair& pair : snapshot.pairs) {
      if (pair.parent_key != series.key || pair.state == PairState::tombstone) continue;
      snapshot.sightings.erase(pair.key);
      changes.push_back(ports::EraseSighting{pair.connection_id, sighting_id(pair)});
      pair = forgotten(snapshot, std::move(pair), series, task);
      changes.push_back(ports::put(pair));
    }
  }
  return changes;
}

/// Where nothing is taken over, what people made there of an occurrence that shall be written is
/// written over, like an edit of any item.
ports::Changes Execution::overrule(Snapshot& snapshot,
                                   const std::vector<ports::Item>& items) const {
  ports::Changes changes;
  for (const ports::Item& item : items) {
    std::optional<Pair> pair = overruled(snapshot, item, items);
    if (!pair) continue;
    changes.push_back(ports::put(*pair));
    std::erase_if(snapshot.pairs, [&](const Pair& each) { return each.key == pair->key; });
    snapshot.pairs.push_back(*std::move(pair));
  }
  return changes;
}

/// The pair by which the next round does it: an occurrence that nobody wrote counts as ours, and as
/// like the others of its series; so does one that is like them, whatever was written of it; of a
/// cancelled one, all is to be written. None of one that does not happen here.
std::optional<Pair> Execution::overruled(const Snapshot& snapshot, const ports::Item& item,
                                         const std::vector<ports::Item>& items) const {
  const auto with_id = [&](const std::string& id) {
    auto found = std::find_if(snapshot.pairs.begin(), snapshot.pairs.end(), [&](const Pair& each) {
      return !id.empty() && each.remote_id == id;
    });
    return found == snapshot.pairs.end() ? nullptr : &*found;
  };
  const Pair* known = with_id(item.id);
  const Pair* series = with_id(item.series);
  const bool cancelled = item.fields == core::kCancelledOccurrence;
  if (series == nullptr || item.slot.empty()) return {};
  Pair pair;
  if (known != nullptr) {
    pair = *known;
  } else {
    pair.connection_id = series->connection_id;
    pair.plan_id = series->plan_id;
    pair.key = occurrence_key(ports_, snapshot, *series, item.slot, options_);
    pair.kind = series->kind;
    pair.parent_key = series->key;
    pair.remote_id = item.id;
    if (const Pair* old = snapshot.pair(pair.key)) pair.generation = old->generation;
  }
  const auto task = ports_.store.plans().find_task(core::task_id_of(pair.key));
  const std::string slot = core::slot_of(pair.key);
  if (!task || (known == nullptr && !happens_at(snapshot, *task, slot, options_))) return {};
  core::Agreement agreed{core::kCancelledOccurrence, core::kCancelledOccurrence};
  if (!cancelled) {
    Pair as_there = *series;
    for (const ports::Item& each : items) {
      const bool read = each.id == series->remote_id && each.state == ports::ItemState::present;
      if (read) as_there.seen = each.fields;
    }
    agreed = as_in_series(snapshot, pair, as_there, *task);
    if (agreed.sent.empty()) return {};
    const core::JsonText& plain = agreed.seen.empty() ? agreed.sent : agreed.seen;
    if (known != nullptr && core::content_hash(plain) != core::content_hash(item.fields)) return {};
  }
  agree(pair, std::move(agreed.sent), std::move(agreed.seen));
  return pair;
}

/// Of what is met in writing. Of a plan that was removed it is no news: its items go.
Scene::About Execution::about(const Snapshot& snapshot) const {
  const bool pulls = snapshot.pulls() && !snapshot.plan.deleted_ms;
  return {run_.connection_id, ports_.clock.now_ms(), kMetInWriting, pulls,
          snapshot.mapping->kinds()};
}

Scene Execution::scene_of(const Snapshot& snapshot) const {
  std::vector<core::Sighting> before;
  for (const auto& [key, sighting] : snapshot.sightings) before.push_back(sighting);
  return Scene(about(snapshot), snapshot.pairs, std::move(before));
}

/// What we could have made in a container.
Task<Result<Report>> Execution::list_children(const Link& link, std::string container_id,
                                              std::string container_kind) {
  Task<Result<Report>> listing =
      list_all_in(link, std::move(container_id), std::move(container_kind));
  Result<Report> report = co_await listing;
  if (!report) co_return report;
  const ports::Manifest& manifest = link.connector->manifest();
  std::erase_if(report->items, [&](const ports::Item& item) {
    // (What is gone need not say what it was.)
    return item.state == ports::ItemState::present && manifest.kind(item.kind) == nullptr;
  });
  co_return report;
}

/// That, and what the connector does not write.
Task<Result<Report>> Execution::list_all_in(const Link& link, std::string container_id,
                                            std::string container_kind) {
  ports::Call call = call_for(link, ports::Operation::list);
  call.container_id = std::move(container_id);
  call.container_kind = std::move(container_kind);
  Task<Result<Report>> driving = exchange_->drive(std::move(call));
  Result<Report> report = co_await driving;
  co_return report;
}

}  // namespace mortise::sync
