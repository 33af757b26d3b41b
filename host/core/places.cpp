#include "core/places.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/item_key.hpp"

namespace mortise::core {
namespace {

bool is_container(const Pair& pair) {
  return task_id_of(pair.key).empty();
}

/// All that the lists name, from `top` on down; `name` is what an item's own list is found by.
std::vector<const Pair*> below(
    const std::unordered_map<std::string_view, std::vector<const Pair*>>& lists,
    const std::string& top, std::string Pair::*name) {
  std::vector<const Pair*> content;
  std::unordered_set<std::string_view> seen{top};
  std::vector<std::string_view> open{top};
  while (!open.empty()) {
    auto found = lists.find(open.back());
    open.pop_back();
    if (found == lists.end()) continue;
    for (const Pair* pair : found->second) {
      content.push_back(pair);
      if (seen.insert(pair->*name).second) open.push_back(pair->*name);
    }
  }
  return content;
}

}  // namespace

const std::string* place_of(const Pair& pair, const Pair* parent, const Pair* holder) {
  const bool as_put =
      pair.remote_parent_id.empty() || is_container(pair) || !slot_of(pair.key).empty();
  if (as_put) return &pair.parent_key;
  if (holder != nullptr && is_container(*holder)) return &holder->key;
  const bool unmoved =
      parent == nullptr || parent->remote_id.empty() || parent->remote_id == pair.remote_parent_id;
  return unmoved ? &pair.parent_key : nullptr;
}

Places::Places(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    if (pair.state == PairState::tombstone || !is_container(pair)) continue;
    containers_.emplace(pair.key, &pair);
    if (!pair.remote_id.empty()) containers_by_id_.emplace(pair.remote_id, &pair);
  }
}

const std::string* Places::of(const Pair& pair) const {
  const auto find = [](const auto& containers, const std::string& name) {
    auto found = containers.find(name);
    return found == containers.end() ? nullptr : found->second;
  };
  return place_of(pair, find(containers_, pair.parent_key),
                  find(containers_by_id_, pair.remote_parent_id));
}

Contents::Contents(const std::vector<Pair>& pairs) : places_(pairs) {
  for (const Pair& pair : pairs) {
    if (pair.state == PairState::tombstone) continue;
    if (const std::string* place = places_.of(pair)) {
      children_[*place].push_back(&pair);
    } else {
      put_into_[pair.remote_parent_id].push_back(&pair);
    }
  }
}

std::vector<const Pair*> Contents::of(const std::string& key) const {
  return below(children_, key, &Pair::key);
}

std::vector<const Pair*> Contents::put_into(const std::string& remote_id) const {
  return below(put_into_, remote_id, &Pair::remote_id);
}

void Contents::take_out(const Pair& pair) {
  const std::string* place = places_.of(pair);
  if (place == nullptr) return;
  auto beside = children_.find(*place);
  if (beside == children_.end()) return;
  std::erase_if(beside->second, [&](const Pair* each) { return each->key == pair.key; });
}

}  // namespace mortise::core
