// How the model is kept in the state file.
#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {
namespace {

Json to_json(const Thing& thing) {
  return {{"id", thing.id},
          {"kind", static_cast<int>(thing.kind)},
          {"workspace", thing.workspace},
          {"parent", thing.parent},
          {"type", thing.type},
          {"body", thing.body},
          {"icon", thing.icon},
          {"cover", thing.cover},
          {"locked", thing.locked},
          {"is_inline", thing.is_inline},
          {"trashed", thing.trashed},
          {"children", thing.children},
          {"created_ms", thing.created_ms},
          {"edited_ms", thing.edited_ms},
          {"created_by", thing.created_by},
          {"edited_by", thing.edited_by},
          {"rows_made", thing.rows_made}};
}

Thing thing_from(const Json& json) {
  Thing thing;
  json.at("id").get_to(thing.id);
  thing.kind = static_cast<Thing::Kind>(json.at("kind").get<int>());
  json.at("workspace").get_to(thing.workspace);
  json.at("parent").get_to(thing.parent);
  json.at("type").get_to(thing.type);
  thing.body = json.at("body");
  thing.icon = json.at("icon");
  thing.cover = json.at("cover");
  json.at("locked").get_to(thing.locked);
  json.at("is_inline").get_to(thing.is_inline);
  json.at("trashed").get_to(thing.trashed);
  json.at("children").get_to(thing.children);
  json.at("created_ms").get_to(thing.created_ms);
  json.at("edited_ms").get_to(thing.edited_ms);
  json.at("created_by").get_to(thing.created_by);
  json.at("edited_by").get_to(thing.edited_by);
  json.at("rows_made").get_to(thing.rows_made);
  return thing;
}

Json to_json(const Grant& grant) {
  return {{"bot", grant.bot},
          {"client", grant.client},
          {"person", grant.person},
          {"workspace", grant.workspace},
          {"access_token", grant.access_token},
          {"refresh_token", grant.refresh_token},
          {"issued_ms", grant.issued_ms},
          {"live", grant.live},
          {"shared", grant.shared},
          {"hidden", grant.hidden}};
}

Grant grant_from(const Json& json) {
  return {json.at("bot"),          json.at("client"),
          json.at("person"),       json.at("workspace"),
          json.at("access_token"), json.at("refresh_token"),
          json.at("issued_ms"),    json.at("live"),
          json.at("shared"),       json.value("hidden", std::vector<std::string>{})};
}

}  // namespace

Json Model::save() const {
  Json things = Json::array();
  for (const auto& id : order_) things.push_back(to_json(things_.at(id)));
  Json workspaces = Json::array();
  for (const auto& [id, workspace] : workspaces_) {
    workspaces.push_back({{"id", id},
                          {"name", workspace.name},
                          {"owner", workspace.owner},
                          {"pages", workspace.pages},
                          {"block_limit", workspace.block_limit},
                          {"blocks_made", workspace.blocks_made}});
  }
  Json grants = Json::array();
  for (const Grant& grant : grants_) grants.push_back(to_json(grant));
  return {{"workspaces", workspaces}, {"grants", grants}, {"things", things}};
}

void Model::load(const Json& state) {
  std::unordered_map<std::string, Thing> things;
  std::vector<std::string> order;
  for (const Json& json : state.at("things")) {
    Thing thing = thing_from(json);
    order.push_back(thing.id);
    things.emplace(order.back(), std::move(thing));
  }
  std::map<std::string, Workspace> workspaces;
  for (const Json& json : state.at("workspaces")) {
    Workspace workspace{json.at("id"),    json.at("name"),        json.at("owner"),
                        json.at("pages"), json.at("block_limit"), json.at("blocks_made")};
    workspaces[workspace.id] = std::move(workspace);
  }
  std::vector<Grant> grants;
  for (const Json& json : state.at("grants")) grants.push_back(grant_from(json));
  things_ = std::move(things);
  order_ = std::move(order);
  workspaces_ = std::move(workspaces);
  grants_ = std::move(grants);
  codes_.clear();
  happenings_.clear();
}

}  // namespace mortise::simulators::notion
