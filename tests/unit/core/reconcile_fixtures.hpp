// What is wanted here and what was agreed on, as reconcile() is asked about in its tests.
#pragma once

#include <string>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/reconcile.hpp"

namespace mortise::core {

inline WantedItem item(const std::string& key, const std::string& parent, const std::string& text,
                       const std::string& kind = "todo") {
  WantedItem item{key, kind, parent, {}, text, fmt::format(R"({{"text":"{}"}})", text)};
  if (kind == "todo" || kind == "row") item.task_id = key;
  return item;
}

inline Pair paired(const WantedItem& item, std::int64_t generation = 0) {
  Pair pair;
  pair.key = item.key;
  pair.kind = item.kind;
  pair.parent_key = item.parent_key;
  pair.remote_id = "id of " + item.key;
  pair.fields = item.fields;
  pair.sent_hash = content_hash(item.fields);
  pair.generation = generation;
  return pair;
}

}  // namespace mortise::core
