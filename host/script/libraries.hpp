// The allow-list: what a script finds in its environment. Each function is here because it is
// needed, bounded in time and memory, and deterministic. Internal to host/script: the only other
// place beside the bindings that speaks Lua's C interface.
#pragma once

#include <cstddef>
#include <lua.hpp>
#include <string>
#include <string_view>

namespace mortise::script {

/// Adds the libraries to the table of globals on top of the stack:
///  assert error ipairs next pairs select tonumber tostring type; math without random; utf8;
///  string.byte char format len lower upper reverse sub rep find match gmatch gsub;
///  table.concat insert remove sort unpack.
void install_base(lua_State* L);
void install_string(lua_State* L);
void install_table(lua_State* L);

/// Sets a library's functions as the field `name` of the table on top of the stack, read-only and
/// with an answer for misspelt names. Expects the functions' table above it; pops that.
void set_library(lua_State* L, const char* name);

/// Hides the table on top of the stack behind an empty one that passes reads on, refuses writes,
/// and for unknown names says "no '<what>' is called x; did you mean y?". Replaces it on the stack.
void lock_table(lua_State* L, const char* what);

/// Raises "a string longer than 64 KiB".
int too_long(lua_State* L);

/// Pushes `text`, or raises too_long().
void push_text(lua_State* L, std::string_view text);

/// string.format, for other functions that take a format.
int format_text(lua_State* L);

/// The text of a value as tostring() gives it: no addresses, so that equal runs give equal bytes.
std::string text_of(lua_State* L, int index);

/// A string argument as a view, valid while the value is on the stack.
std::string_view check_text(lua_State* L, int index);

/// Text that grows up to the string bound of the state.
class TextBuilder {
 public:
  explicit TextBuilder(lua_State* L);
  void add(std::string_view part);
  const std::string& text() const { return text_; }

 private:
  lua_State* L_;
  std::size_t bound_;
  std::string text_;
};

}  // namespace mortise::script
