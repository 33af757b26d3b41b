// Where items stand at a service: in the container that we put them into, unless somebody dragged
// them to another one. Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/sync_records.hpp"

namespace mortise::core {

/// The key of the container of ours in which an item stands; empty: directly in the target. Null:
/// somebody put it into something that is not ours, wherever that is. Only tasks are followed:
/// containers and occurrences count as standing where we put them.
/// `parent`: the pair of what we put it into, `holder`: the pair whose item it was last seen in;
/// either null if there is none. The answer lives as long as they and `pair` do.
const std::string* place_of(const Pair& pair, const Pair* parent, const Pair* holder);

/// The places of the items of these pairs, which must outlive it and its answers. Tombstones stand
/// nowhere.
class Places {
 public:
  explicit Places(const std::vector<Pair>& pairs);

  const std::string* of(const Pair& pair) const;

 private:
  std::unordered_map<std::string_view, const Pair*> containers_;        // by key
  std::unordered_map<std::string_view, const Pair*> containers_by_id_;  // at the service
};

/// What stands in each container, and the occurrences of each series.
class Contents {
 public:
  explicit Contents(const std::vector<Pair>& pairs);

  /// The pairs inside, at any depth, in no order.
  std::vector<const Pair*> of(const std::string& key) const;
  /// The pairs that somebody put into this item, which is no container of ours, at any depth: a
  /// to-do that was indented below another one.
  std::vector<const Pair*> put_into(const std::string& remote_id) const;
  /// It has left the place that this pair says.
  void take_out(const Pair& pair);

 private:
  Places places_;
  std::unordered_map<std::string_view, std::vector<const Pair*>> children_;  // by key
  std::unordered_map<std::string_view, std::vector<const Pair*>> put_into_;  // by id
};

}  // namespace mortise::core
