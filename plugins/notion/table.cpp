#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "answers.hpp"
#include "codec.hpp"
#include "common/json.hpp"
#include "dates.hpp"
#include "rich_text.hpp"

namespace notion {
namespace {

using common::dump;
using common::flag;
using common::Json;
using common::list;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Result;
using mortise::Write;

constexpr std::size_t kShownRuns = 25;  // a page object shows no more of a text
constexpr double kLargestInteger = 9007199254740992.0;

/// The value of one property as `column` takes it; discarded if it cannot.
Json property_value(const Json& value, const Column& column, Room& room) {
  const Json none(Json::value_t::discarded);
  const std::string words = value.is_string() ? value.get<std::string>() : std::string();
  const std::string& type = column.type;
  if (type == "title" || type == "rich_text") {
    if (!value.is_null() && !value.is_string()) return none;
    Room here{std::min<std::size_t>(100, room.runs), room.bytes};
    Json runs = runs_of(words, here);
    room.bytes = here.bytes;
    return {{type, std::move(runs)}};
  }
  if (type == "checkbox") {
    if (!value.is_null() && !value.is_boolean()) return none;
    return {{type, value.is_boolean() && value.get<bool>()}};
  }
  if (value.is_null()) {
    const bool known = type == "date" || type == "url" || type == "number" || has_options(type);
    return known ? Json{{type, nullptr}} : none;
  }
  if (type == "number") return value.is_number() ? Json{{type, value}} : none;
  if (type == "date") return value.is_object() ? Json{{type, to_notion_date(value)}} : none;
  if (!value.is_string()) return none;
  if (type == "url") {
    if (words.empty() || utf16_length(words) > 2000) return {{type, nullptr}};
    return {{type, words}};
  }
  if (has_options(type)) {
    const std::string name = option_name(words);
    return name.empty() ? Json{{type, nullptr}} : Json{{type, {{"name", name}}}};
  }
  return none;
}

void put(Json& properties, const Column& column, const Json& value, Room& room) {
  Json written = property_value(value, column, room);
  if (!written.is_discarded()) properties[column.address()] = std::move(written);
}

/// URLs over Notion's 2,000 units stand in the row's page instead: nothing is lost.
Json paragraphs_of_long_urls(const Json& fields, const Schema& schema, Room& room) {
  Json blocks = Json::array();
  for (const auto& [name, value] : fields.items()) {
    const Column* column = schema.named(name);
    if (column == nullptr || column->type != "url" || !value.is_string()) continue;
    const auto& url = value.get_ref<const std::string&>();
    if (utf16_length(url) <= 2000 || blocks.size() == 100) continue;
    Room here{100, room.bytes};
    Json runs = runs_of(name + ": " + url, here);
    room.bytes = here.bytes;
    blocks.push_back({{"type", "paragraph"}, {"paragraph", {{"rich_text", std::move(runs)}}}});
  }
  return blocks;
}

/// A property in the words of its column; discarded for what rows do not hold.
Json field_value(const Json& property, const std::string& type) {
  const Json& value = member(property, type);
  const Json none(Json::value_t::discarded);
  if (type == "title" || type == "rich_text") {
    std::string words = plain_text(value);
    return words.empty() ? none : Json(std::move(words));
  }
  if (type == "checkbox") return value.is_boolean() ? value : none;
  if (type == "url") return value.is_string() && !value.empty() ? value : none;
  if (has_options(type)) {
    std::string name = text(value, "name");
    return name.empty() ? none : Json(std::move(name));
  }
  if (type == "number") {
    if (!value.is_number()) return none;
    if (value.is_number_integer() && !value.is_number_unsigned()) return value;
    const double number = std::clamp(value.get<double>(), -kLargestInteger, kLargestInteger);
    return static_cast<std::int64_t>(std::llround(number));
  }
  if (type == "date") return value.is_object() ? from_notion_date(value) : none;
  return none;
}

}  // namespace

Result<std::string> new_row(const Write& write, const Schema& schema) {
  const Json fields = parse(write.fields);
  if (!fields.is_object()) return Error{Code::invalid, "the fields are no JSON object"};
  Json properties = Json::object();
  Room room{100, 400'000};
  for (const auto& [name, value] : fields.items()) {
    const Column* column = schema.named(name);
    if (column != nullptr && name != kKeyColumn) put(properties, *column, value, room);
  }
  if (const Column* key = schema.named(kKeyColumn)) put(properties, *key, write.key, room);
  Json body = {{"parent", {{"type", "data_source_id"}, {"data_source_id", schema.source_id}}},
               {"properties", std::move(properties)}};
  Json children = paragraphs_of_long_urls(fields, schema, room);
  if (!children.empty()) body["children"] = std::move(children);
  return dump(body);
}

Result<std::string> changed_row(const Write& write, const Schema& schema) {
  const Json fields = parse(write.fields);
  if (!fields.is_object()) return Error{Code::invalid, "the fields are no JSON object"};
  Json properties = Json::object();
  Room room{100, 400'000};
  for (const std::string& name : write.changed) {
    const Column* column = schema.named(name);
    if (column != nullptr && name != kKeyColumn) {
      put(properties, *column, member(fields, name), room);
    }
  }
  if (properties.empty()) return std::string();
  return dump({{"properties", std::move(properties)}});
}

std::string source_of_row(const std::string& page) {
  const Json parsed = parse(page);
  return text(member(parsed, "parent"), "data_source_id");
}

Result<RowRead> read_row(const std::string& page, const Schema* schema) {
  Result<Json> parsed = object(page, "row");
  if (!parsed) return std::move(parsed).error();
  RowRead row;
  row.item.kind = "row";
  row.item.id = text(*parsed, "id");
  if (row.item.id.empty()) return Error{Code::unavailable, "Notion's row has no id"};
  row.item.url = text(*parsed, "url");
  const std::string edited = text(*parsed, "last_edited_time");
  row.item.edited_ms = read_time(edited);
  row.created_ms = read_time(text(*parsed, "created_time"));
  if (flag(*parsed, "in_trash") || flag(*parsed, "archived")) row.item.state = ItemState::deleted;
  row.item.parent_id = text(member(*parsed, "parent"), "database_id");
  if (!member(*parsed, "properties").is_object()) {
    if (row.item.state == ItemState::present) row.item.state = ItemState::out_of_scope;
    return row;
  }
  Json fields = Json::object();
  Json content = Json::object();  // by id: columns may be renamed
  for (const auto& [name, property] : member(*parsed, "properties").items()) {
    const std::string id = text(property, "id");
    const std::string type = text(property, "type");
    const bool is_text = type == "title" || type == "rich_text";
    if (is_text && list(property, type).size() == kShownRuns && !flag(property, "whole")) {
      row.cut.push_back(id);
    }
    Json value = field_value(property, type);
    if (value.is_discarded()) continue;
    content[id] = value;
    const std::optional<std::string> field =
        schema == nullptr ? std::optional<std::string>(name) : schema->field_of(id, name);
    if (field == kKeyColumn) {
      if (value.is_string()) row.item.key = value;
    } else if (field) {
      fields[*field] = std::move(value);
    }
  }
  // What a long text holds beyond the part that is shown is known by its time only.
  if (!row.cut.empty()) content["edited"] = edited;
  row.item.version = version_of(row.item.kind, dump(content));
  row.item.fields = dump(fields);
  row.item.memo = memo_of(schema_of_row(page, schema));
  return row;
}

std::string with_property(const std::string& page, const std::string& property_id,
                          const std::vector<std::string>& property_replies) {
  Json parsed = parse(page);
  if (!member(parsed, "properties").is_object()) return page;
  for (auto& [name, property] : parsed["properties"].items()) {
    if (text(property, "id") != property_id) continue;
    const std::string type = text(property, "type");
    Json runs = Json::array();
    for (const std::string& body : property_replies) {
      const Json reply = parse(body);
      for (const Json& entry : list(reply, "results")) runs.push_back(member(entry, type));
    }
    property[type] = std::move(runs);
    property["whole"] = true;
  }
  return dump(parsed);
}

Result<std::string> next_of_property(const std::string& body) {
  const Result<Json> reply = list_object(body, "answer about a long text");
  if (!reply) return reply.error();
  return next_cursor(*reply, "answer about a long text");
}

Result<Rows> read_rows(const std::string& body) {
  Result<Json> reply = list_object(body, "answer to a query");
  if (!reply) return std::move(reply).error();
  Result<std::string> next = next_cursor(*reply, "answer to a query");
  if (!next) return std::move(next).error();
  Rows rows;
  rows.next = *std::move(next);
  for (const Json& each : list(*reply, "results")) {
    if (text(each, "object") == "page") rows.pages.push_back(dump(each));
  }
  rows.incomplete = text(member(*reply, "request_status"), "type") == "incomplete";
  return rows;
}

std::string query_rows(const Window& window, const std::string& cursor, std::size_t page_size) {
  Json all = Json::array();
  const auto since = [&](const char* what, std::int64_t from_ms) {
    if (from_ms > 0) {
      all.push_back({{"timestamp", what}, {what, {{"on_or_after", write_time(from_ms)}}}});
    }
  };
  since("last_edited_time", window.edited_from_ms);
  since("created_time", window.created_from_ms);
  Json body = {{"sorts", {{{"timestamp", "created_time"}, {"direction", "ascending"}}}},
               {"page_size", page_size}};
  if (all.size() == 1) body["filter"] = all.front();
  if (all.size() > 1) body["filter"] = {{"and", std::move(all)}};
  if (!cursor.empty()) body["start_cursor"] = cursor;
  return dump(body);
}

std::string query_keys(const Column& key_column, const std::vector<std::string>& keys,
                       const std::string& cursor) {
  Json any = Json::array();
  for (const std::string& key : keys) {
    any.push_back({{"property", key_column.address()}, {"rich_text", {{"equals", key}}}});
  }
  Json body = {{"filter", {{"or", std::move(any)}}}, {"page_size", 100}};
  if (!cursor.empty()) body["start_cursor"] = cursor;
  return dump(body);
}

}  // namespace notion
