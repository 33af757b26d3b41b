// The settings of a mapping, described once in the script: checked when somebody sets them, shown
// as a form, filled in with defaults when a plan is mapped. Plain values, pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/json.hpp"

struct lua_State;

namespace mortise::script {

enum class SettingKind : std::uint8_t { choice, text, number, flag };

struct Setting {
  std::string name;
  SettingKind kind = SettingKind::text;
  std::vector<std::string> choices;  ///< of a choice
  std::int64_t min = 0;              ///< of a number
  std::int64_t max = 0;
  core::JsonText default_value = "null";
  std::string says;  ///< a sentence for the form
};

/// Reads the `settings` table of a mapping at the top of the stack; raises Lua errors.
std::vector<Setting> read_settings(lua_State* L);

/// Overrides that a person gives: every name known, every value of its kind. Error `invalid` with
/// the setting and the nearest word.
Status check_settings(const std::vector<Setting>& settings, const core::JsonText& overrides);

/// Overrides that were stored under an earlier revision: what does not fit any more counts as not
/// set.
core::JsonText effective_settings(const std::vector<Setting>& settings,
                                  const core::JsonText& overrides);

/// [{"name","type","default","says","choices"?,"least"?,"most"?}] for forms, in order of names; the
/// words of the API.
core::JsonText settings_schema(const std::vector<Setting>& settings);

}  // namespace mortise::script
