// An environment made up for a test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/settings.hpp"

namespace mortise::tests {

using Variables = std::map<std::string, std::string>;

/// Both views keep a reference: `variables` must outlive them.
inline app::Environment environment_of(const Variables& variables) {
  return [&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

inline app::EnvironmentNames names_of(const Variables& variables) {
  return [&variables] {
    std::vector<std::string> names;
    for (const auto& [name, value] : variables) names.push_back(name);
    return names;
  };
}

}  // namespace mortise::tests
