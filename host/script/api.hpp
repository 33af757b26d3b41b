// The script API: what mappings and policies find in their environment beside Lua's own functions
// (libraries.hpp). Written down for script authors in docs/scripting.md and sdk/lua/mortise.lua.
// Internal to host/script.
#pragma once

#include <lua.hpp>
#include <span>
#include <string>
#include <string_view>

namespace mortise::script {

/// Adds everything below to the table of globals on top of the stack.
void install_api(lua_State* L);

/// policy allow deny unlimited
void install_policy_api(lua_State* L);
/// mapping page section database todos rows events each with none
void install_mapping_api(lua_State* L);
/// choice text number flag: descriptions of settings
void install_setting_api(lua_State* L);
/// lookup checked minutes day join: both ways of a field
void install_transform_api(lua_State* L);
/// times.add .between .day .duration .seconds .in_zone
void install_times(lua_State* L);

/// Sets `kind` of the table at `index`, by which the host knows it later.
void set_kind(lua_State* L, int index, std::string_view kind);
/// Whether the value is a table that says it is this kind. Scripts can write that themselves, and
/// change what they made: whoever reads such a table past Lua's own checks checks its parts first.
bool is_kind(lua_State* L, int index, std::string_view kind);

/// Raises unless the table at `index` says all that a policy or a mapping has to, each part of the
/// right type. What a script returns need not be what policy{} and mapping{} have seen.
void check_policy(lua_State* L, int index);
void check_mapping(lua_State* L, int index);

/// The cost of an allow{} at `index`: 0 or 1; raises for another.
lua_Integer check_cost(lua_State* L, int index);
/// Raises unless it can be the reason of a deny().
void check_reason(lua_State* L, const std::string& reason);

/// The fields that a task has in scripts, and those that a way back may change.
std::span<const std::string_view> task_fields();
std::span<const std::string_view> changeable_task_fields();

/// The kinds that tasks can become, and the fields of one. Empty for `row`: its columns are the
/// mapping's own.
std::span<const std::string_view> task_kinds();
std::span<const std::string_view> item_fields(std::string_view kind);

}  // namespace mortise::script
