// The schema of a data source: property configurations.
#include <algorithm>
#include <array>
#include <span>

#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::array<std::string_view, 13> kPlainTypes = {
    "title",           "rich_text", "url",      "people",     "files",        "email",
    "phone_number",    "date",      "checkbox", "created_by", "created_time", "last_edited_by",
    "last_edited_time"};
constexpr std::array<std::string_view, 6> kRichTypes = {"number", "select",    "multi_select",
                                                        "status", "unique_id", "relation"};

bool among(std::span<const std::string_view> list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

std::string type_of(const Json& json, const Json* before, const std::string& path) {
  for (const auto& [key, value] : json.items()) {
    if (among(kPlainTypes, key) || among(kRichTypes, key)) return key;
    if (key != "type" && key != "name" && key != "description" && key != "id") {
      invalid("body failed validation: " + path + "." + key +
              " is not a property type of this simulation.");
    }
  }
  if (before != nullptr) return (*before)["type"];
  bad(path, "a property configuration", json);
}

Json read_options(Model& model, const Json& config, const Json* before, const std::string& path) {
  if (!config.contains("options")) return before != nullptr ? (*before)["options"] : Json::array();
  check_array(config["options"], 100, path + ".options");
  Json options = Json::array();
  for (const Json& given : config["options"]) {
    check_keys(given, {"id", "name", "color", "description"}, path + ".options");
    Json option = {{"id", nullptr},
                   {"name", given.value("name", Json())},
                   {"color", "default"},
                   {"description", given.value("description", Json())}};
    if (before != nullptr) {
      for (const Json& old : (*before)["options"]) {
        const bool same =
            given.contains("id") ? old["id"] == given["id"] : old["name"] == option["name"];
        if (!same) continue;
        option["id"] = old["id"];
        option["color"] = old["color"];
        if (option["name"].is_null()) option["name"] = old["name"];
      }
    }
    if (option["id"].is_null()) option["id"] = model.world().ids.uuid();
    if (!option["name"].is_string()) bad(path + ".options.name", "a string", option["name"]);
    const auto& name = option["name"].get_ref<const std::string&>();
    check_length(utf16_length(name), 100, path + ".options.name");
    if (name.find(',') != std::string::npos)
      invalid("Invalid select option, commas not allowed: " + name);
    if (given.contains("color"))
      option["color"] = read_color(given["color"], path + ".options.color");
    options.push_back(std::move(option));
  }
  return options;
}

/// Notion's three groups; options that are given are put into the first, except that the last one
/// counts as complete. Without options there are its own three.
Json read_status(Model& model, const Json& config, const Json* before, const std::string& path) {
  if (before != nullptr && !config.contains("options")) return *before;
  Json options = read_options(model, config, before, path);
  if (options.empty()) {
    for (const auto& [name, color] :
         {std::pair{"Not started", "default"}, {"In progress", "blue"}, {"Done", "green"}}) {
      options.push_back({{"id", model.world().ids.uuid()},
                         {"name", name},
                         {"color", color},
                         {"description", nullptr}});
    }
  }
  Json groups = Json::array();
  for (const auto& [name, color] :
       {std::pair{"To-do", "gray"}, {"In progress", "blue"}, {"Complete", "green"}}) {
    groups.push_back({{"id", model.world().ids.uuid()},
                      {"name", name},
                      {"color", color},
                      {"option_ids", Json::array()}});
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::size_t group = i == 0 ? 0 : (i + 1 == options.size() ? 2 : 1);
    groups[group]["option_ids"].push_back(options[i]["id"]);
  }
  return {{"options", options}, {"groups", groups}};
}

Json read_relation(Model& model, const Json& config, const std::string& path) {
  const auto id = read_id(config.value("data_source_id", Json()), path + ".data_source_id");
  const Thing* source = model.find(id);
  if (source == nullptr || source->kind != Thing::Kind::data_source) missing("data source", id);
  if (!config.contains("single_property")) {
    invalid("body failed validation: " + path + ".dual_property is not part of this simulation.");
  }
  return {{"database_id", source->parent},
          {"data_source_id", id},
          {"type", "single_property"},
          {"single_property", Json::object()}};
}

Json read_config(Model& model, const std::string& type, const Json& config, const Json* before,
                 const std::string& path) {
  check_object(config, path);
  if (type == "number") return {{"format", config.value("format", "number")}};
  if (type == "unique_id") return {{"prefix", config.value("prefix", Json())}};
  if (type == "status") return read_status(model, config, before, path);
  if (type == "relation") return read_relation(model, config, path);
  if (type == "select" || type == "multi_select") {
    return {{"options", read_options(model, config, before, path)}};
  }
  return Json::object();
}

std::string new_property_id(Model& model) {
  // Real ids have odd characters and arrive percent-encoded.
  return percent_encode(
      model.world().ids.text(1, ":;=?@^") +
      model.world().ids.text(3, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

}  // namespace

Json read_property(Model& model, const std::string& name, const Json& json, const Json* before,
                   const std::string& path) {
  check_object(json, path);
  const std::string type = type_of(json, before, path);
  const bool same_type = before != nullptr && (*before)["type"] == type;
  if (before != nullptr && !same_type && ((*before)["type"] == "title" || type == "title")) {
    invalid("Cannot change the type of the title property.");
  }
  Json property = {{"id", before != nullptr ? (*before)["id"] : Json(nullptr)}, {"name", name}};
  if (before == nullptr) property["id"] = type == "title" ? "title" : new_property_id(model);
  property["description"] =
      json.value("description", before != nullptr ? (*before)["description"] : Json());
  if (property["description"].is_string()) {
    check_length(utf16_length(property["description"].get<std::string>()), 280,
                 path + ".description");
  }
  property["type"] = type;
  const Json* old = same_type ? &(*before)[type] : nullptr;
  property[type] =
      !json.contains(type) && old != nullptr
          ? *old
          : read_config(model, type, json.value(type, Json::object()), old, path + "." + type);
  return property;
}

}  // namespace mortise::simulators::notion
