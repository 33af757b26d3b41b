// Recognising our own items in a listing, where the service keeps no key of ours. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "ports/connector.hpp"

namespace mortise::sync {

/// What one side of the comparison knows of an item.
struct Face {
  std::string kind;
  core::JsonText fields;
};

enum class Leftovers : std::uint8_t {
  stay,           ///< what has no equal stays unmatched
  pair_in_order,  ///< if as many are left on both sides, they belong together in order
};

/// Pairs up what we made (`ours`, in order of creation) with what a container holds (`theirs`, in
/// order, without items that are paired already). Two match when their kinds are equal and every
/// field that both tell is equal; the first equal one in order is taken. Answers indexes (ours,
/// theirs), each at most once.
std::vector<std::pair<std::size_t, std::size_t>> match(const std::vector<Face>& ours,
                                                       const std::vector<Face>& theirs,
                                                       Leftovers leftovers);

/// Each item once, in order: a listing may tell one twice, on a page that overlaps the one before.
/// Points into `items`.
std::vector<const ports::Item*> each_once(const std::vector<ports::Item>& items);

}  // namespace mortise::sync
