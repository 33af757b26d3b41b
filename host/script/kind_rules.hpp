// What a mapping says of a kind beside its fields: how the two directions meet (ports::KindRules).
// Internal to host/script; raises Lua errors.
#pragma once

#include <lua.hpp>
#include <map>
#include <string>

#include "ports/mapper.hpp"

namespace mortise::script {

/// Reads `adopts`, `alike` and `together` of the kind's table; item fields that the kind does not
/// have in its lines are refused with the nearest word.
ports::KindRules read_kind_rules(lua_State* L, int kind_table, const std::string& kind);

/// Of every kind in the mapping on top of the stack.
std::map<std::string, ports::KindRules> read_all_kind_rules(lua_State* L);

}  // namespace mortise::script
