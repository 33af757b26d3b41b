// Single occurrences that a service forgets when their series changes there
// (ports::Kind::resets_occurrences): what is still said of them here is written again.
#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "sync/execution.hpp"

namespace mortise::sync {
namespace {

using core::ItemState;
using core::Pair;
using core::PairState;
using core::Receive;
using core::ReceiveKind;

/// Whether the service may have forgotten single occurrences of what the news are of: what makes it
/// forget them may have been changed and changed back, whatever else was edited.
bool may_reset(const Snapshot& snapshot, const Receive& news) {
  const ports::Kind* kind = snapshot.connector->manifest().kind(news.base.kind);
  return core::slot_of(news.key).empty() && news.kind != ReceiveKind::take_away &&
         kind != nullptr && !kind->resets_occurrences.empty();
}

/// Whether a listing named the occurrence when it told of the change, or later: it is as it says,
/// and was not forgotten. (One that is called off may be told so because it was.)
bool named_since(const core::Sighting& sighting, core::Instant changed_ms) {
  return sighting.state == ItemState::present && sighting.cause != kMetInWriting &&
         sighting.fields != core::kCancelledOccurrence && sighting.seen_ms >= changed_ms;
}

}  // namespace

/// The series of these news of which single occurrences are known that may be forgotten.
std::set<std::string> Execution::reset_there(const Snapshot& snapshot,
                                             const std::vector<Receive>& news) {
  std::unordered_set<std::string> with_occurrences;
  for (const Pair& pair : snapshot.pairs) {
    if (core::names_occurrence(pair.key)) with_occurrences.insert(pair.parent_key);
  }
  for (const auto& [key, ignored] : snapshot.sightings) {
    if (!core::slot_of(key).empty()) with_occurrences.insert("task:" + core::task_id_of(key));
  }
  std::set<std::string> series;
  for (const Receive& each : news) {
    if (with_occurrences.contains(each.key) && may_reset(snapshot, each)) series.insert(each.key);
  }
  return series;
}

/// Of occurrences whose series was changed there so that the service may have forgotten them, each
/// is read before the change is received. Answers whether there is one to be read.
bool Execution::find_reset(const Snapshot& snapshot, const std::vector<Receive>& news) {
  const std::set<std::string> reset = reset_there(snapshot, news);
  for (const Receive& series : news) {
    if (!reset.contains(series.key)) continue;
    const auto changed = snapshot.sightings.find(series.key);
    const bool seen_now = changed != snapshot.sightings.end();
    const core::Instant changed_ms = seen_now ? changed->second.seen_ms : 0;
    const std::string version = seen_now ? changed->second.version : std::string();
    const std::string now = version + " " + core::content_hash(series.input.there);
    for (const Pair& pair : snapshot.pairs) {
      if (pair.state != PairState::paired || pair.parent_key != series.key) continue;
      const auto seen = snapshot.sightings.find(pair.key);
      if (seen != snapshot.sightings.end() && named_since(seen->second, changed_ms)) continue;
      if (read_reset_.emplace(pair.key, now).second) stale_.insert(pair.key);
    }
    for (const auto& [key, sighting] : snapshot.sightings) {
      const Pair* pair = snapshot.pair(key);
      const bool known = pair != nullptr && pair->state != PairState::tombstone;
      if (known || core::slot_of(key).empty() || sighting.state != ItemState::present) continue;
      if ("task:" + core::task_id_of(key) != series.key || named_since(sighting, changed_ms))
        continue;
      if (read_reset_.emplace(key, now).second) in_the_way_.try_emplace(sighting.remote_id);
    }
  }
  return !stale_.empty() || !in_the_way_.empty();
}

/// What was read and is as the changed series says is what the service forgot: as that it is agreed
/// on, so that what differs here is written again, now or once something is written there.
void Execution::agree_on_reset(const Snapshot& snapshot, const Pair& series,
                               const Result<core::Task>& task, ports::Changes& changes) const {
  if (!task) return;
  for (const Pair& pair : snapshot.pairs) {
    if (pair.state != PairState::paired || pair.parent_key != series.key) continue;
    const auto seen = snapshot.sightings.find(pair.key);
    if (seen == snapshot.sightings.end() || seen->second.state != ItemState::present) continue;
    if (seen->second.cause != kMetInWriting) continue;  // a listing named it
    core::Agreement plain = as_in_series(snapshot, pair, series, *task);
    const core::JsonText& there = plain.seen.empty() ? plain.sent : plain.seen;
    if (core::content_hash(there) != core::content_hash(seen->second.fields)) continue;
    Pair again = pair;
    agree(again, std::move(plain.sent), std::move(plain.seen));
    again.version = seen->second.version;
    changes.push_back(ports::put(std::move(again)));
    changes.push_back(ports::EraseSighting{pair.connection_id, seen->second.remote_id});
  }
}

/// A series whose times change may lose there what was written of single occurrences: each counts
/// as like the others until somebody has looked.
Pair Execution::forgotten(const Snapshot& snapshot, Pair occurrence, const Pair& series,
                          const Result<core::Task>& task) const {
  if (!task || !happens_at(snapshot, *task, core::slot_of(occurrence.key), options_)) {
    return tombstone(std::move(occurrence), ports_.clock.now_ms());
  }
  core::Agreement agreed = as_in_series(snapshot, occurrence, series, *task);
  agree(occurrence, std::move(agreed.sent), std::move(agreed.seen));
  occurrence.version.clear();
  return occurrence;  // its id stays: another creation would meet what somebody made of it
}

}  // namespace mortise::sync
