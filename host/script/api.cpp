#include "script/api.hpp"

#include <array>

#include "script/libraries.hpp"

namespace mortise::script {

using Words = std::span<const std::string_view>;

void install_api(lua_State* L) {
  install_policy_api(L);
  install_mapping_api(L);
  install_setting_api(L);
  install_transform_api(L);
  install_times(L);
}

void set_kind(lua_State* L, int index, std::string_view kind) {
  const int table = lua_absindex(L, index);
  push_text(L, kind);
  lua_setfield(L, table, "kind");
}

bool is_kind(lua_State* L, int index, std::string_view kind) {
  if (!lua_istable(L, index)) return false;
  const int top = lua_gettop(L);
  // Read past what raises for unknown names: strict records, and the lock on what the host brings.
  lua_pushvalue(L, index);
  lua_pushliteral(L, "kind");
  if (lua_rawget(L, -2) == LUA_TNIL && luaL_getmetafield(L, top + 1, "__index") == LUA_TTABLE) {
    lua_pushliteral(L, "kind");
    lua_rawget(L, -2);
  }
  const bool is = lua_type(L, -1) == LUA_TSTRING && check_text(L, -1) == kind;
  lua_settop(L, top);
  return is;
}

Words task_fields() {
  static constexpr std::array<std::string_view, 20> kFields = {
      "attendees",  "color",     "due",      "duration_s", "external_id",  "extra", "id",
      "key",        "kind",      "link",     "location",   "meeting_link", "notes", "position",
      "recurrence", "reminders", "schedule", "status",     "title",        "zone"};
  return kFields;
}

Words changeable_task_fields() {
  static constexpr std::array<std::string_view, 12> kFields = {
      "attendees", "color",      "due",       "duration_s", "link",   "location",
      "notes",     "recurrence", "reminders", "schedule",   "status", "title"};
  return kFields;
}

Words task_kinds() {
  static constexpr std::array<std::string_view, 3> kKinds = {"event", "row", "todo"};
  return kKinds;
}

// docs/kinds.md
Words item_fields(std::string_view kind) {
  static constexpr std::array<std::string_view, 4> kTodo = {"checked", "detail", "link", "text"};
  static constexpr std::array<std::string_view, 14> kEvent = {
      "alerts",       "color",      "description",     "duration", "links",  "location",
      "participants", "recurrence", "showWithoutTime", "start",    "status", "timeZone",
      "title",        "x"};
  if (kind == "todo") return kTodo;
  if (kind == "event") return kEvent;
  return {};
}

}  // namespace mortise::script
