#include "sync/match.hpp"

#include <nlohmann/json.hpp>
#include <unordered_set>

namespace mortise::sync {
namespace {

using core::Json;

bool agree(const Json& ours, const Json& theirs) {
  if (!ours.is_object() || !theirs.is_object()) return false;
  for (const auto& [name, value] : ours.items()) {
    auto found = theirs.find(name);
    if (found != theirs.end() && *found != value) return false;
  }
  return true;
}

std::vector<Json> parsed(const std::vector<Face>& faces) {
  std::vector<Json> documents;
  documents.reserve(faces.size());
  for (const Face& face : faces) documents.push_back(Json::parse(face.fields, nullptr, false));
  return documents;
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> match(const std::vector<Face>& ours,
                                                       const std::vector<Face>& theirs,
                                                       Leftovers leftovers) {
  const std::vector<Json> our_fields = parsed(ours);
  const std::vector<Json> their_fields = parsed(theirs);
  std::vector<bool> taken(theirs.size(), false);
  std::vector<std::size_t> alone;
  std::vector<std::pair<std::size_t, std::size_t>> matches;
  std::size_t first_free = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    while (first_free < theirs.size() && taken[first_free]) ++first_free;
    std::size_t j = first_free;
    while (j < theirs.size() &&
           (taken[j] || theirs[j].kind != ours[i].kind || !agree(our_fields[i], their_fields[j]))) {
      ++j;
    }
    if (j == theirs.size()) {
      alone.push_back(i);
      continue;
    }
    taken[j] = true;
    matches.emplace_back(i, j);
  }
  if (leftovers == Leftovers::stay || alone.empty()) return matches;
  std::vector<std::size_t> free;
  for (std::size_t j = 0; j < theirs.size(); ++j) {
    if (!taken[j]) free.push_back(j);
  }
  if (free.size() != alone.size()) return matches;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    if (ours[alone[i]].kind != theirs[free[i]].kind) return matches;
  }
  for (std::size_t i = 0; i < alone.size(); ++i) matches.emplace_back(alone[i], free[i]);
  return matches;
}

std::vector<const ports::Item*> each_once(const std::vector<ports::Item>& items) {
  std::vector<const ports::Item*> once;
  std::unordered_set<std::string_view> seen;
  for (const ports::Item& item : items) {
    if (seen.insert(item.id).second) once.push_back(&item);
  }
  return once;
}

}  // namespace mortise::sync
