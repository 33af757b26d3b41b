// Databases (containers) and data sources (tables with a schema).
#include <algorithm>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/edits.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

/// A whole schema for a new data source: exactly one title.
Json read_schema(Model& model, const Json& properties, const std::string& path) {
  check_object(properties, path);
  Json schema = Json::array();
  int titles = 0;
  for (const auto& [name, config] : properties.items()) {
    schema.push_back(read_property(model, name, config, nullptr, path + "." + name));
    if (schema.back()["type"] == "title") ++titles;
  }
  if (titles != 1)
    invalid("body failed validation: " + path + " should have exactly one title property.");
  return schema;
}

Thing new_data_source(Call& call, const Thing& database, Json schema, Json title) {
  Thing source;
  source.kind = Thing::Kind::data_source;
  source.workspace = call.grant.workspace;
  source.parent = database.id;
  source.created_by = call.grant.bot;
  source.body = {{"title", std::move(title)},
                 {"description", Json::array()},
                 {"properties", std::move(schema)}};
  return source;
}

Json optional_text(Call& call, const char* key) {
  return call.body.contains(key)
             ? read_rich_text(call.model, call.body[key], std::string("body.") + key)
             : Json::array();
}

/// What PATCH changes on a database.
void read_database_fields(Call& call, Thing& database) {
  const Json& body = call.body;
  if (body.contains("title")) database.body["title"] = optional_text(call, "title");
  if (body.contains("description"))
    database.body["description"] = optional_text(call, "description");
  if (body.contains("icon")) database.icon = read_icon(body["icon"], "body.icon");
  if (body.contains("cover")) database.cover = read_cover(body["cover"], "body.cover");
  if (body.contains("is_inline"))
    database.is_inline = read_bool(body["is_inline"], "body.is_inline");
  if (body.contains("is_locked")) database.locked = read_bool(body["is_locked"], "body.is_locked");
}

bool read_in_trash(const Call& call, const Thing& thing) {
  return call.body.contains("in_trash") ? read_bool(call.body["in_trash"], "body.in_trash")
                                        : thing.trashed;
}

Thing* read_database_parent(Call& call) {
  const Json parent = call.body.value("parent", Json());
  check_object(parent, "body.parent");
  if (parent.value("workspace", false)) return nullptr;
  return &referenced(call, read_id(parent.value("page_id", Json()), "body.parent.page_id"),
                     Thing::Kind::page, "page");
}

/// Rows keep their values of properties that stay and lose those of properties that go.
void forget_property(Model& model, const Thing& source, const std::string& id) {
  for (const auto& row_id : source.children) {
    if (Thing* row = model.find(row_id); row != nullptr) row->body["properties"].erase(id);
  }
}

/// Rows follow their options: a new name or colour is theirs too, an option that went is theirs no
/// more.
void follow_options(Model& model, const Thing& source, const Json& property) {
  const std::string type = property["type"], id = property["id"];
  if (type != "select" && type != "status" && type != "multi_select") return;
  const Json& options = property[type]["options"];
  const auto now = [&](const Json& value) -> Json {
    for (const Json& option : options) {
      if (option["id"] != value["id"]) continue;
      return {{"id", option["id"]}, {"name", option["name"]}, {"color", option["color"]}};
    }
    return nullptr;
  };
  for (const auto& row_id : source.children) {
    Thing* row = model.find(row_id);
    const auto found = row->body["properties"].find(id);
    if (found == row->body["properties"].end() || found->is_null()) continue;
    if (type != "multi_select") {
      *found = now(*found);
      continue;
    }
    Json kept = Json::array();
    for (const Json& value : *found) {
      if (Json option = now(value); !option.is_null()) kept.push_back(std::move(option));
    }
    *found = std::move(kept);
  }
}

void update_property(Call& call, Thing& source, const std::string& key, const Json& change) {
  const std::string path = "body.properties." + key;
  Json& schema = source.body["properties"];
  Json* property = find_property(schema, key);
  if (change.is_null()) {
    if (property == nullptr) invalid(key + " is not a property that exists.");
    if ((*property)["type"] == "title") invalid("The title property cannot be removed.");
    const Json id = (*property)["id"];
    forget_property(call.model, source, id);
    schema.erase(
        std::ranges::find_if(schema, [&](const Json& entry) { return entry["id"] == id; }));
    return;
  }
  check_object(change, path);
  const std::string name =
      change.value("name", property == nullptr ? key : (*property)["name"].get<std::string>());
  const Json* taken = find_property(schema, name);
  if (taken != nullptr && taken != property)
    invalid("There is already a property named " + name + ".");
  if (property == nullptr) {
    schema.push_back(read_property(call.model, name, change, nullptr, path));
    return;
  }
  Json changed = read_property(call.model, name, change, property, path);
  if (changed["type"] != (*property)["type"]) forget_property(call.model, source, changed["id"]);
  *property = std::move(changed);
  follow_options(call.model, source, *property);
}

}  // namespace

Json create_database(Call& call) {
  check_keys(
      call.body,
      {"parent", "title", "description", "is_inline", "initial_data_source", "icon", "cover"},
      "body");
  Thing* parent = read_database_parent(call);
  if (parent != nullptr) check_living(call.model, *parent);
  Thing draft;
  draft.kind = Thing::Kind::database;
  draft.workspace = call.grant.workspace;
  draft.parent = parent == nullptr ? "" : parent->id;
  draft.created_by = call.grant.bot;
  draft.body = {{"title", Json::array()}, {"description", Json::array()}};
  read_database_fields(call, draft);
  const Json initial = call.body.value("initial_data_source", Json::object());
  check_keys(initial, {"properties"}, "body.initial_data_source");
  Json schema =
      initial.contains("properties")
          ? read_schema(call.model, initial["properties"], "body.initial_data_source.properties")
          : Json::array(
                {read_property(call.model, "Name", {{"title", Json::object()}}, nullptr, "")});
  spend_blocks(call, 1);
  Thing& database = call.model.add(std::move(draft));
  Thing& source =
      call.model.add(new_data_source(call, database, std::move(schema), database.body["title"]));
  added(call.model, database, call.grant.bot);
  added(call.model, source, call.grant.bot);
  return database_object(call.model, database);
}

Json get_database(Call& call) {
  return database_object(call.model, named(call, 0, Thing::Kind::database));
}

Json update_database(Call& call) {
  Thing& database = named(call, 0, Thing::Kind::database);
  check_keys(
      call.body,
      {"parent", "title", "description", "is_inline", "icon", "cover", "in_trash", "is_locked"},
      "body");
  if (!call.body.contains("in_trash")) check_living(call.model, database);
  Thing* parent = call.body.contains("parent") ? read_database_parent(call) : nullptr;
  const bool trashed = read_in_trash(call, database);
  Thing draft = database;
  read_database_fields(call, draft);
  database = std::move(draft);
  call.model.touch(database, call.grant.bot);
  if (call.body.contains("parent")) {
    move_under(call.model, database, parent == nullptr ? "" : parent->id, call.grant.bot);
  }
  set_trashed(call.model, database, trashed, call.grant.bot);
  return database_object(call.model, database);
}

Json create_data_source(Call& call) {
  check_keys(call.body, {"parent", "properties", "title", "icon"}, "body");
  const Json parent = call.body.value("parent", Json());
  check_object(parent, "body.parent");
  Thing& database =
      referenced(call, read_id(parent.value("database_id", Json()), "body.parent.database_id"),
                 Thing::Kind::database, "database");
  check_living(call.model, database);
  Json schema = read_schema(call.model, call.body.value("properties", Json()), "body.properties");
  Thing draft = new_data_source(call, database, std::move(schema), optional_text(call, "title"));
  if (call.body.contains("icon")) draft.icon = read_icon(call.body["icon"], "body.icon");
  Thing& source = call.model.add(std::move(draft));
  added(call.model, source, call.grant.bot);
  return data_source_object(call.model, source);
}

Json get_data_source(Call& call) {
  return data_source_object(call.model, named(call, 0, Thing::Kind::data_source));
}

Json update_data_source(Call& call) {
  Thing& source = named(call, 0, Thing::Kind::data_source);
  check_keys(call.body, {"title", "icon", "properties", "in_trash", "parent"}, "body");
  if (!call.body.contains("in_trash")) check_living(call.model, source);
  Thing draft = source;
  if (call.body.contains("title")) draft.body["title"] = optional_text(call, "title");
  if (call.body.contains("icon")) draft.icon = read_icon(call.body["icon"], "body.icon");
  const bool trashed = read_in_trash(call, source);
  const Json changes = call.body.value("properties", Json::object());
  check_object(changes, "body.properties");
  for (const auto& [key, change] : changes.items()) update_property(call, draft, key, change);
  std::string parent = source.parent;
  if (call.body.contains("parent")) {
    check_object(call.body["parent"], "body.parent");
    parent = referenced(call,
                        read_id(call.body["parent"].value("database_id", Json()),
                                "body.parent.database_id"),
                        Thing::Kind::database, "database")
                 .id;
  }
  std::swap(source, draft);
  call.model.touch(source, call.grant.bot);
  schema_edited(call.model, source, draft.body["properties"], call.grant.bot);
  if (parent != source.parent) move_under(call.model, source, parent, call.grant.bot);
  set_trashed(call.model, source, trashed, call.grant.bot);
  return data_source_object(call.model, source);
}

Json list_templates(Call& call) {
  named(call, 0, Thing::Kind::data_source);
  return {{"templates", Json::array()}, {"has_more", false}, {"next_cursor", nullptr}};
}

}  // namespace mortise::simulators::notion
