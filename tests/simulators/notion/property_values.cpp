// Row values: what a client writes into a property, and what is read where nothing was written.
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

using std::chrono::milliseconds;

/// "2026-11-20T18:00:00.000+01:00" for a date-time, the date itself for a date.
Json read_moment(const Json& json, const Json& zone, const std::string& path) {
  if (!json.is_string()) bad(path, "a valid ISO 8601 date string", json);
  const auto& text = json.get_ref<const std::string&>();
  const auto at = parse_time(text);
  if (!at) bad(path, "a valid ISO 8601 date string", json);
  if (text.size() == 10) return text;
  const auto sign = text.find_first_of("Z+-", 11);
  if (zone.is_null()) {
    std::string offset =
        sign == std::string::npos || text[sign] == 'Z' ? "+00:00" : text.substr(sign);
    if (offset.size() == 5) offset.insert(3, ":");
    const auto hours = std::stoi(offset.substr(1, 2)), minutes = std::stoi(offset.substr(4, 2));
    const auto shift = std::chrono::minutes((hours * 60 + minutes) * (offset[0] == '-' ? -1 : 1));
    return date::format("%FT%T", date::sys_time<milliseconds>(milliseconds(*at) + shift)) + offset;
  }
  if (sign != std::string::npos) {
    invalid("body failed validation: " + path +
            " must not have an offset when time_zone is given.");
  }
  const auto local = date::local_time<milliseconds>(milliseconds(*at));
  const auto zoned = date::make_zoned(zone.get<std::string>(), local, date::choose::earliest);
  return date::format("%FT%T%Ez", zoned);
}

Json read_zone(const Json& json, const std::string& path) {
  if (!json.contains("time_zone") || json["time_zone"].is_null()) return nullptr;
  try {
    date::locate_zone(json["time_zone"].get<std::string>());
  } catch (const std::exception&) {
    bad(path + ".time_zone", "a valid IANA time zone", json["time_zone"]);
  }
  return json["time_zone"];
}

Json& find_option(Json& options, const Json& given) {
  static Json none;
  for (Json& option : options) {
    if (given.contains("id") ? option["id"] == given["id"]
                             : option["name"] == given.value("name", Json())) {
      return option;
    }
  }
  return none;
}

/// The option {id, name, color} that `json` names; unknown names become new options of a select.
Json read_option(Model& model, Json& property, const Json& json, const std::string& path) {
  const std::string type = property["type"];
  check_keys(json, {"id", "name", "color", "description"}, path);
  if (!json.contains("id") && !json.contains("name")) bad(path + ".name", "defined", json);
  Json& options = property[type]["options"];
  const Json& option = find_option(options, json);
  if (!option.is_null()) {
    return {{"id", option["id"]}, {"name", option["name"]}, {"color", option["color"]}};
  }
  if (!json.contains("name") || type == "status") {
    invalid((type == "status" ? "Status" : "Select") + std::string(" option \"") +
            (json.contains("name") ? json["name"] : json["id"]).get<std::string>() +
            "\" does not exist for property \"" + property["name"].get<std::string>() + "\".");
  }
  const std::string name = json["name"].is_string() ? json["name"].get<std::string>() : "";
  if (name.empty()) bad(path + ".name", "a string", json["name"]);
  if (name.find(',') != std::string::npos) {
    invalid("Invalid select option, commas not allowed: " + name);
  }
  check_length(utf16_length(name), 100, path + ".name");
  Json added = {
      {"id", model.world().ids.uuid()}, {"name", name}, {"color", json.value("color", "default")}};
  Json kept = added;
  kept["description"] = nullptr;
  options.push_back(std::move(kept));
  return added;
}

Json read_string(const Json& json, std::size_t most, const std::string& path) {
  if (json.is_null()) return nullptr;
  if (!json.is_string()) bad(path, "a string or `null`", json);
  const auto& text = json.get_ref<const std::string&>();
  if (text.empty())
    invalid("body failed validation: " + path + " should not be empty; use null to clear it.");
  check_length(utf16_length(text), most, path);
  return text;
}

Json read_list(Model& model, Json& property, const Json& json, const std::string& path) {
  const std::string type = property["type"];
  check_array(json, 100, path);
  Json list = Json::array();
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    if (type == "multi_select") {
      list.push_back(read_option(model, property, json[i], at));
      continue;
    }
    check_object(json[i], at);
    const std::string id = read_id(json[i].value("id", Json()), at + ".id");
    if (type == "people") {
      if (find_person(id) == nullptr) missing("user", id);
      list.push_back({{"object", "user"}, {"id", id}});
    } else {
      const Thing* page = model.find(id);
      if (page == nullptr || page->kind != Thing::Kind::page) missing("page", id);
      list.push_back({{"id", id}});
    }
  }
  return list;
}

Json read_files(const Json& json, const std::string& path) {
  check_array(json, 100, path);
  Json list = Json::array();
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    Json file = read_cover(json[i], at);
    if (file.is_null()) bad(at, "an object", json[i]);
    file["name"] = read_string(json[i].value("name", Json()), 100, at + ".name");
    list.push_back(std::move(file));
  }
  return list;
}

}  // namespace

Json read_date(const Json& json, const std::string& path) {
  if (json.is_null()) return nullptr;
  check_keys(json, {"start", "end", "time_zone"}, path);
  const Json zone = read_zone(json, path);
  const Json start = read_moment(json.value("start", Json()), zone, path + ".start");
  Json end = nullptr;
  if (json.contains("end") && !json["end"].is_null())
    end = read_moment(json["end"], zone, path + ".end");
  if (end.is_string()) {
    if (*parse_time(end.get<std::string>()) < *parse_time(start.get<std::string>())) {
      invalid("body failed validation: " + path + ".end must not be before start.");
    }
  }
  return {{"start", start}, {"end", end}, {"time_zone", nullptr}};
}

Json empty_value(const std::string& type) {
  static constexpr std::array<std::string_view, 6> lists = {"title",  "rich_text", "multi_select",
                                                            "people", "relation",  "files"};
  if (std::ranges::find(lists, type) != lists.end()) return Json::array();
  return type == "checkbox" ? Json(false) : Json(nullptr);
}

Json read_value(Model& model, Json& property, const Json& json, const std::string& path) {
  const std::string type = property["type"];
  check_object(json, path);
  if (!json.contains(type)) {
    invalid(property["name"].get<std::string>() + " is expected to be " + type + ".");
  }
  check_keys(json, {"id", "type", "name", type}, path);
  const Json& value = json[type];
  const std::string at = path + "." + type;
  if (type == "title" || type == "rich_text") return read_rich_text(model, value, at);
  if (type == "checkbox") return read_bool(value, at);
  if (type == "date") return read_date(value, at);
  if (type == "url") return read_string(value, 2000, at);
  if (type == "email" || type == "phone_number") return read_string(value, 200, at);
  if (type == "files") return read_files(value, at);
  if (type == "number") {
    if (!value.is_null() && !value.is_number()) bad(at, "a number or `null`", value);
    return value;
  }
  if (type == "select" || type == "status") {
    return value.is_null() ? value : read_option(model, property, value, at);
  }
  if (type == "multi_select" || type == "people" || type == "relation") {
    return read_list(model, property, value, at);
  }
  invalid(property["name"].get<std::string>() + " cannot be written: " + type + " is read only.");
}

}  // namespace mortise::simulators::notion
