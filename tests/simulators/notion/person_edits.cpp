// What a person edits by hand. Where a connection can do the same, its call is used.
#include <algorithm>
#include <array>
#include <charconv>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/edits.hpp"
#include "simulators/notion/person.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

std::string text_of(const Json& body, const char* key) {
  if (!body.contains(key) || !body[key].is_string()) bad(key, "a string", body.value(key, Json()));
  return body[key];
}

/// People use the same calls as connections: as if they held a grant for all of their workspace.
Json as_person(Edit& edit, Thing& thing, const Json& body, Json (*answer)(Call&)) {
  Grant grant;
  grant.person = grant.bot = edit.author;
  grant.workspace = thing.workspace;
  Request request;
  request.method = "POST";
  Call call{edit.model, grant, request, body, {thing.id}};
  return answer(call);
}

/// A database's only data source, or the data source itself.
Thing& source_of(Edit& edit) {
  if (edit.thing.kind == Thing::Kind::data_source) return edit.thing;
  const auto sources = edit.model.living_children(edit.thing);
  if (edit.thing.kind != Thing::Kind::database || sources.size() != 1) {
    invalid("Rows and columns belong to a data source, or to a database with one.");
  }
  return *sources.front();
}

/// The id that a call answered for what it made or changed.
std::string id_in(const Json& answer) {
  return answer.at("id");
}

// Actions: each answers the id of what it changed or made.

std::string rename(Edit& edit) {
  Thing& thing = edit.thing;
  const Json text = rich_text_of(text_of(edit.body, "title"));
  if (thing.kind == Thing::Kind::block) {
    if (!thing.body.contains("rich_text")) invalid("This block has no text.");
    thing.body["rich_text"] = text;
    content_edited(edit.model, thing, edit.author);
  } else if (thing.kind == Thing::Kind::page) {
    thing.body["properties"]["title"] = text;
    properties_edited(edit.model, thing, {"title"}, edit.author);
  } else {
    thing.body["title"] = text;
    edit.model.touch(thing, edit.author);
  }
  return thing.id;
}

/// Ticks a to-do, or a row: its first checkbox, else its status (done is the last option).
std::string tick(Edit& edit) {
  Thing& thing = edit.thing;
  const bool checked = edit.body.value("checked", true);
  if (thing.type == "to_do") {
    thing.body["checked"] = checked;
    content_edited(edit.model, thing, edit.author);
    return thing.id;
  }
  const Thing* source = edit.model.source_of(thing);
  if (source == nullptr) invalid("Only to-dos and rows can be ticked.");
  for (const char* type : {"checkbox", "status"}) {
    for (const Json& property : source->body["properties"]) {
      if (property["type"] != type) continue;
      Json value = checked;
      if (property["type"] == "status") {
        const Json& options = property["status"]["options"];
        const Json& option = checked ? options.back() : options.front();
        value = {{"id", option["id"]}, {"name", option["name"]}, {"color", option["color"]}};
      }
      const std::string id = property["id"];
      thing.body["properties"][id] = std::move(value);
      properties_edited(edit.model, thing, {id}, edit.author);
      return thing.id;
    }
  }
  invalid("This row has nothing to tick.");
}

/// Text as a client writes it.
Json typed_text(const std::string& text) {
  if (text.empty()) return Json::array();
  return Json::array({{{"text", {{"content", text}}}}});
}

std::vector<std::string> comma_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::size_t first = text.find_first_not_of(' ', at);
    if (first < end)
      parts.push_back(text.substr(first, text.find_last_not_of(' ', end - 1) + 1 - first));
    at = end + 1;
  }
  return parts;
}

/// What the API takes for a value that a person typed: "2026-12-01", "2026-12-01/2026-12-03",
/// "Done", "a, b", "12.5", "true". Nothing typed clears it.
Json typed_value(const std::string& type, const std::string& text) {
  if (type == "title" || type == "rich_text") return typed_text(text);
  if (type == "checkbox") return text == "true" || text == "1" || text == "on";
  Json list = Json::array();
  const char* key = type == "multi_select" ? "name" : "id";
  if (type == "multi_select" || type == "relation" || type == "people") {
    for (const auto& part : comma_list(text)) list.push_back({{key, part}});
    return list;
  }
  if (text.empty()) return nullptr;
  if (type == "select" || type == "status") return {{"name", text}};
  if (type == "date") {
    const auto slash = text.find('/');
    Json date = {{"start", text.substr(0, slash)}};
    if (slash != std::string::npos) date["end"] = text.substr(slash + 1);
    return date;
  }
  if (type == "number") {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) bad("value", "a number", text);
    return number;
  }
  return text;
}

/// {property, value}: the value as a person types it.
Json typed_properties(Edit& edit, const Thing& page, const std::string& name, const Json& value) {
  std::string type = "title";
  if (Thing* source = edit.model.source_of(page); source != nullptr) {
    const Json* property = find_property(source->body["properties"], name);
    if (property == nullptr) invalid(name + " is not a property that exists.");
    type = (*property)["type"];
  }
  const std::string text = value.is_null()     ? ""
                           : value.is_string() ? value.get<std::string>()
                                               : value.dump();
  return {{name, {{type, typed_value(type, text)}}}};
}

std::string set(Edit& edit) {
  if (edit.thing.kind != Thing::Kind::page) invalid("Only pages and rows have properties.");
  const Json properties = typed_properties(edit, edit.thing, text_of(edit.body, "property"),
                                           edit.body.value("value", Json()));
  return id_in(as_person(edit, edit.thing, {{"properties", properties}}, update_page));
}

std::string write(Edit& edit) {
  return id_in(as_person(edit, edit.thing, edit.body, update_page));
}

std::string append(Edit& edit) {
  as_person(edit, edit.thing, edit.body, append_children);
  return edit.thing.id;
}

Json position_after(const Json& body) {
  if (body.value("first", false)) return {{"type", "start"}};
  if (!body.contains("after")) return {{"type", "end"}};
  return {{"type", "after_block"}, {"after_block", {{"id", body["after"]}}}};
}

std::string add_to_do(Edit& edit) {
  const Json to_do = {{"rich_text", typed_text(text_of(edit.body, "text"))},
                      {"checked", edit.body.value("checked", false)}};
  const Json body = {{"children", Json::array({{{"to_do", to_do}}})},
                     {"position", position_after(edit.body)}};
  return as_person(edit, edit.thing, body, append_children)["results"][0]["id"];
}

std::string create_page(Edit& edit) {
  Json body = edit.body;
  const bool page = edit.thing.kind == Thing::Kind::page;
  body["parent"] = {
      {page ? "page_id" : "data_source_id", page ? edit.thing.id : source_of(edit).id}};
  return id_in(as_person(edit, edit.thing, body, notion::create_page));
}

/// {title, values: {property: as typed}}
std::string add_row(Edit& edit) {
  Thing& source = source_of(edit);
  Thing draft;
  draft.kind = Thing::Kind::page;
  draft.parent = source.id;
  Json properties = typed_properties(edit, draft, "title", text_of(edit.body, "title"));
  const Json values = edit.body.value("values", Json::object());
  for (const auto& [name, value] : values.items()) {
    properties.update(typed_properties(edit, draft, name, value));
  }
  const Json body = {{"parent", {{"data_source_id", source.id}}}, {"properties", properties}};
  return id_in(as_person(edit, source, body, notion::create_page));
}

std::string trash(Edit& edit) {
  set_trashed(edit.model, edit.thing, true, edit.author);
  return edit.thing.id;
}

std::string restore(Edit& edit) {
  set_trashed(edit.model, edit.thing, false, edit.author);
  return edit.thing.id;
}

bool may_stand_under(Model& model, const Thing& thing, const Thing& parent) {
  for (const Thing* at = &parent; at != nullptr; at = model.find(at->parent)) {
    if (at->id == thing.id) return false;
  }
  switch (thing.kind) {
    case Thing::Kind::block:
      return takes_children(parent);
    case Thing::Kind::page:
      return parent.kind == Thing::Kind::data_source || takes_children(parent);
    case Thing::Kind::database:
      return takes_children(parent);
    case Thing::Kind::data_source:
      return parent.kind == Thing::Kind::database;
  }
  return false;
}

/// {parent, after | first}: dragged elsewhere; its id stays, its properties only among rows.
std::string move(Edit& edit) {
  Thing& thing = edit.thing;
  const std::string from = thing.parent;
  std::string to = from;
  if (edit.body.contains("parent")) {
    const Thing& parent = find_thing(edit.model, edit.body["parent"]);
    if (parent.workspace != thing.workspace || !may_stand_under(edit.model, thing, parent)) {
      invalid("This cannot be moved there.");
    }
    to = parent.id;
  }
  Model::Place place;
  if (edit.body.value("first", false)) place.at = Model::Place::At::start;
  if (edit.body.contains("after")) {
    place = {Model::Place::At::after, find_thing(edit.model, edit.body["after"]).id};
    if (edit.model.find(place.sibling)->parent != to || place.sibling == thing.id) {
      invalid("'after' does not stand there.");
    }
  }
  if (thing.kind == Thing::Kind::page && from != to) {
    const Json title = thing.body["properties"].value("title", Json::array());
    thing.body["properties"] = {{"title", title}};
  }
  move_under(edit.model, thing, to, edit.author);
  edit.model.place(thing, place);
  return thing.id;
}

/// Changes a data source's columns: {property, name} renames, {property} removes.
std::string change_column(Edit& edit, const Json& change) {
  Thing& source = source_of(edit);
  const Json body = {{"properties", {{text_of(edit.body, "property"), change}}}};
  return id_in(as_person(edit, source, body, update_data_source));
}

std::string rename_property(Edit& edit) {
  return change_column(edit, {{"name", text_of(edit.body, "name")}});
}

std::string remove_property(Edit& edit) {
  return change_column(edit, nullptr);
}

/// {properties}: as a PATCH of the data source.
std::string schema(Edit& edit) {
  return id_in(as_person(edit, source_of(edit), edit.body, update_data_source));
}

/// Takes the object, with all below it, away from the connections of its workspace, or gives it
/// back. Nothing is edited by that, and no webhook tells.
std::string hide(Edit& edit, bool hidden) {
  for (Grant& grant : edit.model.grants()) {
    if (grant.workspace != edit.thing.workspace) continue;
    std::erase(grant.hidden, edit.thing.id);
    if (hidden) grant.hidden.push_back(edit.thing.id);
  }
  return edit.thing.id;
}

std::string unshare(Edit& edit) {
  return hide(edit, true);
}
std::string share(Edit& edit) {
  return hide(edit, false);
}

constexpr std::array<PersonAction, 16> kActions = {{{"rename", rename},
                                                    {"tick", tick},
                                                    {"set", set},
                                                    {"write", write},
                                                    {"append", append},
                                                    {"add_to_do", add_to_do},
                                                    {"create_page", create_page},
                                                    {"add_row", add_row},
                                                    {"trash", trash},
                                                    {"restore", restore},
                                                    {"move", move},
                                                    {"rename_property", rename_property},
                                                    {"remove_property", remove_property},
                                                    {"schema", schema},
                                                    {"unshare", unshare},
                                                    {"share", share}}};

}  // namespace

std::span<const PersonAction> person_actions() {
  return kActions;
}

Thing& find_thing(Model& model, const Json& id) {
  const std::string text = id.is_string() ? id.get<std::string>() : id.dump();
  Thing* thing = model.find(normal_id(text));
  if (thing == nullptr) missing("object", text);
  return *thing;
}

}  // namespace mortise::simulators::notion
