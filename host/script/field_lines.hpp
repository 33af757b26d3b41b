// The lines of `fields`, carried out for one task. Internal to host/script; raises Lua errors.
#pragma once

#include <lua.hpp>
#include <map>
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

/// What became of item fields that changed outside.
struct WaysBack {
  std::vector<std::string> taken;            ///< the task says them now
  std::vector<std::string> dropped;          ///< a way back took nothing of them
  std::map<std::string, std::string> lossy;  ///< a line took the value and broke the law -> how
};

/// The way back: which task fields change when the item's fields changed like this (null: cleared).
/// The task on the stack is changed as well. The law: mapped forward again, it gives what was read;
/// where it does not, `ways` says so. A `lossy` line may take a part: such a field is in no list of
/// `ways`. Lines without a way back say that edits stay outside.
core::Json task_changes(lua_State* L, const FieldCall& call, const core::Json& changed,
                        WaysBack& ways);

}  // namespace mortise::script
