// The lines of `fields`, carried out for one task. Internal to host/script; raises Lua errors.
#pragma once

#include <lua.hpp>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace mortise::script {

/// What the functions below work on, as absolute places on the stack: the mapping's `fields[kind]`,
/// the task, and what is around it.
struct FieldCall {
  int lines = 0;
  int task = 0;
  int here = 0;
  std::string* item = nullptr;  ///< set to the item field of the line at work, for messages
};

/// Pushes fields[kind], or raises when the mapping has none for that kind.
void push_lines(lua_State* L, const std::string& kind);

/// False if the kind's `when` says that this task becomes no item.
bool is_wanted(lua_State* L, const FieldCall& call);

/// The item's fields.
core::Json item_fields_of(lua_State* L, const FieldCall& call);

/// The way back: which task fields change when the item's fields changed like this (null: cleared).
/// The task on the stack is changed as well. Mapping it forward must give what was read: raises
/// "lossy_mapping: ..." where a line took the value, and names the fields where a line that has a
/// way back took nothing. Lines without one say that edits stay outside.
core::Json task_changes(lua_State* L, const FieldCall& call, const core::Json& changed,
                        std::vector<std::string>& dropped);

/// What the message of a broken law begins with.
inline constexpr std::string_view kLossyMapping = "lossy_mapping: ";

}  // namespace mortise::script
