// The tree that plan() answers, taken apart: containers with their fields, and which tasks go
// where. Internal to host/script; raises Lua errors.
#pragma once

#include <lua.hpp>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "script/known_connectors.hpp"

namespace mortise::script {

/// A container, or a group of tasks that become items of one kind. Parents come before children.
struct PlanNode {
  std::string kind;  ///< container: page, section, database; group: todo, row, event
  std::string key;   ///< of the container; empty for a group
  std::string parent_key;
  std::string title;
  core::JsonText fields;
  std::string group;  ///< of tasks, empty for a container
};

/// Takes apart what is on top of the stack: a node, a group, or a list of them. `holds`: what the
/// connector can hold and where; null if it is not known here.
std::vector<PlanNode> read_plan_tree(lua_State* L, const Kinds* holds);

}  // namespace mortise::script
