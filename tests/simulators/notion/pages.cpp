// Pages: rows of a data source, and pages on pages.
#include "simulators/notion/calls.hpp"
#include "simulators/notion/edits.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

Json shown(Call& call, const Thing& page) {
  auto only = call.request.parameters("filter_properties");
  for (auto& more : call.request.parameters("filter_properties[]")) only.push_back(std::move(more));
  return page_object(call.model, page, only);
}

/// The page or data source a new page goes under; null: the top of the workspace.
Thing* read_parent(Call& call) {
  const Json parent = call.body.value("parent", Json());
  check_object(parent, "body.parent");
  if (parent.contains("page_id")) {
    return &referenced(call, read_id(parent["page_id"], "body.parent.page_id"), Thing::Kind::page,
                       "page");
  }
  if (parent.contains("data_source_id")) {
    return &referenced(call, read_id(parent["data_source_id"], "body.parent.data_source_id"),
                       Thing::Kind::data_source, "data source");
  }
  if (parent.contains("database_id")) {
    const Thing& database =
        referenced(call, read_id(parent["database_id"], "body.parent.database_id"),
                   Thing::Kind::database, "database");
    const auto sources = call.model.living_children(database);
    if (sources.size() != 1) {
      invalid("Databases with multiple data sources are not supported here: use data_source_id.");
    }
    return sources.front();
  }
  if (parent.value("workspace", false)) return nullptr;
  bad("body.parent.page_id", "defined", Json(Json::value_t::discarded));
}

/// Takes icon and cover from the body.
void read_page_fields(Call& call, Thing& page) {
  const Json& body = call.body;
  if (body.contains("icon")) page.icon = read_icon(body["icon"], "body.icon");
  if (body.contains("cover")) page.cover = read_cover(body["cover"], "body.cover");
}

/// A flag of the body; what it is now if it is not given.
bool read_flag(const Call& call, const char* name, bool now) {
  return call.body.contains(name) ? read_bool(call.body[name], std::string("body.") + name) : now;
}

Model::Place read_page_position(Call& call, const Thing* parent) {
  Model::Place place;
  const Json position = call.body.value("position", Json());
  if (position.is_null()) return place;
  const std::string type = position.value("type", "");
  if (parent == nullptr || parent->kind != Thing::Kind::page) {
    invalid("body.position is only for pages under a page.");
  }
  if (type == "page_start") {
    place.at = Model::Place::At::start;
  } else if (type == "after_block") {
    place.at = Model::Place::At::after;
    place.sibling = read_sibling(call, position, *parent);
  } else if (type != "page_end") {
    bad("body.position.type", "`page_start`, `page_end` or `after_block`", position);
  }
  return place;
}

Json list_item(const std::string& id, const std::string& type, const Json& value) {
  return {{"object", "property_item"}, {"id", id}, {"type", type}, {type, value}};
}

/// The long form of a title, text, people or relation value, page by page.
Json property_list(Call& call, const Thing& page, const Json& property, const Json& value) {
  const std::string type = property["type"], id = property["id"];
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < value.size(); ++i) ids.push_back(std::to_string(i));
  Json list = list_page("property_item", ids, paging_of(call), [&](const std::string& at) {
    return list_item(id, type, value[std::stoul(at)]);
  });
  const std::string url =
      call.model.world().base_url + "/v1/pages/" + page.id + "/properties/" + id;
  list["property_item"] = {
      {"id", id}, {"next_url", nullptr}, {"type", type}, {type, Json::object()}};
  if (!list["next_cursor"].is_null()) {
    list["property_item"]["next_url"] =
        url + "?start_cursor=" + list["next_cursor"].get<std::string>();
  }
  return list;
}

}  // namespace

std::vector<std::string> write_properties(Model& model, Thing& page, const Json& properties,
                                          const std::string& path, const std::string& author) {
  check_object(properties, path);
  Thing* source = model.source_of(page);
  Json values = page.body["properties"];
  std::vector<std::string> written;
  if (source == nullptr) {
    Json title = {{"id", "title"}, {"name", "title"}, {"type", "title"}};
    for (const auto& [key, value] : properties.items()) {
      if (key != "title") invalid(key + " is not a property that exists.");
      values["title"] = read_value(model, title, value, path + ".title");
      written.emplace_back("title");
    }
  } else {
    // New select options belong to the schema: nothing is kept unless every value is right.
    Json schema = source->body["properties"];
    for (const auto& [key, value] : properties.items()) {
      Json* property = find_property(schema, key);
      if (property == nullptr) invalid(key + " is not a property that exists.");
      written.push_back((*property)["id"]);
      values[written.back()] = read_value(model, *property, value, path + "." + key);
    }
    std::swap(source->body["properties"], schema);
    schema_edited(model, *source, schema, author);
  }
  page.body["properties"] = std::move(values);
  return written;
}

Json create_page(Call& call) {
  check_keys(call.body,
             {"parent", "properties", "icon", "cover", "children", "template", "position"}, "body");
  Thing* parent = read_parent(call);
  if (parent != nullptr) check_living(call.model, *parent);
  if (const Json wish = call.body.value("template", Json());
      !wish.is_null() && wish.value("type", "") != "none") {
    invalid("body.template: templates are not part of this simulation.");
  }
  const auto blocks = call.body.contains("children")
                          ? read_blocks(call.model, call.body["children"], "body.children")
                          : std::vector<NewBlock>{};
  const auto place = read_page_position(call, parent);
  Thing draft;
  draft.kind = Thing::Kind::page;
  draft.workspace = call.grant.workspace;
  draft.parent = parent == nullptr ? "" : parent->id;
  draft.created_by = call.grant.bot;
  draft.body = {{"properties", Json::object()}};
  read_page_fields(call, draft);
  if (call.body.contains("properties")) {
    write_properties(call.model, draft, call.body["properties"], "body.properties", call.grant.bot);
  }
  if (Thing* source = call.model.source_of(draft); source != nullptr) {
    for (const Json& property : source->body["properties"]) {
      if (property["type"] != "unique_id") continue;
      draft.body["properties"][property["id"].get<std::string>()] = source->rows_made + 1;
    }
  }
  spend_blocks(call, count_blocks(blocks) + 1);
  Thing& page = call.model.add(std::move(draft));
  if (Thing* source = call.model.source_of(page); source != nullptr) ++source->rows_made;
  call.model.place(page, place);
  create_blocks(call.model, page, blocks, {}, call.grant.bot);
  added(call.model, page, call.grant.bot);
  return page_object(call.model, page);
}

Json get_page(Call& call) {
  return shown(call, named(call, 0, Thing::Kind::page));
}

Json update_page(Call& call) {
  Thing& page = named(call, 0, Thing::Kind::page);
  check_keys(call.body, {"properties", "icon", "cover", "in_trash", "is_locked"}, "body");
  // What is in the trash can only be put back, or trashed again, which changes nothing.
  if (!call.body.contains("in_trash")) check_living(call.model, page);
  const std::string& bot = call.grant.bot;
  const bool trashed = read_flag(call, "in_trash", page.trashed);
  const bool locked = read_flag(call, "is_locked", page.locked);
  Thing draft = page;
  read_page_fields(call, draft);
  std::vector<std::string> written;
  if (call.body.contains("properties")) {
    written = write_properties(call.model, draft, call.body["properties"], "body.properties", bot);
  }
  page = std::move(draft);
  properties_edited(call.model, page, written, bot);
  set_trashed(call.model, page, trashed, bot);
  set_locked(call.model, page, locked, bot);
  return page_object(call.model, page);
}

Json move_page(Call& call) {
  Thing& page = named(call, 0, Thing::Kind::page);
  check_living(call.model, page);
  Thing* parent = read_parent(call);
  if (parent == nullptr) bad("body.parent.page_id", "defined", Json(Json::value_t::discarded));
  check_living(call.model, *parent);
  for (const Thing* at = parent; at != nullptr; at = call.model.find(at->parent)) {
    if (at->id == page.id) invalid("A page cannot be moved under itself.");
  }
  // Only the title means the same under another parent.
  const Json title = page.body["properties"].value("title", Json::array());
  if (page.parent != parent->id) page.body["properties"] = {{"title", title}};
  move_under(call.model, page, parent->id, call.grant.bot);
  return page_object(call.model, page);
}

Json get_property(Call& call) {
  const Thing& page = named(call, 0, Thing::Kind::page);
  Json property = {{"id", "title"}, {"name", "title"}, {"type", "title"}};
  if (Thing* source = call.model.source_of(page); source != nullptr) {
    const Json* found = find_property(source->body["properties"], call.ids.at(1));
    if (found == nullptr) missing("property", call.ids.at(1));
    property = *found;
  } else if (call.ids.at(1) != "title") {
    missing("property", call.ids.at(1));
  }
  const std::string type = property["type"], id = property["id"];
  if (type == "title" || type == "rich_text" || type == "people" || type == "relation") {
    return property_list(call, page, property, page.body["properties"].value(id, Json::array()));
  }
  const Json whole = page_object(call.model, page);
  return list_item(id, type, whole["properties"][property["name"].get<std::string>()][type]);
}

}  // namespace mortise::simulators::notion
