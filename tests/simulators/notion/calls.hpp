// The API calls, one function each. All may throw Refusal; all answer the body of a 200.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// What a call is about: who asks, with what.
struct Call {
  Model& model;
  Grant& grant;
  const Request& request;
  const Json& body;
  std::vector<std::string> ids;  ///< the path's parameters, decoded
};

// objects.cpp: things as the API shows them.
Json page_object(Model& model, const Thing& page, const std::vector<std::string>& only = {});
Json block_object(Model& model, Thing& thing);
Json database_object(Model& model, const Thing& database);
Json data_source_object(Model& model, const Thing& source);
Json person_object(const Person& person);
Json parent_object(Model& model, const Thing& thing);
/// The schema's entry for a property named by id or name; null if there is none.
Json* find_property(Json& schema, const std::string& id_or_name);

// targets.cpp: lists
struct Paging {
  std::string cursor;
  std::size_t size = 100;
};
Paging paging_of(const Call& call);  ///< from the query of a GET, the body of a POST
Json list_object(const std::string& type, Json results, const Json& next_cursor);
/// One page of `ids`, starting at the cursor; `show` makes the object, null leaves the id out.
template <class Show>
Json list_page(const std::string& type, const std::vector<std::string>& ids, const Paging& paging,
               Show show) {
  std::size_t at = 0;
  if (!paging.cursor.empty()) {
    while (at < ids.size() && ids[at] != paging.cursor) ++at;
    if (at == ids.size()) {
      invalid("The start_cursor provided is invalid: " + paging.cursor);
    }
  }
  Json results = Json::array();
  for (; at < ids.size() && results.size() < paging.size; ++at) {
    Json shown = show(ids[at]);
    if (!shown.is_null()) results.push_back(std::move(shown));
  }
  // Ids that show nothing must not announce another page.
  while (at < ids.size() && show(ids[at]).is_null()) ++at;
  return list_object(type, std::move(results), at < ids.size() ? Json(ids[at]) : Json(nullptr));
}

// targets.cpp: what a call names, checked.
Thing& named(Call& call, std::size_t index, Thing::Kind kind);
/// A block or a page (a page is the root of its blocks).
Thing& named_block(Call& call, std::size_t index);
/// By an id inside the body.
Thing& referenced(Call& call, const std::string& id, Thing::Kind kind, const std::string& what);
/// Refuses to change what lies in the trash.
void check_living(Model& model, const Thing& thing);
/// Counts blocks against the free plan's limit.
void spend_blocks(Call& call, std::size_t count);

// blocks.cpp
struct NewBlock {
  std::string type;
  Json content;
  std::vector<NewBlock> children;
};
std::vector<NewBlock> read_blocks(Model& model, const Json& children, const std::string& path);
std::size_t count_blocks(const std::vector<NewBlock>& blocks);
/// The child of `parent` that a position names.
std::string read_sibling(Call& call, const Json& position, const Thing& parent);
/// Ids of the first level, in order.
std::vector<std::string> create_blocks(Model& model, Thing& parent,
                                       const std::vector<NewBlock>& blocks, Model::Place place,
                                       const std::string& author);
Json get_block(Call& call);
Json update_block(Call& call);
Json delete_block(Call& call);
Json list_children(Call& call);
Json append_children(Call& call);
/// A block's content under its type's key. For an update `before` is the content as it was.
Json read_content(Model& model, const std::string& type, const Json& json, const Json* before,
                  const std::string& path);
bool is_block_type(const std::string& type);
bool takes_children(const Thing& block);

// pages.cpp
Json create_page(Call& call);
Json get_page(Call& call);
Json update_page(Call& call);
Json move_page(Call& call);
Json get_property(Call& call);
/// Writes row values: names or ids to {type: value}; answers the ids. All of them or, refused,
/// none.
std::vector<std::string> write_properties(Model& model, Thing& page, const Json& properties,
                                          const std::string& path, const std::string& author);

// databases.cpp
Json create_database(Call& call);
Json get_database(Call& call);
Json update_database(Call& call);
Json create_data_source(Call& call);
Json get_data_source(Call& call);
Json update_data_source(Call& call);
Json list_templates(Call& call);

// query.cpp, search.cpp, users.cpp
Json query_data_source(Call& call);
bool row_matches(Model& model, Thing& source, const Thing& row, const Json& filter, int level);
Json search(Call& call);
Json get_me(Call& call);
Json get_user(Call& call);
Json list_users(Call& call);

}  // namespace mortise::simulators::notion
