// A connection's settings as stored: {"connector":{...},"mapping":{...}}, overrides only. Pure and
// thread-safe; nothing throws.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"

namespace mortise::core {

/// One part of them; "{}" where there is none, or where `settings` is no JSON object.
JsonText settings_part(const JsonText& settings, std::string_view part);

/// Setting names with the JSON of their values.
using SettingValues = std::vector<std::pair<std::string_view, std::string_view>>;

/// `overrides` and, for what they leave out, `defaults`.
JsonText with_defaults(const JsonText& overrides, const SettingValues& defaults);

}  // namespace mortise::core
