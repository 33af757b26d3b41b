#include "core/item_key.hpp"

#include <string_view>

namespace mortise::core {

std::string task_id_of(const std::string& key) {
  constexpr std::string_view kPrefix = "task:";
  if (key.rfind(kPrefix, 0) != 0) return {};
  const std::size_t slash = key.find('/');
  return key.substr(kPrefix.size(), slash == std::string::npos ? slash : slash - kPrefix.size());
}

std::string slot_of(const std::string& key) {
  const std::size_t slash = key.find('/');
  return slash == std::string::npos ? std::string() : key.substr(slash + 1);
}

bool names_occurrence(const std::string& key) {
  return !task_id_of(key).empty() && !slot_of(key).empty();
}

}  // namespace mortise::core
