#include "core/places.hpp"

#include "core/item_key.hpp"

namespace mortise::core {
namespace {

bool is_container(const Pair& pair) {
  return task_id_of(pair.key).empty();
}

}  // namespace

const std::string* place_of(const Pair& pair, const Pair* parent, const Pair* holder) {
  const bool as_put = pair.remote_parent_id.empty() || is_container(pair) ||
                      !slot_of(pair.key).empty() ||
                      (parent != nullptr &&
                       (parent->remote_id.empty() || parent->remote_id == pair.remote_parent_id));
  if (as_put) return &pair.parent_key;
  if (holder != nullptr && is_container(*holder)) return &holder->key;
  return parent == nullptr ? &pair.parent_key : nullptr;
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

}  // namespace mortise::core
