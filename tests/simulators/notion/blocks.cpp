// Blocks: reading trees of new ones, and the block calls.
#include <algorithm>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/edits.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr int kLevelsBelowTop = 2;
constexpr std::size_t kLargestArray = 100;

std::vector<NewBlock> read_level(Model& model, const Json& children, const std::string& path,
                                 int level);

std::string type_of(const Json& json, const std::string& path) {
  check_object(json, path);
  std::string type;
  for (const auto& [key, value] : json.items()) {
    if (key == "object" || key == "type") continue;
    if (!is_block_type(key)) bad(path + "." + key, "not present", value);
    if (!type.empty()) bad(path + "." + key, "not present", value);
    type = key;
  }
  if (type.empty()) bad(path + ".paragraph", "defined", Json(Json::value_t::discarded));
  if (json.contains("type") && json["type"] != type)
    bad(path + ".type", "`" + type + "`", json["type"]);
  if (json.contains("object") && json["object"] != "block")
    bad(path + ".object", "`block`", json["object"]);
  return type;
}

/// What must hold between a block and its children at creation.
void check_family(const NewBlock& block, const std::string& path) {
  if (block.type == "table") {
    if (block.children.empty()) bad(path + ".table.children", "≥ 1 table_row", Json::array());
    for (const NewBlock& row : block.children) {
      if (row.type != "table_row" || row.content["cells"].size() != block.content["table_width"]) {
        invalid("Number of cells in table row must match the table width of the parent table");
      }
    }
  }
  if (block.type == "column_list" && block.children.size() < 2) {
    bad(path + ".column_list.children.length", "≥ 2", block.children.size());
  }
  if (block.type == "column" && block.children.empty()) {
    bad(path + ".column.children.length", "≥ 1", 0);
  }
}

NewBlock read_block(Model& model, const Json& json, const std::string& path, int level) {
  NewBlock block;
  block.type = type_of(json, path);
  const std::string at = path + "." + block.type;
  const Json& content = json[block.type];
  block.content = read_content(model, block.type, content, nullptr, at);
  if (content.contains("children")) {
    if (level >= kLevelsBelowTop) bad(at + ".children", "not present", content["children"]);
    block.children = read_level(model, content["children"], at + ".children", level + 1);
    const bool toggle = block.content.value("is_toggleable", false);
    if (block.type.starts_with("heading_") && !toggle && !block.children.empty()) {
      invalid("body failed validation: " + at + ".children requires is_toggleable to be true.");
    }
  }
  check_family(block, path);
  return block;
}

std::vector<NewBlock> read_level(Model& model, const Json& children, const std::string& path,
                                 int level) {
  check_array(children, kLargestArray, path);
  std::vector<NewBlock> blocks;
  for (std::size_t i = 0; i < children.size(); ++i) {
    blocks.push_back(read_block(model, children[i], path + "[" + std::to_string(i) + "]", level));
  }
  return blocks;
}

Model::Place read_place(Call& call, const Thing& parent) {
  if (call.body.contains("after")) bad("body.after", "not present", call.body["after"]);
  Model::Place place;
  if (!call.body.contains("position")) return place;
  const Json& position = call.body["position"];
  check_object(position, "body.position");
  const std::string type = position.value("type", "");
  if (type == "start") {
    place.at = Model::Place::At::start;
  } else if (type == "after_block") {
    place.at = Model::Place::At::after;
    place.sibling = read_sibling(call, position, parent);
  } else if (type != "end") {
    bad("body.position.type", "`start`, `end` or `after_block`", position.value("type", Json()));
  }
  return place;
}

}  // namespace

std::vector<NewBlock> read_blocks(Model& model, const Json& children, const std::string& path) {
  auto blocks = read_level(model, children, path, 0);
  if (const auto count = count_blocks(blocks); count > 1000) {
    invalid("body failed validation: the number of blocks should be ≤ `1000`, instead was `" +
            std::to_string(count) + "`.");
  }
  return blocks;
}

std::size_t count_blocks(const std::vector<NewBlock>& blocks) {
  std::size_t count = blocks.size();
  for (const NewBlock& block : blocks) count += count_blocks(block.children);
  return count;
}

std::string read_sibling(Call& call, const Json& position, const Thing& parent) {
  const std::string id = read_id(position.value("after_block", Json::object()).value("id", Json()),
                                 "body.position.after_block.id");
  const Thing* sibling = call.model.find(id);
  if (sibling == nullptr || !call.model.visible(call.grant, *sibling)) missing("block", id);
  if (sibling->parent != parent.id) {
    invalid("Block ID (" + id + ") to append children after is not parented by " + parent.id + ".");
  }
  return id;
}

std::vector<std::string> create_blocks(Model& model, Thing& parent,
                                       const std::vector<NewBlock>& blocks, Model::Place place,
                                       const std::string& author) {
  std::vector<std::string> ids;
  for (const NewBlock& block : blocks) {
    Thing thing;
    thing.kind = Thing::Kind::block;
    thing.workspace = parent.workspace;
    thing.parent = parent.id;
    thing.type = block.type;
    thing.body = block.content;
    thing.created_by = author;
    Thing& made = model.add(std::move(thing));
    model.place(made, place);
    if (place.at != Model::Place::At::end) place = {Model::Place::At::after, made.id};
    create_blocks(model, made, block.children, {}, author);
    ids.push_back(made.id);
  }
  return ids;
}

Json get_block(Call& call) {
  return block_object(call.model, named_block(call, 0));
}

Json update_block(Call& call) {
  Thing& block = named_block(call, 0);
  check_object(call.body, "body");
  if (block.kind != Thing::Kind::block) {
    invalid("Pages and databases cannot be updated as blocks: use their own endpoints.");
  }
  const bool restore = call.body.contains("in_trash") && call.body["in_trash"] == false;
  if (!restore) check_living(call.model, block);
  for (const auto& [key, value] : call.body.items()) {
    if (key == "type" || key == "object" || key == "in_trash") continue;
    if (key != block.type) {
      invalid("body failed validation: body." + key +
              " should be not present: the block's type is " + block.type +
              " and cannot be changed.");
    }
    check_object(value, "body." + key);
    if (value.contains("children"))
      bad("body." + key + ".children", "not present", value["children"]);
    block.body = read_content(call.model, block.type, value, &block.body, "body." + key);
  }
  if (call.body.contains("in_trash")) {
    set_trashed(call.model, block, read_bool(call.body["in_trash"], "body.in_trash"),
                call.grant.bot);
  }
  if (call.body.contains(block.type)) content_edited(call.model, block, call.grant.bot);
  return block_object(call.model, block);
}

Json delete_block(Call& call) {
  Thing& block = named_block(call, 0);
  check_living(call.model, block);
  set_trashed(call.model, block, true, call.grant.bot);
  return block_object(call.model, block);
}

Json list_children(Call& call) {
  const Thing& parent = named_block(call, 0);
  const bool gone = call.model.in_trash(parent);
  return list_page("block", parent.children, paging_of(call), [&](const std::string& id) -> Json {
    Thing* child = call.model.find(id);
    const bool shown = (!child->trashed || gone) && call.model.visible(call.grant, *child);
    return shown ? block_object(call.model, *child) : Json();
  });
}

Json append_children(Call& call) {
  Thing& parent = named_block(call, 0);
  check_keys(call.body, {"children", "position", "after"}, "body");
  check_living(call.model, parent);
  const Model::Place place = read_place(call, parent);
  if (!call.body.contains("children"))
    bad("body.children", "defined", Json(Json::value_t::discarded));
  const auto blocks = read_blocks(call.model, call.body["children"], "body.children");
  if (!takes_children(parent)) {
    invalid("Block of type " + parent.type + " does not support children.");
  }
  if (parent.type == "table") {
    for (const NewBlock& row : blocks) {
      if (row.type != "table_row" || row.content["cells"].size() != parent.body["table_width"]) {
        invalid("Number of cells in table row must match the table width of the parent table");
      }
    }
  }
  spend_blocks(call, count_blocks(blocks));
  const auto ids = create_blocks(call.model, parent, blocks, place, call.grant.bot);
  call.model.touch(parent, call.grant.bot);
  for (const auto& id : ids) added(call.model, *call.model.find(id), call.grant.bot);
  Json results = Json::array();
  for (const auto& id : ids) results.push_back(block_object(call.model, *call.model.find(id)));
  return list_object("block", std::move(results), nullptr);
}

}  // namespace mortise::simulators::notion
