// What each type of block may hold.
#include <algorithm>
#include <set>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

const std::set<std::string>& text_types() {
  static const std::set<std::string> types = {
      "paragraph", "quote",     "toggle",    "bulleted_list_item", "numbered_list_item", "to_do",
      "callout",   "heading_1", "heading_2", "heading_3",          "heading_4"};
  return types;
}

const std::set<std::string>& media_types() {
  static const std::set<std::string> types = {"image", "video", "pdf", "file", "audio"};
  return types;
}

const std::set<std::string>& other_types() {
  static const std::set<std::string> types = {
      "code",  "equation",  "divider",     "breadcrumb", "bookmark",     "embed",
      "table", "table_row", "column_list", "column",     "link_to_page", "table_of_contents"};
  return types;
}

const std::set<std::string>& languages() {
  static const std::set<std::string> names = {
      "abap",         "abc",         "agda",       "arduino",      "ascii art",
      "assembly",     "bash",        "basic",      "bnf",          "c",
      "c#",           "c++",         "clojure",    "coffeescript", "coq",
      "css",          "dart",        "dhall",      "diff",         "docker",
      "ebnf",         "elixir",      "elm",        "erlang",       "f#",
      "flow",         "fortran",     "gherkin",    "glsl",         "go",
      "graphql",      "groovy",      "haskell",    "hcl",          "html",
      "idris",        "java",        "javascript", "json",         "julia",
      "kotlin",       "latex",       "less",       "lisp",         "livescript",
      "llvm ir",      "lua",         "makefile",   "markdown",     "markup",
      "matlab",       "mathematica", "mermaid",    "nix",          "notion formula",
      "objective-c",  "ocaml",       "pascal",     "perl",         "php",
      "plain text",   "powershell",  "prolog",     "protobuf",     "purescript",
      "python",       "r",           "racket",     "reason",       "ruby",
      "rust",         "sass",        "scala",      "scheme",       "scss",
      "shell",        "smalltalk",   "solidity",   "sql",          "swift",
      "toml",         "typescript",  "vb.net",     "verilog",      "vhdl",
      "visual basic", "webassembly", "xml",        "yaml",         "java/c/c++/c#"};
  return names;
}

bool is_heading(const std::string& type) {
  return type.starts_with("heading_");
}

/// Paragraphs, lists, toggles, to-dos, callouts, headings: rich_text, color and one thing of their
/// own.
Json read_text_content(Model& model, const std::string& type, const Json& json, const Json* before,
                       const std::string& path) {
  if (type == "to_do") {
    check_keys(json, {"rich_text", "color", "checked", "children"}, path);
  } else if (type == "callout") {
    check_keys(json, {"rich_text", "color", "icon", "children"}, path);
  } else if (is_heading(type)) {
    check_keys(json, {"rich_text", "color", "is_toggleable", "children"}, path);
  } else if (type == "numbered_list_item") {
    check_keys(json, {"rich_text", "color", "children", "list_start_index", "list_format"}, path);
  } else {
    check_keys(json, {"rich_text", "color", "children"}, path);
  }
  Json content =
      before != nullptr ? *before : Json{{"rich_text", Json::array()}, {"color", "default"}};
  const bool partial = before != nullptr && (type == "to_do" || type == "callout");
  if (json.contains("rich_text")) {
    content["rich_text"] = read_rich_text(model, json["rich_text"], path + ".rich_text");
  } else if (!partial) {
    bad(path + ".rich_text", "defined", Json(Json::value_t::discarded));
  }
  if (json.contains("color")) content["color"] = read_color(json["color"], path + ".color");
  if (type == "to_do") {
    if (json.contains("checked"))
      content["checked"] = read_bool(json["checked"], path + ".checked");
    if (!content.contains("checked")) content["checked"] = false;
  } else if (type == "callout") {
    if (json.contains("icon")) content["icon"] = read_icon(json["icon"], path + ".icon");
    if (!content.contains("icon")) content["icon"] = {{"type", "emoji"}, {"emoji", "💡"}};
  } else if (is_heading(type)) {
    if (json.contains("is_toggleable")) {
      content["is_toggleable"] = read_bool(json["is_toggleable"], path + ".is_toggleable");
    }
    if (!content.contains("is_toggleable")) content["is_toggleable"] = false;
  }
  return content;
}

Json read_code(Model& model, const Json& json, const Json* before, const std::string& path) {
  check_keys(json, {"rich_text", "language", "caption"}, path);
  Json content =
      before != nullptr
          ? *before
          : Json{{"rich_text", nullptr}, {"caption", Json::array()}, {"language", nullptr}};
  for (const char* key : {"rich_text", "caption"}) {
    if (json.contains(key)) content[key] = read_rich_text(model, json[key], path + "." + key);
  }
  if (json.contains("language")) content["language"] = json["language"];
  if (content["rich_text"].is_null()) bad(path + ".rich_text", "defined", nullptr);
  if (!content["language"].is_string() ||
      !languages().contains(content["language"].get<std::string>())) {
    bad(path + ".language", "a known language", content["language"]);
  }
  return content;
}

Json read_media(Model& model, const Json& json, const Json* before, const std::string& path) {
  check_keys(json, {"type", "external", "caption", "name"}, path);
  Json content = before != nullptr ? *before : Json::object();
  if (before == nullptr || json.contains("external")) {
    const Json cover = read_cover(json, path);
    content["type"] = cover["type"];
    content["external"] = cover["external"];
  }
  if (json.contains("caption"))
    content["caption"] = read_rich_text(model, json["caption"], path + ".caption");
  if (!content.contains("caption")) content["caption"] = Json::array();
  if (json.contains("name")) content["name"] = json["name"];
  return content;
}

Json read_link(Model& model, const Json& json, const Json* before, const std::string& path) {
  check_keys(json, {"url", "caption"}, path);
  Json content = before != nullptr ? *before : Json{{"url", nullptr}, {"caption", Json::array()}};
  if (before == nullptr || json.contains("url")) {
    content["url"] = read_url(json.value("url", Json()), path + ".url");
  }
  if (json.contains("caption"))
    content["caption"] = read_rich_text(model, json["caption"], path + ".caption");
  return content;
}

Json read_table(const Json& json, const Json* before, const std::string& path) {
  if (before == nullptr) {
    check_keys(json, {"table_width", "has_column_header", "has_row_header", "children"}, path);
  } else {
    check_keys(json, {"has_column_header", "has_row_header"}, path);
  }
  Json content = before != nullptr ? *before
                                   : Json{{"table_width", json.value("table_width", Json())},
                                          {"has_column_header", false},
                                          {"has_row_header", false}};
  for (const char* key : {"has_column_header", "has_row_header"}) {
    if (json.contains(key)) content[key] = read_bool(json[key], path + "." + key);
  }
  const Json& width = content["table_width"];
  if (!width.is_number_integer() || width.get<int>() < 1)
    bad(path + ".table_width", "a number ≥ 1", width);
  return content;
}

Json read_cells(Model& model, const Json& json, const std::string& path) {
  check_keys(json, {"cells"}, path);
  const Json given = json.value("cells", Json());
  check_array(given, 100, path + ".cells");
  Json cells = Json::array();
  for (const Json& cell : given) cells.push_back(read_rich_text(model, cell, path + ".cells"));
  return {{"cells", cells}};
}

Json read_link_to_page(const Json& json, const std::string& path) {
  for (const char* key : {"page_id", "database_id", "comment_id"}) {
    if (json.contains(key)) return {{"type", key}, {key, read_id(json[key], path + "." + key)}};
  }
  bad(path, "a page_id, database_id or comment_id", json);
}

}  // namespace

bool is_block_type(const std::string& type) {
  return text_types().contains(type) || media_types().contains(type) ||
         other_types().contains(type);
}

bool takes_children(const Thing& block) {
  if (block.kind == Thing::Kind::page) return true;
  if (is_heading(block.type)) return block.body.value("is_toggleable", false);
  return text_types().contains(block.type) || block.type == "table" ||
         block.type == "column_list" || block.type == "column";
}

Json read_content(Model& model, const std::string& type, const Json& json, const Json* before,
                  const std::string& path) {
  check_object(json, path);
  if (text_types().contains(type)) return read_text_content(model, type, json, before, path);
  if (media_types().contains(type)) return read_media(model, json, before, path);
  if (type == "code") return read_code(model, json, before, path);
  if (type == "bookmark" || type == "embed") return read_link(model, json, before, path);
  if (type == "table") return read_table(json, before, path);
  if (type == "table_row") return read_cells(model, json, path);
  if (type == "link_to_page") return read_link_to_page(json, path);
  if (type == "equation") {
    check_keys(json, {"expression"}, path);
    const Json expression = json.value("expression", Json());
    if (!expression.is_string()) bad(path + ".expression", "a string", expression);
    check_length(utf16_length(expression.get_ref<const std::string&>()), 1000,
                 path + ".expression");
    return {{"expression", expression}};
  }
  if (type == "table_of_contents") {
    check_keys(json, {"color"}, path);
    return {
        {"color", json.contains("color") ? read_color(json["color"], path + ".color") : "default"}};
  }
  if (type == "column") {
    check_keys(json, {"children", "width_ratio"}, path);
    return json.contains("width_ratio") ? Json{{"width_ratio", json["width_ratio"]}}
                                        : Json::object();
  }
  if (type == "column_list") {
    check_keys(json, {"children"}, path);
    return Json::object();
  }
  check_keys(json, {}, path);
  return Json::object();
}

}  // namespace mortise::simulators::notion
