#include "sync/scene.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "core/places.hpp"
#include "sync/match.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {

using core::ItemState;
using core::Pair;
using core::PairState;
using core::Sighting;

bool exists(const ports::Item& item) {
  return item.state == ItemState::present || item.state == ItemState::out_of_scope;
}

Scene::Scene(About about, std::vector<Pair> pairs, std::vector<Sighting> before)
    : about_(std::move(about)), pairs_(std::move(pairs)) {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i].state == PairState::tombstone) continue;
    by_key_.emplace(pairs_[i].key, i);
    if (!pairs_[i].remote_id.empty()) by_id_.emplace(pairs_[i].remote_id, i);
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

Scene::Nameless Scene::name_children(const std::string& parent_key, const std::string& container_id,
                                     const std::vector<ports::Item>& items) {
  std::vector<Pair*> ours;
  for (Pair& pair : pairs_) {
    if (pair.state == PairState::id_unknown && pair.parent_key == parent_key) ours.push_back(&pair);
  }
  if (ours.empty()) return {};
  std::sort(ours.begin(), ours.end(),
            [](const Pair* a, const Pair* b) { return a->ordinal < b->ordinal; });
  std::vector<const ports::Item*> theirs;
  std::vector<Face> our_faces, their_faces;
  for (const Pair* pair : ours) our_faces.push_back({pair->kind, pair->fields});
  for (const ports::Item& item : items) {
    if (item.state != ItemState::present || by_id_.contains(item.id)) continue;
    theirs.push_back(&item);
    their_faces.push_back({item.kind, item.fields});
  }
  std::set<const Pair*> left(ours.begin(), ours.end());
  std::size_t matched = 0;
  for (const auto& [mine, its] : match(our_faces, their_faces, Leftovers::pair_in_order)) {
    Pair& pair = *ours[mine];
    const ports::Item& item = *theirs[its];
    pair.state = PairState::paired;
    pair.remote_id = item.id;
    pair.remote_parent_id = container_id;
    pair.version = item.version;
    pair.memo = item.memo;
    pair.url = item.url;
    by_id_.emplace(item.id, by_key_.at(pair.key));
    left.erase(&pair);
    ++matched;
    changes_.push_back(ports::put(pair));
  }
  Nameless nameless;
  nameless.sure = matched == theirs.size();
  for (const Pair* pair : left) nameless.keys.push_back(pair->key);
  std::sort(nameless.keys.begin(), nameless.keys.end());
  return nameless;
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
  if (item.state == ItemState::out_of_scope && !told) return note_found(item.id);
  if (!about_.pulls || core::content_hash(item.fields) == pair->seen_hash) {
    update(*pair, item);
    forget(item.id);
    return;
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

/// The content is as agreed; what else is known of the item may have moved.
void Scene::update(Pair& pair, const ports::Item& item) {
  const Pair old = pair;
  if (about_.pulls && pair.seen.empty()) pair.seen = item.fields;
  if (!item.version.empty()) pair.version = item.version;
  if (!item.memo.empty()) pair.memo = item.memo;
  if (!item.url.empty()) pair.url = item.url;
  if (!item.parent_id.empty()) pair.remote_parent_id = item.parent_id;
  if (!(pair == old)) changes_.push_back(ports::put(pair));
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
