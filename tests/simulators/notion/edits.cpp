#include "simulators/notion/edits.hpp"

#include <algorithm>

namespace mortise::simulators::notion {
namespace {

const char* entity_word(Thing::Kind kind) {
  switch (kind) {
    case Thing::Kind::page:
      return "page";
    case Thing::Kind::block:
      return "block";
    case Thing::Kind::database:
      return "database";
    case Thing::Kind::data_source:
      return "data_source";
  }
  return "block";
}

Json entry_of(const Thing& thing) {
  return {{"id", thing.id}, {"type", entity_word(thing.kind)}};
}

/// The page or data source that `parent` belongs to lists `thing` among what changed on it. A page
/// is edited by that, a data source is not.
void content_of_parent_edited(Model& model, const std::string& parent, const Thing& thing,
                              const std::string& author) {
  Thing* holder = model.find(parent);
  while (holder != nullptr && holder->kind == Thing::Kind::block)
    holder = model.find(holder->parent);
  if (holder == nullptr || holder->kind == Thing::Kind::database) return;
  if (holder->kind == Thing::Kind::page) model.touch(*holder, author);
  model.note({std::string(entity_word(holder->kind)) + ".content_updated", holder->id, author,
              Json::array({entry_of(thing)})});
}

void note_about(Model& model, const Thing& thing, const std::string& what,
                const std::string& author) {
  model.note({std::string(entity_word(thing.kind)) + "." + what, thing.id, author});
}

const Json* by_id(const Json& schema, const Json& id) {
  const auto found =
      std::ranges::find_if(schema, [&](const Json& property) { return property["id"] == id; });
  return found == schema.end() ? nullptr : &*found;
}

}  // namespace

void content_edited(Model& model, Thing& block, const std::string& author) {
  model.touch(block, author);
  content_of_parent_edited(model, block.parent, block, author);
}

void properties_edited(Model& model, Thing& page, const std::vector<std::string>& ids,
                       const std::string& author) {
  model.touch(page, author);
  if (!ids.empty()) model.note({"page.properties_updated", page.id, author, Json(ids)});
}

void added(Model& model, Thing& thing, const std::string& author) {
  if (thing.kind != Thing::Kind::block) note_about(model, thing, "created", author);
  content_of_parent_edited(model, thing.parent, thing, author);
}

void set_trashed(Model& model, Thing& thing, bool trashed, const std::string& author) {
  if (thing.trashed == trashed) return;
  thing.trashed = trashed;
  model.touch(thing, author);
  if (thing.kind != Thing::Kind::block) {
    note_about(model, thing, trashed ? "deleted" : "undeleted", author);
  }
  content_of_parent_edited(model, thing.parent, thing, author);
}

void set_locked(Model& model, Thing& page, bool locked, const std::string& author) {
  if (page.locked == locked) return;
  page.locked = locked;
  model.touch(page, author);
  note_about(model, page, locked ? "locked" : "unlocked", author);
}

void move_under(Model& model, Thing& thing, const std::string& new_parent,
                const std::string& author) {
  const std::string old_parent = thing.parent;
  model.move(thing, new_parent);
  model.touch(thing, author);
  if (thing.kind != Thing::Kind::block && old_parent != new_parent) {
    note_about(model, thing, "moved", author);
  }
  if (old_parent != new_parent) content_of_parent_edited(model, old_parent, thing, author);
  content_of_parent_edited(model, new_parent, thing, author);
}

void schema_edited(Model& model, const Thing& source, const Json& before,
                   const std::string& author) {
  const Json& now = source.body["properties"];
  Json changes = Json::array();
  const auto tell = [&](const Json& property, const char* action) {
    changes.push_back({{"id", property["id"]}, {"name", property["name"]}, {"action", action}});
  };
  for (const Json& property : now) {
    const Json* old = by_id(before, property["id"]);
    if (old == nullptr) {
      tell(property, "created");
    } else if (*old != property) {
      tell(property, "updated");
    }
  }
  for (const Json& property : before) {
    if (by_id(now, property["id"]) == nullptr) tell(property, "deleted");
  }
  if (changes.empty()) return;
  model.note({"data_source.schema_updated", source.id, author, std::move(changes)});
}

}  // namespace mortise::simulators::notion
