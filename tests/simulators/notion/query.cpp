// Queries of a data source, search, users.
#include <algorithm>

#include "simulators/notion/calls.hpp"
#include "simulators/notion/values.hpp"

namespace mortise::simulators::notion {
namespace {

/// A value as something that sorts: null first.
Json sort_key(Thing& source, const Thing& row, const Json& sort) {
  const std::string timestamp = sort.value("timestamp", "");
  if (timestamp == "created_time") return minute_of(row.created_ms);
  if (timestamp == "last_edited_time") return minute_of(row.edited_ms);
  const std::string name = sort.value("property", "");
  const Json* property = find_property(source.body["properties"], name);
  if (property == nullptr) invalid("Could not find sort property with name or id: " + name);
  const std::string type = (*property)["type"];
  if (type == "created_time") return minute_of(row.created_ms);
  if (type == "last_edited_time") return minute_of(row.edited_ms);
  const Json value =
      row.body["properties"].value((*property)["id"].get<std::string>(), empty_value(type));
  if (type == "title" || type == "rich_text") return plain_text(value);
  if (type == "date" && !value.is_null()) return *parse_time(value["start"].get<std::string>());
  if (type == "select" || type == "status") return value.is_null() ? value : value["name"];
  return value;
}

struct Sorted {
  Thing* row;
  std::vector<Json> keys;
};

void sort_rows(Thing& source, std::vector<Thing*>& rows, const Json& sorts) {
  check_array(sorts, 100, "body.sorts");
  std::vector<bool> descending;
  for (const Json& sort : sorts) {
    check_object(sort, "body.sorts");
    const std::string direction = sort.value("direction", "ascending");
    if (direction != "ascending" && direction != "descending") {
      bad("body.sorts.direction", "`ascending` or `descending`", direction);
    }
    descending.push_back(direction == "descending");
  }
  std::vector<Sorted> sorted;
  for (Thing* row : rows) {
    Sorted entry{row, {}};
    for (const Json& sort : sorts) entry.keys.push_back(sort_key(source, *row, sort));
    sorted.push_back(std::move(entry));
  }
  std::ranges::stable_sort(sorted, [&](const Sorted& a, const Sorted& b) {
    for (std::size_t i = 0; i < descending.size(); ++i) {
      if (a.keys[i] != b.keys[i]) return (a.keys[i] < b.keys[i]) != descending[i];
    }
    return false;
  });
  std::ranges::transform(sorted, rows.begin(), &Sorted::row);
}

std::vector<std::string> filter_properties(const Call& call) {
  auto only = call.request.parameters("filter_properties");
  for (auto& more : call.request.parameters("filter_properties[]")) only.push_back(std::move(more));
  return only;
}

}  // namespace

Json query_data_source(Call& call) {
  Thing& source = named(call, 0, Thing::Kind::data_source);
  check_keys(call.body, {"filter", "sorts", "start_cursor", "page_size", "result_type", "in_trash"},
             "body");
  const bool trash = call.body.value("in_trash", false);
  std::vector<Thing*> rows;
  for (const auto& id : source.children) {
    Thing* row = call.model.find(id);
    if (!call.model.visible(call.grant, *row)) continue;
    if (call.body.contains("filter") &&
        !row_matches(call.model, source, *row, call.body["filter"], 0)) {
      continue;
    }
    rows.push_back(row);
  }
  // Unsorted, the newest rows come first: nobody may rely on the order of creation.
  if (call.body.contains("sorts")) {
    sort_rows(source, rows, call.body["sorts"]);
  } else {
    std::ranges::reverse(rows);
  }
  const int ceiling = call.model.world().limits.notion_query_rows;
  std::vector<std::string> ids;
  int living = 0;
  for (const Thing* row : rows) {
    // Rows in the trash stay in the list so that a cursor on one still leads on; they are not
    // shown.
    if (row->trashed == trash && ++living > ceiling && ceiling > 0) break;
    ids.push_back(row->id);
  }
  const auto only = filter_properties(call);
  Json list =
      list_page("page_or_data_source", ids, paging_of(call), [&](const std::string& id) -> Json {
        const Thing* row = call.model.find(id);
        return row->trashed == trash ? page_object(call.model, *row, only) : Json();
      });
  if (ceiling > 0 && living > ceiling && list["next_cursor"].is_null()) {
    list["request_status"] = {{"type", "incomplete"},
                              {"incomplete_reason", "query_result_limit_reached"}};
  }
  return list;
}

Json search(Call& call) {
  check_keys(call.body, {"query", "filter", "sort", "start_cursor", "page_size"}, "body");
  const std::string wanted = call.body.value("filter", Json::object()).value("value", "");
  if (!wanted.empty() && wanted != "page" && wanted != "data_source") {
    bad("body.filter.value", "`page` or `data_source`", wanted);
  }
  const std::string query = call.body.value("query", "");
  std::vector<Thing*> found;
  for (const auto kind : {Thing::Kind::page, Thing::Kind::data_source}) {
    if (!wanted.empty() && (wanted == "page") != (kind == Thing::Kind::page)) continue;
    for (Thing* thing : call.model.all(call.grant, kind)) {
      const std::string title = title_of(*thing);
      const bool matches = std::ranges::search(title, query, [](unsigned char a, unsigned char b) {
                             return std::tolower(a) == std::tolower(b);
                           }).begin() != title.end();
      if ((query.empty() || matches) && !call.model.in_trash(*thing)) found.push_back(thing);
    }
  }
  const Json sort = call.body.value("sort", Json::object());
  const bool ascending = sort.value("direction", "descending") == "ascending";
  std::ranges::stable_sort(found, [&](const Thing* a, const Thing* b) {
    return ascending ? a->edited_ms < b->edited_ms : a->edited_ms > b->edited_ms;
  });
  std::vector<std::string> ids;
  for (const Thing* thing : found) ids.push_back(thing->id);
  return list_page("page_or_data_source", ids, paging_of(call), [&](const std::string& id) {
    const Thing& thing = *call.model.find(id);
    return thing.kind == Thing::Kind::page ? page_object(call.model, thing)
                                           : data_source_object(call.model, thing);
  });
}

Json get_me(Call& call) {
  const Workspace& workspace = *call.model.workspace(call.grant.workspace);
  const OAuthClient* client = call.model.world().oauth.at("notion").find(call.grant.client);
  return {{"object", "user"},
          {"id", call.grant.bot},
          {"name", client == nullptr ? "A removed app" : client->name},
          {"avatar_url", nullptr},
          {"type", "bot"},
          {"bot",
           {{"owner", {{"type", "user"}, {"user", person_object(*find_person(call.grant.person))}}},
            {"workspace_id", workspace.id},
            {"workspace_limits", {{"max_file_upload_size_in_bytes", 5'242'880}}},
            {"workspace_name", workspace.name}}}};
}

Json get_user(Call& call) {
  const std::string id = normal_id(call.ids.at(0));
  if (id == call.grant.bot) return get_me(call);
  const Person* person = find_person(id);
  if (person == nullptr || person->id != call.grant.person) missing("user", call.ids.at(0));
  return person_object(*person);
}

Json list_users(Call& call) {
  const std::vector<std::string> ids = {call.grant.person, call.grant.bot};
  return list_page("user", ids, paging_of(call), [&](const std::string& id) {
    const Person* person = find_person(id);
    return person == nullptr ? get_me(call) : person_object(*person);
  });
}

}  // namespace mortise::simulators::notion
