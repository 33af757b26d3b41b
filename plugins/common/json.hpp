// Reading JSON that a stranger wrote: nothing here throws, what is missing or of another type reads
// as empty. For our own connectors. Includes all of nlohmann's header: only codecs include this.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace common {

using Json = nlohmann::json;

/// The member, or null.
inline const Json& member(const Json& object, std::string_view name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}
/// The member as a string, or "".
inline std::string text(const Json& object, std::string_view name) {
  const Json& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}
inline bool flag(const Json& object, std::string_view name) {
  const Json& found = member(object, name);
  return found.is_boolean() && found.get<bool>();
}
/// The member if it is an array, else an empty one.
inline const Json& list(const Json& object, std::string_view name) {
  static const Json nothing = Json::array();
  const Json& found = member(object, name);
  return found.is_array() ? found : nothing;
}
/// Compact, and never an exception: bytes that are no UTF-8 become U+FFFD.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
inline Json parse(std::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

}  // namespace common
