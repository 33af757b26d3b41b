// What a person does: the same edits whether clicked on a page or sent to /control/notion.
#include <algorithm>
#include <array>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/values.hpp"
#include "simulators/notion/view.hpp"

namespace mortise::simulators::notion {
namespace {

Thing& find(Model& model, const Json& body) {
  const std::string id = normal_id(body.value("id", ""));
  Thing* thing = model.find(id);
  if (thing == nullptr) missing("object", body.value("id", ""));
  return *thing;
}

/// The owner of the workspace, as if they held a grant: people use the same calls.
Grant owner_grant(Model& model, const Thing& thing) {
  Grant grant;
  grant.person = model.workspace(thing.workspace)->owner;
  grant.bot = grant.person;
  grant.workspace = thing.workspace;
  return grant;
}

void rename(Model& model, Thing& thing, const std::string& title, const std::string& author) {
  if (thing.kind == Thing::Kind::block) {
    if (!thing.body.contains("rich_text")) invalid("This block has no text.");
    thing.body["rich_text"] = rich_text_of(title);
  } else if (thing.kind == Thing::Kind::page) {
    thing.body["properties"]["title"] = rich_text_of(title);
  } else {
    thing.body["title"] = rich_text_of(title);
  }
  model.touch(thing, author);
}

/// Ticks a to-do, or a row: its first checkbox, else its status (done is the last option).
void tick(Model& model, Thing& thing, bool checked, const std::string& author) {
  if (thing.type == "to_do") {
    thing.body["checked"] = checked;
    model.touch(thing, author);
    return;
  }
  const Thing* source = model.source_of(thing);
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
      thing.body["properties"][property["id"].get<std::string>()] = std::move(value);
      model.touch(thing, author);
      return;
    }
  }
  invalid("This row has nothing to tick.");
}

Json as_person(Model& model, Thing& thing, const Json& body, Json (*answer)(Call&)) {
  Grant grant = owner_grant(model, thing);
  Request request;
  request.method = "POST";
  Call call{model, grant, request, body, {thing.id}};
  return answer(call);
}

Json share(Model& model, const Json& body) {
  const Person* person = find_person(body.value("user", ""));
  if (person == nullptr) invalid("There is no such person.");
  for (Grant& grant : model.grants()) {
    if (grant.person == person->id) grant.shared = body.value("pages", std::vector<std::string>{});
  }
  return {{"ok", true}};
}

Json set_plan(Model& model, const Json& body) {
  const Person* person = find_person(body.value("user", ""));
  if (person == nullptr) invalid("There is no such person.");
  Workspace& workspace = model.workspace_of(std::string(person->id));
  workspace.block_limit = body.value("block_limit", 0);
  return {{"blocks_made", workspace.blocks_made}, {"block_limit", workspace.block_limit}};
}

Json create_page_under(Model& model, Thing& parent, Json body) {
  body.erase("id");
  const bool row = parent.kind == Thing::Kind::data_source;
  body["parent"] = {{row ? "data_source_id" : "page_id", parent.id}};
  return as_person(model, parent, body, create_page);
}

}  // namespace

Response control(Model& model, std::string_view action, const Json& body) {
  if (action == "share") return json_response(200, share(model, body));
  if (action == "plan") return json_response(200, set_plan(model, body));
  static constexpr std::array<std::string_view, 7> known = {
      "rename", "tick", "trash", "restore", "write", "append", "create_page"};
  if (std::ranges::find(known, action) == known.end()) {
    return json_response(404, {{"error", "no such action: " + std::string(action)}});
  }
  Thing& thing = find(model, body);
  const std::string author = owner_grant(model, thing).bot;
  Json fields = body;
  fields.erase("id");
  if (action == "write") return json_response(200, as_person(model, thing, fields, update_page));
  if (action == "append")
    return json_response(200, as_person(model, thing, fields, append_children));
  if (action == "create_page") return json_response(200, create_page_under(model, thing, body));
  if (action == "rename") {
    rename(model, thing, body.at("title").get<std::string>(), author);
  } else if (action == "tick") {
    tick(model, thing, body.value("checked", true), author);
  } else {
    thing.trashed = action == "trash";
    model.touch(thing, author);
  }
  return json_response(200, {{"ok", true}});
}

}  // namespace mortise::simulators::notion
