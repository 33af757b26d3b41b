#include "script/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <lua.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/names.hpp"
#include "script/api.hpp"
#include "script/budget.hpp"
#include "script/libraries.hpp"
#include "script/tables.hpp"
#include "script/words.hpp"

namespace mortise::script {
namespace {

using core::Json;

constexpr std::size_t kLongestText = 1000;
constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53) - 1;
constexpr std::array<const char*, 4> kKindNames = {"choice", "text", "number", "flag"};
/// The same as the API and the connectors' manifests name them.
constexpr std::array<const char*, 4> kTypeNames = {"choice", "text", "integer", "flag"};

std::vector<std::string_view> views(const std::vector<std::string>& words) {
  return {words.begin(), words.end()};
}

// What is wrong with a value for a setting, or empty.
std::string complaint(const Setting& setting, const Json& value) {
  switch (setting.kind) {
    case SettingKind::flag:
      return value.is_boolean() ? "" : "takes true or false";
    case SettingKind::text:
      return value.is_string() && value.get<std::string>().size() <= kLongestText
                 ? ""
                 : fmt::format("takes a text of at most {} bytes", kLongestText);
    case SettingKind::number:
      return value.is_number_integer() && value.get<std::int64_t>() >= setting.min &&
                     value.get<std::int64_t>() <= setting.max
                 ? ""
                 : fmt::format("takes a whole number from {} to {}", setting.min, setting.max);
    case SettingKind::choice: {
      if (!value.is_string()) return "takes one of its choices";
      const auto word = value.get<std::string>();
      const bool known =
          std::find(setting.choices.begin(), setting.choices.end(), word) != setting.choices.end();
      return known
                 ? ""
                 : fmt::format("cannot be '{}'{}", word, suggestion(word, views(setting.choices)));
    }
  }
  return "has an unknown kind";
}

core::JsonText canonical(const Json& document) {
  Result<core::JsonText> text = core::canonical_json(document);
  return text ? std::move(*text) : core::JsonText("{}");
}

Json stored(const core::JsonText& text) {
  Result<Json> parsed = core::parse_json(text);
  return parsed ? std::move(*parsed) : Json();
}

template <std::size_t N>
void describe(lua_State* L, std::string_view kind, const std::array<std::string_view, N>& keys,
              ListPart list) {
  check_keys(L, 1, kind, keys, list);
  lua_settop(L, 1);
  set_kind(L, 1, kind);
}

int make_choice(lua_State* L) {
  describe(L, "choice", std::array<std::string_view, 2>{"default", "says"}, ListPart::allowed);
  return 1;
}

int make_text(lua_State* L) {
  describe(L, "text", std::array<std::string_view, 2>{"default", "says"}, ListPart::none);
  return 1;
}

int make_number(lua_State* L) {
  describe(L, "number", std::array<std::string_view, 4>{"default", "max", "min", "says"},
           ListPart::none);
  return 1;
}

int make_flag(lua_State* L) {
  describe(L, "flag", std::array<std::string_view, 2>{"default", "says"}, ListPart::none);
  return 1;
}

std::int64_t bound_of(lua_State* L, const char* name, std::int64_t otherwise) {
  lua_getfield(L, -1, name);
  const bool given = !lua_isnil(L, -1);
  if (given && lua_isinteger(L, -1) == 0) luaL_error(L, "%s of a number is a whole number", name);
  const std::int64_t bound = given ? lua_tointeger(L, -1) : otherwise;
  lua_pop(L, 1);
  return bound;
}

// The description on top of the stack.
Setting read_setting(lua_State* L, const std::string& name) {
  Setting setting;
  setting.name = name;
  std::optional<SettingKind> kind;
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (is_kind(L, -1, kKindNames[i])) kind = static_cast<SettingKind>(i);
  }
  if (!kind) {
    fail_at(L, name,
            fmt::format("setting '{}' is described with choice{{...}}, text{{...}}, "
                        "number{{...}} or flag{{...}}",
                        name));
  }
  setting.kind = *kind;
  setting.says = text_field(L, -1, "says", "setting '" + name + "'");
  setting.min = bound_of(L, "min", 0);
  setting.max = bound_of(L, "max", kLargestNumber);
  const auto count = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(L, -1, i);
    check_type(L, -1, LUA_TSTRING, "a choice of setting '" + name + "'");
    Budget::of(L).charge(L, 5 + lua_rawlen(L, -1) / 64);
    setting.choices.emplace_back(check_text(L, -1));
    lua_pop(L, 1);
  }
  lua_getfield(L, -1, "default");
  const Json value = to_json(L, -1);
  lua_pop(L, 1);
  if (const std::string wrong = complaint(setting, value); !wrong.empty()) {
    fail_at(L, name,
            fmt::format("the default of setting '{}' is missing or wrong: it {}", name, wrong));
  }
  setting.default_value = canonical(value);
  return setting;
}

// The one setting that the host reads itself: every word has to be one of its own.
void check_conflicts(lua_State* L, const Setting& setting) {
  std::vector<std::string_view> known;
  for (const auto& policy : core::names_of<core::MergePolicy>()) known.push_back(policy.name);
  if (setting.kind != SettingKind::choice) {
    fail_at(L, setting.name,
            fmt::format("setting 'conflicts' is a choice of {}", fmt::join(known, ", ")));
  }
  for (const std::string& word : setting.choices) {
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    fail_at(L, word,
            fmt::format("setting 'conflicts' has no '{}'{}: it is a choice of {}", word,
                        suggestion(word, known), fmt::join(known, ", ")));
  }
}

}  // namespace

std::vector<Setting> read_settings(lua_State* L) {
  std::vector<Setting> settings;
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    check_type(L, -2, LUA_TSTRING, "the name of a setting");
    settings.push_back(read_setting(L, std::string(check_text(L, -2))));
    if (settings.back().name == "conflicts") check_conflicts(L, settings.back());
    lua_pop(L, 1);
  }
  std::sort(settings.begin(), settings.end(),
            [](const Setting& a, const Setting& b) { return a.name < b.name; });
  return settings;
}

Status check_settings(const std::vector<Setting>& settings, const core::JsonText& overrides) {
  const Json given = stored(overrides);
  if (!given.is_object()) return Error{Code::invalid, "settings are a JSON object"};
  std::vector<std::string_view> names;
  for (const Setting& setting : settings) names.push_back(setting.name);
  for (const auto& member : given.items()) {
    const auto setting = std::find_if(settings.begin(), settings.end(),
                                      [&](const Setting& s) { return s.name == member.key(); });
    if (setting == settings.end()) {
      return Error{Code::invalid, fmt::format("there is no setting '{}'{}", member.key(),
                                              suggestion(member.key(), names))};
    }
    if (const std::string wrong = complaint(*setting, member.value()); !wrong.empty()) {
      return Error{Code::invalid, fmt::format("setting '{}' {}", setting->name, wrong)};
    }
  }
  return {};
}

core::JsonText effective_settings(const std::vector<Setting>& settings,
                                  const core::JsonText& overrides) {
  const Json given = stored(overrides);
  Json all = Json::object();
  for (const Setting& setting : settings) {
    const bool fits = given.is_object() && given.contains(setting.name) &&
                      complaint(setting, given[setting.name]).empty();
    all[setting.name] = fits ? given[setting.name] : stored(setting.default_value);
  }
  return canonical(all);
}

core::JsonText settings_schema(const std::vector<Setting>& settings) {
  Json schema = Json::array();
  for (const Setting& setting : settings) {
    Json entry = {{"name", setting.name},
                  {"type", kTypeNames[static_cast<std::size_t>(setting.kind)]},
                  {"default", stored(setting.default_value)},
                  {"says", setting.says}};
    if (setting.kind == SettingKind::choice) entry["choices"] = setting.choices;
    if (setting.kind == SettingKind::number) {
      entry["least"] = setting.min;
      entry["most"] = setting.max;
    }
    schema.push_back(std::move(entry));
  }
  return canonical(schema);
}

void install_setting_api(lua_State* L) {
  const luaL_Reg functions[] = {{"choice", &make_choice},
                                {"text", &make_text},
                                {"number", &make_number},
                                {"flag", &make_flag},
                                {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace mortise::script
