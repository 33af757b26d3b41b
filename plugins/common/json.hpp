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
inline constexpr int kDeepest = 64;  // the host's own bound
/// Whether it is nested deeper than that, JSON or not.
inline bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '[' || c == '{')) {
      if (++depth > kDeepest) return true;
    } else if (!quoted && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return false;
}
/// Discarded if it is no JSON, or nested so deep that copying or writing it, which the library does
/// by recursion, could end the stack.
inline Json parse(std::string_view text) {
  if (is_too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

}  // namespace common
