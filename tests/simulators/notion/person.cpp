// POST /control/notion/<action>: the actions of people, and what a test asks about workspaces.
#include "simulators/notion/person.hpp"

#include <algorithm>

#include "simulators/notion/calls.hpp"

namespace mortise::simulators::notion {
namespace {

Json shown(Model& model, const std::string& id) {
  Thing& thing = *model.find(id);
  switch (thing.kind) {
    case Thing::Kind::page:
      return page_object(model, thing);
    case Thing::Kind::block:
      return block_object(model, thing);
    case Thing::Kind::database:
      return database_object(model, thing);
    case Thing::Kind::data_source:
      return data_source_object(model, thing);
  }
  return nullptr;
}

Json edit_thing(Model& model, const PersonAction& action, const Json& body) {
  Thing& thing = find_thing(model, body.value("id", Json()));
  Json fields = body;
  fields.erase("id");
  Edit edit{model, thing, fields, model.workspace(thing.workspace)->owner};
  const Json before = shown(model, thing.id);
  const std::string changed = action.run(edit);
  const Thing* page = model.page_of(*model.find(changed));
  return {{"id", changed},
          {"page", page == nullptr ? Json() : Json(page->id)},
          {"before", changed == thing.id ? before : Json()},
          {"after", shown(model, changed)}};
}

const Person& person_in(const Json& body) {
  const Person* person = find_person(body.value("user", ""));
  if (person == nullptr) invalid("There is no such person.");
  return *person;
}

/// {user, pages}: the connections of this person see these pages and what is below them; none:
/// everything.
Json share_only(Model& model, const Json& body) {
  const Person& person = person_in(body);
  for (Grant& grant : model.grants()) {
    if (grant.person == person.id) grant.shared = body.value("pages", std::vector<std::string>{});
  }
  return {{"ok", true}};
}

Json set_plan(Model& model, const Json& body) {
  Workspace& workspace = model.workspace_of(std::string(person_in(body).id));
  workspace.block_limit = body.value("block_limit", 0);
  return {{"blocks_made", workspace.blocks_made}, {"block_limit", workspace.block_limit}};
}

/// {user, text, object, trashed, whole}: what there is in a workspace, in the order it was made.
Json find_things(Model& model, const Json& body) {
  Json found = Json::array();
  for (Thing* thing : model.all(model.workspace_of(std::string(person_in(body).id)).id)) {
    const Json object = shown(model, thing->id);
    if (body.contains("object") && body["object"] != object["object"]) continue;
    if (body.contains("text") && body["text"] != words_of(*thing)) continue;
    if (object["in_trash"] != body.value("trashed", false)) continue;
    const Thing* page = model.page_of(*thing);
    found.push_back({{"id", thing->id},
                     {"object", object["object"]},
                     {"type", thing->type},
                     {"text", words_of(*thing)},
                     {"parent", object["parent"]},
                     {"page", page == nullptr ? Json() : Json(page->id)}});
    if (body.value("whole", false)) found.back()["shown"] = object;
  }
  return {{"results", std::move(found)}};
}

}  // namespace

Response control(Model& model, std::string_view action, const Json& body) {
  if (action == "find") return json_response(200, find_things(model, body));
  if (action == "plan") return json_response(200, set_plan(model, body));
  if (action == "share" && !body.contains("id")) return json_response(200, share_only(model, body));
  const auto actions = person_actions();
  const auto known = std::ranges::find(actions, action, &PersonAction::name);
  if (known == actions.end()) {
    return json_response(404, {{"error", "no such action: " + std::string(action)}});
  }
  return json_response(200, edit_thing(model, *known, body));
}

}  // namespace mortise::simulators::notion
