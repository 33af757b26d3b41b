#include "sync/scene.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "core/item_key.hpp"
#include "core/places.hpp"
#include "sync/match.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {

using core::ItemState;
using core::Pair;
using core::PairState;
using core::Sighting;

namespace {

std::vector<Face> faces(const std::vector<Pair*>& pairs) {
  std::vector<Face> all;
  for (const Pair* pair : pairs) all.push_back({pair->kind, pair->fields});
  return all;
}

std::vector<Face> faces(const std::vector<const ports::Item*>& items) {
  std::vector<Face> all;
  for (const ports::Item* item : items) all.push_back({item->kind, item->fields});
  return all;
}

}  // namespace

bool exists(const ports::Item& item) {
  return item.state == ItemState::present || item.state == ItemState::out_of_scope;
}

Scene::Scene(About about, std::vector<Pair> pairs, std::vector<Sighting> before)
    : about_(std::move(about)), pairs_(std::move(pairs)) {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i].state == PairState::tombstone) continue;
    by_key_.emplace(pairs_[i].key, i);
    some_nameless_ = some_nameless_ || pairs_[i].state == PairState::id_unknown;
    if (!pairs_[i].remote_id.empty()) by_id_.emplace(pairs_[i].remote_id, i);
    if (core::names_occurrence(pairs_[i].key)) series_.insert(pairs_[i].parent_key);
  }
  for (Sighting& sighting : before) before_.emplace(sighting.remote_id, std::move(sighting));
}

const Pair* Scene::by_id(const std::string& remote_id) const {
  auto found = by_id_.find(remote_id);
  return found == by_id_.end() ? nullptr : &pairs_[found->second];
}

const Pair* Scene::by_key(const std::string& key) const {
  auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &pairs_[found->second];
}

const std::string& Scene::container_of(const Pair& pair) const {
  const std::string* place =
      core::place_of(pair, by_key(pair.parent_key), by_id(pair.remote_parent_id));
  return place == nullptr ? pair.parent_key : *place;
}

std::vector<Pair*> Scene::nameless(const std::string& parent_key) {
  std::vector<Pair*> ours;
  for (Pair& pair : pairs_) {
    if (pair.state == PairState::id_unknown && pair.parent_key == parent_key) ours.push_back(&pair);
  }
  std::sort(ours.begin(), ours.end(),
            [](const Pair* a, const Pair* b) { return a->ordinal < b->ordinal; });
  return ours;
}

std::vector<std::string> Scene::name_children(const std::string& parent_key,
                                              const std::string& container_id,
                                              const std::vector<ports::Item>& items) {
  const std::vector<Pair*> ours = nameless(parent_key);
  if (ours.empty()) return {};
  std::vector<const ports::Item*> theirs;
  for (const ports::Item* item : each_once(items)) {
    if (item->state == ItemState::present && !by_id_.contains(item->id)) theirs.push_back(item);
  }
  for (const auto& [mine, its] : match(faces(ours), faces(theirs), Leftovers::pair_in_order)) {
    name(*ours[mine], *theirs[its], container_id);
  }
  std::vector<std::string> missing;
  for (const Pair* pair : nameless(parent_key)) missing.push_back(pair->key);
  return missing;
}

void Scene::note_whole(const std::string& key, const std::string& id,
                       const std::vector<ports::Item>& items) {
  if (!nameless(key).empty()) lacking_.push_back({key, id, items});
}

bool Scene::left_with_container(const Pair& pair) const {
  for (const Pair* above = by_key(pair.parent_key); above; above = by_key(above->parent_key)) {
    if (is_lost(*above)) return true;
  }
  return false;
}

void Scene::name_moved() {
  std::vector<Pair*> ours;
  for (Pair& pair : pairs_) {
    if (pair.state != PairState::id_unknown) continue;
    const bool lacking = std::any_of(lacking_.begin(), lacking_.end(), [&](const Listing& each) {
      return each.key == pair.parent_key;
    });
    if (lacking || left_with_container(pair)) ours.push_back(&pair);
  }
  if (ours.empty()) return;
  std::vector<const ports::Item*> theirs;
  for (const ports::Item* item : each_once(strangers_)) {
    if (!by_id_.contains(item->id)) theirs.push_back(item);
  }
  for (const auto& [mine, its] : match(faces(ours), faces(theirs), Leftovers::stay)) {
    name(*ours[mine], *theirs[its], theirs[its]->parent_id);
    forget(theirs[its]->id);
    note(*theirs[its]);
  }
  // Without what was dragged into them, it shows what is missing in these.
  for (const Listing& each : std::exchange(lacking_, {})) {
    const std::vector<std::string> missing = name_children(each.key, each.id, each.items);
    const bool unknown_left =
        std::any_of(each.items.begin(), each.items.end(), [&](const ports::Item& item) {
          return item.state == ItemState::present && !by_id_.contains(item.id);
        });
    if (unknown_left) continue;  // one of them may be what is missing, edited
    for (const std::string& key : missing) note_absent(*by_key(key));
  }
}

/// Its id is known from now on.
void Scene::name(Pair& pair, const ports::Item& item, const std::string& container_id) {
  pair.state = PairState::paired;
  pair.remote_id = item.id;
  pair.remote_parent_id = container_id;
  pair.version = item.version;
  pair.memo = item.memo;
  pair.url = item.url;
  by_id_.emplace(item.id, by_key_.at(pair.key));
  changes_.push_back(ports::put(pair));
}

Pair* Scene::find(const ports::Item& item) {
  auto found = by_id_.find(item.id);
  if (found == by_id_.end() && !item.key.empty()) {
    // Made by us, and its id was not said: its key tells. Another id is somebody's copy of it.
    auto keyed = by_key_.find(item.key);
    if (keyed == by_key_.end() || pairs_[keyed->second].state != PairState::id_unknown) {
      return nullptr;
    }
    Pair& pair = pairs_[keyed->second];
    pair.state = PairState::paired;
    pair.remote_id = item.id;
    by_id_.emplace(item.id, keyed->second);
    return &pair;
  }
  return found == by_id_.end() ? nullptr : &pairs_[found->second];
}

void Scene::note(const ports::Item& item) {
  Pair* pair = find(item);
  if (pair == nullptr) {
    if (some_nameless_ && item.state == ItemState::present) strangers_.push_back(item);
    const auto kind = about_.kinds.find(item.kind);
    const bool matters =
        kind != about_.kinds.end() && (kind->second.adopts || !kind->second.alike.empty());
    if (about_.pulls && item.state == ItemState::present && matters) {
      see(item, item.state);
    } else {
      forget(item.id);
    }
    return;
  }
  if (!exists(item)) {
    if (about_.pulls) see(item, item.state);
    return;
  }
  const bool told = !item.fields.empty() && item.fields != "{}";
  // Beyond what is looked at, or made something else of there: its fields say nothing of the task.
  const bool other = !item.kind.empty() && item.kind != pair->kind;
  if (other || (item.state == ItemState::out_of_scope && !told)) return note_found(item.id);
  if (!about_.pulls || core::content_hash(item.fields) == pair->seen_hash) {
    const bool edited = update(*pair, item) || before_.contains(item.id);
    // A series that says what it said may have said something else, and lost its occurrences.
    const bool lost_some = about_.pulls && edited && series_.contains(pair->key);
    return lost_some ? see(item, ItemState::present) : forget(item.id);
  }
  if (!item.parent_id.empty() && item.parent_id != pair->remote_parent_id) {
    pair->remote_parent_id = item.parent_id;  // where it stands is no field to agree on
    changes_.push_back(ports::put(*pair));
  }
  see(item, ItemState::present);
}

bool Scene::is_lost(const Pair& pair) const {
  auto seen = before_.find(sighting_id(pair));
  return seen != before_.end() && seen->second.state != ItemState::present;
}

void Scene::note_found(const std::string& remote_id) {
  auto seen = before_.find(remote_id);
  if (seen != before_.end() && seen->second.state != ItemState::present) forget(remote_id);
}

void Scene::note_listed(const std::string& remote_id) {
  auto seen = before_.find(remote_id);
  if (seen != before_.end() && seen->second.state == ItemState::absent) forget(remote_id);
}

void Scene::note_absent(const Pair& pair) {
  ports::Item item;
  item.id = sighting_id(pair);
  item.key = pair.key;
  item.kind = pair.kind;
  if (about_.pulls) see(item, ItemState::absent);
}

std::vector<const Pair*> Scene::missing(const std::string& container_key,
                                        const std::unordered_set<std::string>& listed) const {
  std::vector<const Pair*> gone;
  for (const Pair& pair : pairs_) {
    if (pair.state != PairState::paired || container_of(pair) != container_key) continue;
    if (pair.key.find('/') != std::string::npos || listed.contains(pair.remote_id)) continue;
    gone.push_back(&pair);
  }
  return gone;
}

/// The content is as agreed; what else is known of the item may have moved. Answers whether
/// somebody has edited it all the same.
bool Scene::update(Pair& pair, const ports::Item& item) {
  const Pair old = pair;
  if (about_.pulls && pair.seen.empty()) pair.seen = item.fields;
  if (!item.version.empty()) pair.version = item.version;
  if (!item.memo.empty()) pair.memo = item.memo;
  if (!item.url.empty()) pair.url = item.url;
  if (!item.parent_id.empty()) pair.remote_parent_id = item.parent_id;
  if (!(pair == old)) changes_.push_back(ports::put(pair));
  return !old.version.empty() && pair.version != old.version;
}

void Scene::see(const ports::Item& item, ItemState state) {
  Sighting sighting;
  sighting.connection_id = about_.connection_id;
  sighting.remote_id = item.id;
  sighting.state = state;
  sighting.kind = item.kind;
  sighting.key = item.key;
  sighting.parent_id = item.parent_id;
  sighting.series = item.series;
  sighting.slot = item.slot;
  sighting.version = item.version;
  sighting.fields = item.fields.empty() ? "{}" : item.fields;
  sighting.memo = item.memo;
  sighting.url = item.url;
  sighting.edited_ms = item.edited_ms;
  sighting.seen_ms = about_.now_ms;
  auto named = about_.causes.find(item.id);
  if (named == about_.causes.end()) named = about_.causes.find(item.parent_id);
  sighting.cause = named == about_.causes.end() ? about_.cause : named->second;
  before_.insert_or_assign(item.id, sighting);
  changes_.push_back(ports::put(std::move(sighting)));
  news_ = true;
}

void Scene::forget(const std::string& remote_id) {
  if (before_.erase(remote_id) == 0) return;
  changes_.push_back(ports::EraseSighting{about_.connection_id, remote_id});
}

}  // namespace mortise::sync
