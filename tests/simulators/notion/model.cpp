#include "simulators/notion/model.hpp"

#include <algorithm>

namespace mortise::simulators::notion {

void invalid(std::string message) {
  throw Refusal{400, "validation_error", std::move(message)};
}

void missing(const std::string& what, const std::string& id) {
  throw Refusal{
      404, "object_not_found",
      "Could not find " + what + " with ID: " + id +
          ". Make sure the relevant pages and databases are shared with your integration."};
}

Model::Model(World& world) : world_(world) {
  reset();
}

void Model::reset() {
  things_.clear();
  order_.clear();
  workspaces_.clear();
  grants_.clear();
  codes_.clear();
  happenings_.clear();
  for (const Person& person : people()) {
    Workspace workspace;
    workspace.id = world_.ids.uuid();
    workspace.owner = person.id;
    workspace.name = std::string(person.name.substr(0, person.name.find(' '))) + "'s Notion";
    const std::string id = workspace.id;
    workspaces_[id] = std::move(workspace);
    for (const std::string_view title : {"Home", "Learning"}) {
      Thing page;
      page.kind = Thing::Kind::page;
      page.workspace = id;
      page.created_by = person.id;
      page.body = {{"properties", {{"title", rich_text_of(title)}}}};
      add(std::move(page));
    }
  }
}

Thing* Model::find(const std::string& id) {
  const auto found = things_.find(id);
  return found == things_.end() ? nullptr : &found->second;
}

Thing& Model::add(Thing thing) {
  thing.id = world_.ids.uuid();
  thing.created_ms = thing.edited_ms = world_.clock.now_ms();
  thing.edited_by = thing.created_by;
  Thing& kept = things_.emplace(thing.id, std::move(thing)).first->second;
  order_.push_back(kept.id);
  siblings(kept).push_back(kept.id);
  return kept;
}

std::vector<std::string>& Model::siblings(const Thing& thing) {
  Thing* parent = thing.parent.empty() ? nullptr : find(thing.parent);
  return parent == nullptr ? workspaces_.at(thing.workspace).pages : parent->children;
}

void Model::remove_from_parent(const Thing& thing) {
  std::erase(siblings(thing), thing.id);
}

void Model::place(const Thing& thing, const Place& where) {
  if (where.at == Place::At::end) return;
  auto& list = siblings(thing);
  std::erase(list, thing.id);
  auto spot = list.begin();
  if (where.at == Place::At::after) {
    spot = std::ranges::find(list, where.sibling);
    if (spot != list.end()) ++spot;
  }
  list.insert(spot, thing.id);
}

void Model::move(Thing& thing, const std::string& new_parent) {
  remove_from_parent(thing);
  thing.parent = new_parent;
  siblings(thing).push_back(thing.id);
}

void Model::touch(Thing& thing, const std::string& author) {
  thing.edited_ms = world_.clock.now_ms();
  thing.edited_by = author;
  if (thing.kind != Thing::Kind::block) return;
  Thing* page = page_of(thing);
  if (page == nullptr) return;
  page->edited_ms = thing.edited_ms;
  page->edited_by = author;
}

bool Model::in_trash(const Thing& thing) {
  for (const Thing* at = &thing; at != nullptr; at = find(at->parent)) {
    if (at->trashed) return true;
    if (at->parent.empty()) return false;
  }
  return false;
}

Thing* Model::page_of(Thing& thing) {
  Thing* at = &thing;
  while (at != nullptr && at->kind != Thing::Kind::page) at = find(at->parent);
  return at;
}

Thing* Model::source_of(const Thing& page) {
  Thing* parent = find(page.parent);
  return parent != nullptr && parent->kind == Thing::Kind::data_source ? parent : nullptr;
}

bool Model::visible(const Grant& grant, const Thing& thing) {
  if (grant.workspace != thing.workspace) return false;
  bool shared = grant.shared.empty();
  for (const Thing* at = &thing; at != nullptr; at = find(at->parent)) {
    if (std::ranges::count(grant.hidden, at->id) > 0) return false;
    shared = shared || std::ranges::count(grant.shared, at->id) > 0;
    if (at->parent.empty()) return shared || at->created_by == grant.bot;
  }
  return false;
}

std::vector<Thing*> Model::all(const Grant& grant, Thing::Kind kind) {
  std::vector<Thing*> found;
  for (const auto& id : order_) {
    Thing* thing = find(id);
    if (thing->kind == kind && visible(grant, *thing)) found.push_back(thing);
  }
  return found;
}

std::vector<Thing*> Model::all(const std::string& workspace) {
  std::vector<Thing*> found;
  for (const auto& id : order_) {
    Thing* thing = find(id);
    if (thing->workspace == workspace) found.push_back(thing);
  }
  return found;
}

std::vector<Thing*> Model::living_children(const Thing& thing) {
  std::vector<Thing*> living;
  for (const auto& id : thing.children) {
    Thing* child = find(id);
    if (child != nullptr && !child->trashed) living.push_back(child);
  }
  return living;
}

Workspace& Model::workspace_of(const std::string& person) {
  return std::ranges::find(workspaces_, person,
                           [](const auto& entry) { return entry.second.owner; })
      ->second;
}

Workspace* Model::workspace(const std::string& id) {
  const auto found = workspaces_.find(id);
  return found == workspaces_.end() ? nullptr : &found->second;
}

Grant* Model::grant_by_token(std::string_view access_token) {
  const auto found = std::ranges::find(grants_, access_token, &Grant::access_token);
  return found == grants_.end() || access_token.empty() ? nullptr : &*found;
}

}  // namespace mortise::simulators::notion
