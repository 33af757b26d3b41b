#include "core/patch.hpp"

#include <nlohmann/json.hpp>

namespace mortise::core {

Json replacing(Json values, const Json& record) {
  for (auto& [name, value] : values.items()) {
    const auto old = record.find(name);
    if (!value.is_object() || old == record.end() || !old->is_object()) continue;
    for (const auto& [member, ignored] : old->items()) {
      if (!value.contains(member)) value[member] = nullptr;
    }
  }
  return values;
}

}  // namespace mortise::core
