#include "core/settings.hpp"

#include <nlohmann/json.hpp>

namespace mortise::core {
namespace {

JsonText written(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

JsonText settings_part(const JsonText& settings, std::string_view part) {
  const auto document = parse_json(settings);
  if (!document || !document->is_object()) return "{}";
  const auto found = document->find(part);
  return found != document->end() && found->is_object() ? written(*found) : "{}";
}

JsonText with_defaults(const JsonText& overrides, const SettingValues& defaults) {
  auto settings = parse_json(overrides);
  Json all = settings && settings->is_object() ? *std::move(settings) : Json::object();
  for (const auto& [name, text] : defaults) {
    if (all.contains(name)) continue;
    if (auto value = parse_json(text)) all[std::string(name)] = *std::move(value);
  }
  return written(all);
}

}  // namespace mortise::core
