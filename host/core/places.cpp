#include "core/places.hpp"

#include <algorithm>

#include "core/item_key.hpp"

namespace mortise::core {
namespace {

bool is_container(const Pair& pair) {
  return task_id_of(pair.key).empty();
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
    const std::string* place = pair.state == PairState::tombstone ? nullptr : places_.of(pair);
    if (place != nullptr) children_[*place].push_back(&pair);
  }
}

std::vector<const Pair*> Contents::of(const std::string& key) const {
  std::vector<const Pair*> content;
  std::vector<std::string_view> open{key};
  while (!open.empty()) {
    const std::string_view container = open.back();
    open.pop_back();
    auto found = children_.find(container);
    if (found == children_.end()) continue;
    for (const Pair* pair : found->second) {
      content.push_back(pair);
      open.push_back(pair->key);
    }
  }
  return content;
}

void Contents::take_out(const Pair& pair) {
  const std::string* place = places_.of(pair);
  if (place == nullptr) return;
  auto beside = children_.find(*place);
  if (beside == children_.end()) return;
  std::erase_if(beside->second, [&](const Pair* each) { return each->key == pair.key; });
}

}  // namespace mortise::core
