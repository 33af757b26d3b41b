// Things as the API shows them.
#include <algorithm>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::size_t kShownEntries = 25;

Json user_stub(const std::string& id) {
  return {{"object", "user"}, {"id", id}};
}

std::string url_of(Model& model, const Thing& thing) {
  return model.world().base_url + "/notion/" + thing.id;
}

/// A row's value as a page object carries it: long lists stop at 25.
Json shown_value(const Thing& page, const Json& property) {
  const std::string type = property["type"];
  Json out = {{"id", property["id"]}, {"type", type}};
  if (type == "created_time") {
    out[type] = minute_time(page.created_ms);
  } else if (type == "last_edited_time") {
    out[type] = minute_time(page.edited_ms);
  } else if (type == "created_by") {
    out[type] = user_stub(page.created_by);
  } else if (type == "last_edited_by") {
    out[type] = user_stub(page.edited_by);
  } else {
    const Json& values = page.body.at("properties");
    const auto found = values.find(property["id"].get<std::string>());
    Json value = found == values.end() ? empty_value(type) : *found;
    if (type == "unique_id") value = {{"prefix", property[type]["prefix"]}, {"number", value}};
    const bool cut = value.is_array() && type != "multi_select" && type != "files" &&
                     value.size() > kShownEntries;
    if (cut) value.erase(value.begin() + kShownEntries, value.end());
    out[type] = std::move(value);
    if (type == "relation") out["has_more"] = cut;
  }
  return out;
}

bool wanted(const std::vector<std::string>& only, const Json& property) {
  if (only.empty()) return true;
  const auto id = property["id"].get<std::string>();
  return std::ranges::any_of(only, [&](const std::string& word) {
    return word == id || word == percent_decode(id, false) || word == property["name"];
  });
}

Json common_block(Model& model, Thing& thing) {
  return {{"object", "block"},
          {"id", thing.id},
          {"parent", parent_object(model, thing)},
          {"created_time", minute_time(thing.created_ms)},
          {"last_edited_time", minute_time(thing.edited_ms)},
          {"created_by", user_stub(thing.created_by)},
          {"last_edited_by", user_stub(thing.edited_by)},
          {"has_children", !model.living_children(thing).empty()},
          {"in_trash", model.in_trash(thing)}};
}

}  // namespace

Json* find_property(Json& schema, const std::string& id_or_name) {
  for (Json& property : schema) {
    const auto id = property["id"].get<std::string>();
    if (id == id_or_name || percent_decode(id, false) == id_or_name) return &property;
  }
  for (Json& property : schema) {
    if (property["name"] == id_or_name) return &property;
  }
  return nullptr;
}

Json parent_object(Model& model, const Thing& thing) {
  const Thing* parent = thing.parent.empty() ? nullptr : model.find(thing.parent);
  if (parent == nullptr) return {{"type", "workspace"}, {"workspace", true}};
  switch (parent->kind) {
    case Thing::Kind::page:
      return {{"type", "page_id"}, {"page_id", parent->id}};
    case Thing::Kind::block:
      return {{"type", "block_id"}, {"block_id", parent->id}};
    case Thing::Kind::database:
      return {{"type", "database_id"}, {"database_id", parent->id}};
    case Thing::Kind::data_source:
      return {{"type", "data_source_id"},
              {"data_source_id", parent->id},
              {"database_id", parent->parent}};
  }
  return nullptr;
}

Json page_object(Model& model, const Thing& page, const std::vector<std::string>& only) {
  Json properties = Json::object();
  if (Thing* source = model.source_of(page); source != nullptr) {
    for (const Json& property : source->body["properties"]) {
      if (wanted(only, property)) {
        properties[property["name"].get<std::string>()] = shown_value(page, property);
      }
    }
  } else {
    const Json title = {{"id", "title"}, {"name", "title"}, {"type", "title"}};
    if (wanted(only, title)) properties["title"] = shown_value(page, title);
  }
  return {{"object", "page"},
          {"id", page.id},
          {"created_time", minute_time(page.created_ms)},
          {"last_edited_time", minute_time(page.edited_ms)},
          {"created_by", user_stub(page.created_by)},
          {"last_edited_by", user_stub(page.edited_by)},
          {"cover", page.cover},
          {"icon", page.icon},
          {"parent", parent_object(model, page)},
          {"in_trash", model.in_trash(page)},
          {"is_locked", page.locked},
          {"properties", properties},
          {"url", url_of(model, page)},
          {"public_url", nullptr}};
}

Json block_object(Model& model, Thing& thing) {
  Json block = common_block(model, thing);
  std::string type = thing.type;
  Json content = thing.body;
  if (thing.kind == Thing::Kind::page || thing.kind == Thing::Kind::database) {
    type = thing.kind == Thing::Kind::page ? "child_page" : "child_database";
    content = {{"title", title_of(thing)}};
    if (thing.kind == Thing::Kind::database) block["has_children"] = false;
  }
  block["type"] = type;
  block[type] = std::move(content);
  return block;
}

Json database_object(Model& model, const Thing& database) {
  Json sources = Json::array();
  for (const Thing* source : model.living_children(database)) {
    sources.push_back({{"id", source->id}, {"name", title_of(*source)}});
  }
  return {{"object", "database"},
          {"id", database.id},
          {"title", database.body["title"]},
          {"description", database.body["description"]},
          {"parent", parent_object(model, database)},
          {"is_inline", database.is_inline},
          {"in_trash", model.in_trash(database)},
          {"is_locked", database.locked},
          {"created_time", minute_time(database.created_ms)},
          {"last_edited_time", minute_time(database.edited_ms)},
          {"data_sources", sources},
          {"icon", database.icon},
          {"cover", database.cover},
          {"url", url_of(model, database)},
          {"public_url", nullptr}};
}

Json data_source_object(Model& model, const Thing& source) {
  const Thing* database = model.find(source.parent);
  Json properties = Json::object();
  for (const Json& property : source.body["properties"]) {
    properties[property["name"].get<std::string>()] = property;
  }
  return {{"object", "data_source"},
          {"id", source.id},
          {"title", source.body["title"]},
          {"description", source.body["description"]},
          {"parent", {{"type", "database_id"}, {"database_id", database->id}}},
          {"database_parent", parent_object(model, *database)},
          {"is_inline", database->is_inline},
          {"in_trash", model.in_trash(source)},
          {"created_time", minute_time(source.created_ms)},
          {"last_edited_time", minute_time(source.edited_ms)},
          {"created_by", user_stub(source.created_by)},
          {"last_edited_by", user_stub(source.edited_by)},
          {"properties", properties},
          {"icon", source.icon},
          {"cover", source.cover},
          {"url", url_of(model, source)},
          {"public_url", nullptr}};
}

Json person_object(const Person& person) {
  return {{"object", "user"},    {"id", person.id},
          {"type", "person"},    {"person", {{"email", person.email}}},
          {"name", person.name}, {"avatar_url", nullptr}};
}

}  // namespace mortise::simulators::notion
