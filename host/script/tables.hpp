// Strict reading of the tables that scripts write: a misspelt key or a wrong type is refused with
// file, line and the nearest valid word. Internal to host/script. Everything here raises Lua errors
// and so belongs inside a protected call.
#pragma once

#include <lua.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/json.hpp"

namespace mortise::script {

/// Raises `message` at the line where `word` stands in the script, at or after the line that is
/// being run; at the line that is being run if it stands nowhere.
[[noreturn]] void fail_at(lua_State* L, std::string_view word, const std::string& message);

/// Raises "<what> has no '<key>'; did you mean '<known>'?" for a text key that is not known, and
/// refuses list entries unless `list` says that they belong there: then without a hole, behind
/// which some would never be read.
enum class ListPart { none, allowed };
void check_keys(lua_State* L, int table, std::string_view what,
                std::span<const std::string_view> known, ListPart list = ListPart::none);

/// Raises "<what> is a <type>, not a <wanted>" unless the value has the type.
void check_type(lua_State* L, int index, int type, const std::string& what);

/// The text in a field, or empty if absent. Another type raises.
std::string text_field(lua_State* L, int table, const char* name, std::string_view what);

/// Makes the table on top of the stack a strict record: reading a name that it has not is nil for
/// one of `known` (which lives as long as the state), and raises for any other, with the nearest.
void make_strict(lua_State* L, const char* what, std::span<const std::string_view> known = {});

/// One of `known`; else raises with the nearest.
void check_word(lua_State* L, std::string_view word, const std::string& what,
                std::span<const std::string_view> known);

/// Pushes a document: null is nil, so members that are null are absent.
void push_json(lua_State* L, const core::Json& document);

/// Whether `none` may stand inside a table, as null.
enum class InnerNone { refused, allowed };

/// The value as a document. A table with list entries is an array and must have no other keys; an
/// empty table is an empty array; `none` is null. Raises for functions, fractions, texts that are
/// not UTF-8, lists with holes, nesting over 32, and more than 20,000 values or 1 MiB of text.
core::Json to_json(lua_State* L, int index, InnerNone inner_none = InnerNone::refused);

/// The value `none`: "no value here", where nil would say "nothing said".
void push_none(lua_State* L);
bool is_none(lua_State* L, int index);

/// The lines of the script that is being loaded or run, for fail_at(). Outlives the state.
void set_source(lua_State* L, const std::string* source);
/// Null while there is none.
const std::string* source_of(lua_State* L);

}  // namespace mortise::script
