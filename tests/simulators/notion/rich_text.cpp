#include <array>

#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::array<std::string_view, 5> kMarks = {"bold", "italic", "strikethrough", "underline",
                                                    "code"};

Json read_annotations(const Json& item, const std::string& path) {
  Json marks = Json::object();
  for (const auto mark : kMarks) marks[std::string(mark)] = false;
  marks["color"] = "default";
  const auto given = item.find("annotations");
  if (given == item.end()) return marks;
  check_keys(*given, {"bold", "italic", "strikethrough", "underline", "code", "color"}, path);
  for (const auto& [key, value] : given->items()) {
    marks[key] = key == "color" ? Json(read_color(value, path + ".color"))
                                : Json(read_bool(value, path + "." + key));
  }
  return marks;
}

/// Sets `text`, `plain_text` and `href` of `out`.
void read_text(const Json& text, Json& out, const std::string& path) {
  check_keys(text, {"content", "link"}, path);
  const auto content = text.find("content");
  if (content == text.end() || !content->is_string()) {
    bad(path + ".content", "a string", content == text.end() ? Json() : *content);
  }
  check_length(utf16_length(content->get_ref<const std::string&>()), 2000, path + ".content");
  Json link = nullptr;
  if (const auto given = text.find("link"); given != text.end() && !given->is_null()) {
    check_object(*given, path + ".link");
    link = {{"url", read_url(given->value("url", Json()), path + ".link.url")}};
  }
  out["text"] = {{"content", *content}, {"link", link}};
  out["plain_text"] = *content;
  out["href"] = link.is_null() ? Json(nullptr) : link["url"];
}

std::string user_name(const std::string& id) {
  const Person* person = find_person(id);
  return person == nullptr ? "Anonymous" : std::string(person->name);
}

void read_mention(Model& model, const Json& mention, Json& out, const std::string& path) {
  check_object(mention, path);
  out["href"] = nullptr;
  if (mention.contains("user")) {
    const auto id = read_id(mention["user"].value("id", Json()), path + ".user.id");
    out["mention"] = {{"type", "user"}, {"user", {{"object", "user"}, {"id", id}}}};
    out["plain_text"] = "@" + user_name(id);
  } else if (mention.contains("date")) {
    out["mention"] = {{"type", "date"}, {"date", read_date(mention["date"], path + ".date")}};
    out["plain_text"] = out["mention"]["date"]["start"];
  } else {
    const std::string kind = mention.contains("page") ? "page" : "database";
    if (!mention.contains(kind)) bad(path, "a user, date, page or database", mention);
    const auto id = read_id(mention[kind].value("id", Json()), path + "." + kind + ".id");
    const Thing* thing = model.find(id);
    if (thing == nullptr) missing(kind, id);
    out["mention"] = {{"type", kind}, {kind, {{"id", id}}}};
    out["plain_text"] = title_of(*thing).empty() ? "Untitled" : title_of(*thing);
    out["href"] = model.world().base_url + "/notion/" + id;
  }
}

Json read_item(Model& model, const Json& item, const std::string& path) {
  check_keys(item, {"type", "text", "mention", "equation", "annotations", "plain_text", "href"},
             path);
  Json out = Json::object();
  if (item.contains("text")) {
    out["type"] = "text";
    read_text(item["text"], out, path + ".text");
  } else if (item.contains("mention")) {
    out["type"] = "mention";
    read_mention(model, item["mention"], out, path + ".mention");
  } else if (item.contains("equation")) {
    check_object(item["equation"], path + ".equation");
    const Json expression = item["equation"].value("expression", Json());
    if (!expression.is_string()) bad(path + ".equation.expression", "a string", expression);
    check_length(utf16_length(expression.get_ref<const std::string&>()), 1000,
                 path + ".equation.expression");
    out = {{"type", "equation"},
           {"equation", {{"expression", expression}}},
           {"plain_text", expression},
           {"href", nullptr}};
  } else {
    bad(path + ".text", "defined", Json(Json::value_t::discarded));
  }
  if (item.contains("type") && item["type"] != out["type"]) {
    bad(path + ".type", "`" + out["type"].get<std::string>() + "`", item["type"]);
  }
  out["annotations"] = read_annotations(item, path + ".annotations");
  return out;
}

}  // namespace

Json read_rich_text(Model& model, const Json& json, const std::string& path) {
  check_array(json, 100, path);
  Json out = Json::array();
  for (std::size_t i = 0; i < json.size(); ++i) {
    Json item = read_item(model, json[i], path + "[" + std::to_string(i) + "]");
    // Notion drops empty runs.
    if (item["type"] != "text" || !item["plain_text"].get_ref<const std::string&>().empty()) {
      out.push_back(std::move(item));
    }
  }
  return out;
}

}  // namespace mortise::simulators::notion
