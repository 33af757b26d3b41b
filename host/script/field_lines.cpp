#include "script/field_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "script/api.hpp"
#include "script/libraries.hpp"
#include "script/sandbox.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

using core::Json;

// A field of the line at `line` as text; empty if absent or no text.
std::string plain_text(lua_State* L, int line, const char* name) {
  lua_getfield(L, line, name);
  std::string text =
      lua_type(L, -1) == LUA_TSTRING ? std::string(check_text(L, -1)) : std::string();
  lua_pop(L, 1);
  return text;
}

// Pushes the function that the line has for one way, by itself or through `via`; or nil.
void push_way(lua_State* L, int line, const char* way) {
  lua_getfield(L, line, way);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  lua_getfield(L, line, "via");
  if (lua_isnil(L, -1)) return;
  lua_getfield(L, -1, way);
  lua_remove(L, -2);
}

bool has_via(lua_State* L, int line) {
  lua_getfield(L, line, "via");
  const bool has = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return has;
}

// Pushes the value that the line at `line` gives its item field; nil for none.
void push_item_value(lua_State* L, int line, const FieldCall& call) {
  const std::string task_field = plain_text(L, line, "task");
  push_way(L, line, "to_item");
  if (lua_type(L, -1) == LUA_TSTRING) {  // to_item = "position": that field, one way
    lua_gettable(L, call.task);
    return;
  }
  if (task_field.empty()) {
    if (lua_isnil(L, -1)) return;  // a way back only
    lua_pushvalue(L, call.task);
    lua_pushvalue(L, call.here);
    lua_call(L, 2, 1);
    return;
  }
  lua_getfield(L, call.task, task_field.c_str());
  if (lua_isnil(L, -2) || (lua_isnil(L, -1) && has_via(L, line))) {
    lua_remove(L, -2);  // as it is; a transform is not asked about nothing
    return;
  }
  lua_pushvalue(L, call.task);
  lua_pushvalue(L, call.here);
  lua_call(L, 3, 1);
}

// Calls `visit(line, item)` for each line; the line is on the stack while it is visited.
template <class Visit>
void for_each_line(lua_State* L, const FieldCall& call, Visit visit) {
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, call.lines));
  for (lua_Integer i = 1; i <= count; ++i) {
    Budget::of(L).charge(L, 5);
    lua_rawgeti(L, call.lines, i);
    const int line = lua_gettop(L);
    *call.item = plain_text(L, line, "item");
    visit(line, *call.item);
    lua_settop(L, line - 1);
  }
}

// One changed task field: into the list of changes, and into the task that later lines see.
void apply(lua_State* L, const FieldCall& call, const std::string& field, Json& changes) {
  check_word(L, field, "changed task field", changeable_task_fields());
  changes[field] = to_json(L, -1, InnerNone::allowed);  // a merge patch: clears a part of the field
  if (is_none(L, -1)) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  lua_setfield(L, call.task, field.c_str());
}

bool is_lossy(lua_State* L, int line) {
  lua_getfield(L, line, "lossy");
  const bool lossy = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return lossy;
}

/// What a line made of a changed item field.
enum class Back { one_way, nothing, taken };

/// What the lines of a changed item field made of it.
struct Asked {
  Back took = Back::one_way;
  Json gave = Json::object();  ///< the task fields
};

// Asks the line for its way back with the value on top of the stack.
Back go_back(lua_State* L, int line, const FieldCall& call, Json& changes) {
  const std::string task_field = plain_text(L, line, "task");
  push_way(L, line, "to_item");
  const bool forward_only = !lua_isnil(L, -1) && !has_via(L, line);
  lua_pop(L, 1);
  push_way(L, line, "to_task");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    if (task_field.empty() || forward_only) return Back::one_way;
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_none(L);
    }
    apply(L, call, task_field, changes);  // as it is
    return Back::taken;
  }
  const bool cleared = lua_isnil(L, -2);
  if (cleared && has_via(L, line)) {  // a transform is not asked about nothing
    push_none(L);
    apply(L, call, task_field, changes);
    return Back::taken;
  }
  lua_insert(L, -2);
  lua_pushvalue(L, call.task);
  lua_pushvalue(L, call.here);
  lua_call(L, 3, 1);
  if (lua_isnil(L, -1)) return Back::nothing;
  if (!task_field.empty()) {
    apply(L, call, task_field, changes);
    return Back::taken;
  }
  check_type(L, -1, LUA_TTABLE, "what to_task answers without a task field");
  const int answer = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, answer) != 0) {
    const std::string field = text_of(L, -2);
    apply(L, call, field, changes);
  }
  return Back::taken;
}

// Whether a `lossy` line of the item field `name` keeps what it gave: asked again, with what the
// task says of it now, it gives the same.
bool keeps_part(lua_State* L, const FieldCall& call, const std::string& name, const Json& mapped,
                const Json& gave) {
  bool keeps = false;
  for_each_line(L, call, [&](int line, const std::string& item) {
    if (item != name || mapped.is_null() || !is_lossy(L, line)) return;
    Json again = gave;
    push_json(L, mapped);
    go_back(L, line, call, again);
    keeps = again == gave;
  });
  return keeps;
}

// What the changed task says of the fields that lines were asked about.
void check_law(lua_State* L, const FieldCall& call, const Json& changed,
               const std::map<std::string, Asked>& asked, WaysBack& ways) {
  const Json now = item_fields_of(L, call);
  const auto shown = [](const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 100);
  };
  for (const auto& [item, lines] : asked) {
    const Json& read = changed[item];
    const Json mapped = now.contains(item) ? now[item] : Json();
    if (mapped == read) {
      ways.taken.push_back(item);
      continue;
    }
    if (lines.took == Back::nothing) {
      ways.dropped.push_back(item);
      continue;
    }
    if (keeps_part(L, call, item, mapped, lines.gave)) continue;
    ways.lossy[item] =
        fmt::format("lossy_mapping: '{}' was changed to {}, but the app can only say {}", item,
                    shown(read), shown(mapped));
  }
}

}  // namespace

void push_lines(lua_State* L, const std::string& kind) {
  Sandbox::push_returned(L);
  lua_getfield(L, -1, "fields");
  lua_getfield(L, -1, kind.c_str());
  if (!lua_istable(L, -1)) luaL_error(L, "fields has no '%s'", kind.c_str());
  lua_replace(L, -3);
  lua_pop(L, 1);
}

bool is_wanted(lua_State* L, const FieldCall& call) {
  lua_getfield(L, call.lines, "when");
  bool wanted = true;
  if (!lua_isnil(L, -1)) {
    lua_pushvalue(L, call.task);
    lua_pushvalue(L, call.here);
    lua_call(L, 2, 1);
    wanted = lua_toboolean(L, -1) != 0;
  }
  lua_pop(L, 1);
  return wanted;
}

Json item_fields_of(lua_State* L, const FieldCall& call) {
  Json fields = Json::object();
  for_each_line(L, call, [&](int line, const std::string& item) {
    push_item_value(L, line, call);
    if (!lua_isnil(L, -1) && !is_none(L, -1)) fields[item] = to_json(L, -1);
  });
  return fields;
}

Json task_changes(lua_State* L, const FieldCall& call, const Json& changed, WaysBack& ways) {
  Json changes = Json::object();
  std::map<std::string, Asked> asked;
  for_each_line(L, call, [&](int line, const std::string& item) {
    if (!changed.contains(item)) return;
    push_json(L, changed[item]);
    Json gave = Json::object();
    const Back back = go_back(L, line, call, gave);
    if (back == Back::one_way) return;
    changes.update(gave);
    asked[item].took = std::max(asked[item].took, back);
    asked[item].gave.update(gave);
  });
  check_law(L, call, changed, asked, ways);
  return changes;
}

}  // namespace mortise::script
