// What a call names: found, visible, of the right kind, alive; and how lists are cut into pages.
#include <charconv>

#include "simulators/notion/calls.hpp"

namespace mortise::simulators::notion {
namespace {

const char* word_for(Thing::Kind kind) {
  switch (kind) {
    case Thing::Kind::page:
      return "page";
    case Thing::Kind::block:
      return "block";
    case Thing::Kind::database:
      return "database";
    case Thing::Kind::data_source:
      return "data source";
  }
  return "object";
}

std::string path_id(Call& call, std::size_t index, const std::string& what) {
  const std::string id = normal_id(call.ids.at(index));
  if (id.empty()) {
    invalid("path failed validation: path." + what + "_id should be a valid uuid, instead was `\"" +
            call.ids.at(index) + "\"`.");
  }
  return id;
}

}  // namespace

Thing& referenced(Call& call, const std::string& id, Thing::Kind kind, const std::string& what) {
  Thing* thing = call.model.find(id);
  if (thing == nullptr || thing->kind != kind || !call.model.visible(call.grant, *thing)) {
    missing(what, id);
  }
  return *thing;
}

Thing& named(Call& call, std::size_t index, Thing::Kind kind) {
  const std::string what = word_for(kind);
  const std::string id =
      path_id(call, index, kind == Thing::Kind::data_source ? "data_source" : what);
  return referenced(call, id, kind, what);
}

Thing& named_block(Call& call, std::size_t index) {
  const std::string id = path_id(call, index, "block");
  Thing* thing = call.model.find(id);
  if (thing == nullptr || thing->kind == Thing::Kind::data_source ||
      !call.model.visible(call.grant, *thing)) {
    missing("block", id);
  }
  return *thing;
}

void check_living(Model& model, const Thing& thing) {
  if (model.in_trash(thing)) {
    invalid("Can't edit block that is archived. You must unarchive the block before editing.");
  }
}

void spend_blocks(Call& call, std::size_t count) {
  Workspace* workspace = call.model.workspace(call.grant.workspace);
  const auto wanted = static_cast<int>(count);
  if (workspace->block_limit > 0 && workspace->blocks_made + wanted > workspace->block_limit) {
    throw Refusal{403,
                  "restricted_resource",
                  "This workspace has reached the block limit of its plan.",
                  {{"block_limit", "block_creation"}}};
  }
  workspace->blocks_made += wanted;
}

Paging paging_of(const Call& call) {
  Paging paging;
  Json size = nullptr;
  if (call.request.method == "GET") {
    paging.cursor = call.request.parameter("start_cursor").value_or("");
    if (const auto text = call.request.parameter("page_size")) {
      int number = 0;
      const auto [end, problem] =
          std::from_chars(text->data(), text->data() + text->size(), number);
      size =
          problem == std::errc{} && end == text->data() + text->size() ? Json(number) : Json(*text);
    }
  } else {
    const Json cursor = call.body.value("start_cursor", Json());
    if (cursor.is_string()) paging.cursor = cursor;
    size = call.body.value("page_size", Json());
  }
  if (!size.is_null()) {
    if (!size.is_number_integer() || size.get<int>() < 1 || size.get<int>() > 100) {
      invalid("page_size should be a number between 1 and 100, instead was `" + size.dump() + "`.");
    }
    paging.size = size.get<std::size_t>();
  }
  const int most = call.model.world().limits.notion_page_rows;
  if (most > 0) paging.size = std::min(paging.size, static_cast<std::size_t>(most));
  return paging;
}

Json list_object(const std::string& type, Json results, const Json& next_cursor) {
  return {{"object", "list"},
          {"results", std::move(results)},
          {"next_cursor", next_cursor},
          {"has_more", !next_cursor.is_null()},
          {"type", type},
          {type, Json::object()}};
}

}  // namespace mortise::simulators::notion
