// The small checks: lengths, kinds, ids, colours, links, icons.
#include <algorithm>
#include <array>

#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::array<std::string_view, 10> kColors = {
    "default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red"};

std::string shown(const Json& given) {
  std::string text = given.is_discarded() ? "undefined" : given.dump();
  if (text.size() > 120) text = text.substr(0, 120) + "...";
  return text;
}

}  // namespace

void bad(const std::string& path, const std::string& what, const Json& given) {
  invalid("body failed validation: " + path + " should be " + what + ", instead was `" +
          shown(given) + "`.");
}

void check_length(std::size_t length, std::size_t most, const std::string& path) {
  if (length > most) {
    invalid("body failed validation: " + path + ".length should be ≤ `" + std::to_string(most) +
            "`, instead was `" + std::to_string(length) + "`.");
  }
}

void check_object(const Json& json, const std::string& path) {
  if (!json.is_object()) bad(path, "an object", json);
}

void check_array(const Json& json, std::size_t most, const std::string& path) {
  if (!json.is_array()) bad(path, "an array", json);
  check_length(json.size(), most, path);
}

void check_keys(const Json& json, std::initializer_list<std::string_view> known,
                const std::string& path) {
  check_object(json, path);
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(known, key) == known.end()) bad(path + "." + key, "not present", value);
  }
}

std::string read_id(const Json& json, const std::string& path) {
  const std::string id = json.is_string() ? normal_id(json.get<std::string>()) : "";
  if (id.empty()) bad(path, "a valid uuid", json);
  return id;
}

bool read_bool(const Json& json, const std::string& path) {
  if (!json.is_boolean()) bad(path, "a boolean", json);
  return json.get<bool>();
}

std::string read_color(const Json& json, const std::string& path) {
  std::string_view plain;
  const std::string color = json.is_string() ? json.get<std::string>() : "";
  plain = color;
  if (plain.ends_with("_background")) plain.remove_suffix(11);
  if (std::ranges::find(kColors, plain) == kColors.end()) bad(path, "a color", json);
  return color;
}

Json read_url(const Json& json, const std::string& path) {
  if (!json.is_string()) bad(path, "a string", json);
  const auto& url = json.get_ref<const std::string&>();
  check_length(utf16_length(url), 2000, path);
  const bool link =
      url.find("://") != std::string::npos || url.starts_with("mailto:") || url.starts_with("tel:");
  if (!link || url.find(' ') != std::string::npos) invalid("Invalid URL for link.");
  return url;
}

Json read_icon(const Json& json, const std::string& path) {
  if (json.is_null()) return nullptr;
  check_object(json, path);
  if (json.contains("emoji")) {
    if (!json["emoji"].is_string() || json["emoji"].get_ref<const std::string&>().empty()) {
      bad(path + ".emoji", "an emoji", json["emoji"]);
    }
    return {{"type", "emoji"}, {"emoji", json["emoji"]}};
  }
  if (json.contains("external")) return read_cover(json, path);
  bad(path, "an emoji or external icon", json);
}

Json read_cover(const Json& json, const std::string& path) {
  if (json.is_null()) return nullptr;
  check_object(json, path);
  if (!json.contains("external"))
    bad(path + ".external", "defined", Json(Json::value_t::discarded));
  check_keys(json["external"], {"url"}, path + ".external");
  return {{"type", "external"},
          {"external",
           {{"url", read_url(json["external"].value("url", Json()), path + ".external.url")}}}};
}

}  // namespace mortise::simulators::notion
