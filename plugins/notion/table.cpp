#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

constexpr std::size_t kOptionUnits = 100;
constexpr std::size_t kMostOptions = 100;
constexpr std::size_t kShownRuns = 25;  // a page object shows no more of a text
constexpr double kLargestInteger = 9007199254740992.0;

Result<Json> object(const std::string& body, const char* what) {
  Json parsed = parse(body);
  if (!parsed.is_object()) {
    return Error{Code::unavailable, std::string("Notion's ") + what + " is no JSON object"};
  }
  return parsed;
}

std::string notion_type(const std::string& type, StatusAs status) {
  if (type == "text") return "rich_text";
  if (type == "status" && status == StatusAs::select) return "select";
  const bool same = type == "title" || type == "date" || type == "status" || type == "select" ||
                    type == "url" || type == "number" || type == "checkbox";
  return same ? type : std::string();
}

bool has_options(const std::string& type) {
  return type == "status" || type == "select";
}

/// An option's name as Notion takes it: no commas, at most 100 units.
std::string option_name(std::string name) {
  std::replace(name.begin(), name.end(), ',', ';');
  return std::string(first_units(name, kOptionUnits));
}

std::vector<std::string> option_names(const Json& column) {
  std::vector<std::string> names;
  for (const Json& each : list(column, "options")) {
    if (!each.is_string() || names.size() == kMostOptions) continue;
    std::string name = option_name(each);
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

Json configuration(const Column& column) {
  Json inside = Json::object();
  if (has_options(column.type)) {
    inside["options"] = Json::array();
    for (const std::string& name : column.options) inside["options"].push_back({{"name", name}});
  }
  if (column.type == "number") inside["format"] = "number";
  return {{"type", column.type}, {column.type, std::move(inside)}};
}

/// The columns that `fields` asks for, and the one for our key.
std::vector<Column> wanted_columns(const Json& fields, StatusAs status) {
  std::vector<Column> columns;
  bool titled = false;
  for (const Json& each : list(fields, "columns")) {
    Column column{{}, text(each, "name"), notion_type(text(each, "type"), status)};
    if (column.name.empty() || column.type.empty() || column.name == kKeyColumn) continue;
    if (column.type == "title" && std::exchange(titled, true)) continue;
    if (has_options(column.type)) column.options = option_names(each);
    columns.push_back(std::move(column));
  }
  if (!titled) columns.insert(columns.begin(), {{}, "Name", "title"});
  columns.push_back({{}, std::string(kKeyColumn), "rich_text"});
  return columns;
}

/// What one wanted column changes on the one that is there; null for nothing.
Json alteration(const Column& wanted, const Column& present) {
  const bool same_type =
      wanted.type == present.type || (has_options(wanted.type) && has_options(present.type));
  if (!same_type) {
    const bool is_title = wanted.type == "title" || present.type == "title";
    return is_title ? Json() : configuration(wanted);
  }
  if (!has_options(present.type)) return nullptr;
  Json options = Json::array();
  for (std::size_t i = 0; i < present.options.size(); ++i) {
    options.push_back({{"id", present.option_ids[i]}});  // Notion takes the id or the name
  }
  bool more = false;
  for (const std::string& name : wanted.options) {
    const auto& there = present.options;
    if (std::find(there.begin(), there.end(), name) != there.end()) continue;
    options.push_back({{"name", name}});
    more = true;
  }
  if (!more || options.size() > kMostOptions) return nullptr;
  return {{"type", present.type}, {present.type, {{"options", std::move(options)}}}};
}

Column read_column(const std::string& name, const Json& property) {
  Column column{text(property, "id"), name, text(property, "type")};
  for (const Json& option : list(member(property, column.type), "options")) {
    column.option_ids.push_back(text(option, "id"));
    column.options.push_back(text(option, "name"));
  }
  return column;
}

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
Json field_value(const Json& property, const std::string& type, const Json& sent) {
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
  if (type == "date") return value.is_object() ? from_notion_date(value, sent) : none;
  return none;
}

}  // namespace

const Column* Schema::named(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& each) { return each.name == name; });
  return found == columns.end() ? nullptr : &*found;
}
const Column* Schema::with_id(std::string_view id) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& each) {
    return !each.id.empty() && each.id == id;
  });
  return found == columns.end() ? nullptr : &*found;
}

bool has_status_column(const std::string& fields) {
  const Json parsed = parse(fields);
  const Json& columns = list(parsed, "columns");
  return std::any_of(columns.begin(), columns.end(),
                     [](const Json& each) { return text(each, "type") == "status"; });
}

Schema schema_of(const std::string& fields, StatusAs status) {
  return {{}, wanted_columns(parse(fields), status)};
}

Result<std::string> new_database(const std::string& text_fields, const std::string& parent_id,
                                 StatusAs status) {
  const Json fields = parse(text_fields);
  if (!fields.is_object()) return Error{Code::invalid, "the fields are no JSON object"};
  Json properties = Json::object();
  for (const Column& column : wanted_columns(fields, status)) {
    properties[column.name] = configuration(column);
  }
  Json body = {{"parent", {{"type", "page_id"}, {"page_id", parent_id}}},
               {"title", runs_of(text(fields, "title"))},
               {"is_inline", true},
               {"initial_data_source", {{"properties", std::move(properties)}}}};
  if (const std::string emoji = text(fields, "icon"); !emoji.empty()) {
    body["icon"] = {{"type", "emoji"}, {"emoji", emoji}};
  }
  std::string help;
  for (const Json& line : list(fields, "help")) {
    if (line.is_string()) help += (help.empty() ? "" : "\n") + line.get<std::string>();
  }
  if (!help.empty()) body["description"] = runs_of(help);
  return dump(body);
}

Result<std::string> changed_columns(const std::string& text_fields, const Schema& now,
                                    StatusAs status) {
  const Json fields = parse(text_fields);
  if (!fields.is_object()) return Error{Code::invalid, "the fields are no JSON object"};
  Json properties = Json::object();
  for (const Column& wanted : wanted_columns(fields, status)) {
    const Column* present = now.named(wanted.name);
    if (present == nullptr && wanted.type == "title") {
      properties["title"] = {{"name", wanted.name}};
    } else if (present == nullptr) {
      properties[wanted.name] = configuration(wanted);
    } else if (Json change = alteration(wanted, *present); !change.is_null()) {
      properties[present->address()] = std::move(change);
    }
  }
  if (properties.empty()) return std::string();
  return dump({{"properties", std::move(properties)}});
}

std::string read_source_id(const std::string& database) {
  const Json parsed = parse(database);
  const Json& sources = list(parsed, "data_sources");
  return sources.empty() ? std::string() : text(sources.front(), "id");
}

Result<Schema> read_schema(const std::string& data_source) {
  Result<Json> source = object(data_source, "data source");
  if (!source) return std::move(source).error();
  Schema schema;
  schema.source_id = text(*source, "id");
  if (schema.source_id.empty() || !member(*source, "properties").is_object()) {
    return Error{Code::unavailable, "Notion's data source has no id or no properties"};
  }
  for (const auto& [name, property] : member(*source, "properties").items()) {
    schema.columns.push_back(read_column(name, property));
  }
  return schema;
}

Schema schema_of_row(const std::string& page, const Schema* known) {
  const Json parsed = parse(page);
  Schema schema;
  schema.source_id = text(member(parsed, "parent"), "data_source_id");
  const Json& properties = member(parsed, "properties");
  if (!properties.is_object()) return schema;
  for (const auto& [name, property] : properties.items()) {
    Column column{text(property, "id"), name, text(property, "type")};
    const Column* ours = known == nullptr ? nullptr : known->with_id(column.id);
    if (ours != nullptr) column.name = ours->name;
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

std::string memo_of(const Schema& schema) {
  if (schema.source_id.empty() || schema.columns.empty()) return {};
  Json columns = Json::object();
  for (const Column& each : schema.columns) columns[each.name] = {each.id, each.type};
  std::string memo = dump({{"source", schema.source_id}, {"columns", std::move(columns)}});
  return memo.size() <= MT_MEMO_MAX ? memo : std::string();
}

std::string memo_of_source(const std::string& source_id) {
  return source_id.empty() ? std::string() : dump({{"source", source_id}});
}

Schema schema_of_memo(const std::string& memo) {
  const Json parsed = parse(memo);
  Schema schema;
  schema.source_id = text(parsed, "source");
  const Json& columns = member(parsed, "columns");
  if (!columns.is_object()) return schema;
  for (const auto& [name, column] : columns.items()) {
    if (!column.is_array() || column.size() != 2) continue;
    if (!column[0].is_string() || !column[1].is_string()) continue;
    schema.columns.push_back({column[0], name, column[1]});
  }
  return schema;
}

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

Result<RowRead> read_row(const std::string& page, const Schema* schema, const std::string& sent) {
  Result<Json> parsed = object(page, "row");
  if (!parsed) return std::move(parsed).error();
  RowRead row;
  row.item.kind = "row";
  row.item.id = text(*parsed, "id");
  if (row.item.id.empty()) return Error{Code::unavailable, "Notion's row has no id"};
  row.item.url = text(*parsed, "url");
  row.item.edited_ms = read_time(text(*parsed, "last_edited_time"));
  if (flag(*parsed, "in_trash") || flag(*parsed, "archived")) row.item.state = ItemState::absent;
  row.source_id = text(member(*parsed, "parent"), "data_source_id");
  row.item.parent_id = text(member(*parsed, "parent"), "database_id");
  const Json sent_fields = parse(sent);
  Json fields = Json::object();
  const Json& properties = member(*parsed, "properties");
  for (const auto& [name, property] : properties.items()) {
    const std::string id = text(property, "id");
    const std::string type = text(property, "type");
    const Column* ours = schema == nullptr ? nullptr : schema->with_id(id);
    const std::string field = ours == nullptr ? name : ours->name;
    const bool is_text = type == "title" || type == "rich_text";
    if (is_text && list(property, type).size() == kShownRuns && !flag(property, "whole")) {
      row.cut.push_back(id);
    }
    Json value = field_value(property, type, member(sent_fields, field));
    if (field == kKeyColumn) {
      if (value.is_string()) row.item.key = value;
    } else if (!value.is_discarded()) {
      fields[field] = std::move(value);
    }
  }
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

std::string next_of_property(const std::string& reply) {
  const Json parsed = parse(reply);
  return flag(parsed, "has_more") ? text(parsed, "next_cursor") : std::string();
}

Result<Rows> read_rows(const std::string& body) {
  Result<Json> reply = object(body, "answer to a query");
  if (!reply) return std::move(reply).error();
  if (!member(*reply, "results").is_array()) {
    return Error{Code::unavailable, "Notion's answer to a query has no results"};
  }
  Rows rows;
  for (const Json& each : list(*reply, "results")) {
    if (text(each, "object") == "page") rows.pages.push_back(dump(each));
  }
  if (flag(*reply, "has_more")) rows.next = text(*reply, "next_cursor");
  rows.incomplete = text(member(*reply, "request_status"), "type") == "incomplete";
  return rows;
}

std::string query_all(const std::string& cursor, std::size_t page_size) {
  Json body = {{"sorts", {{{"timestamp", "created_time"}, {"direction", "ascending"}}}},
               {"page_size", page_size}};
  if (!cursor.empty()) body["start_cursor"] = cursor;
  return dump(body);
}

std::string query_keys(const std::vector<std::string>& keys, const std::string& cursor) {
  Json any = Json::array();
  for (const std::string& key : keys) {
    any.push_back({{"property", kKeyColumn}, {"rich_text", {{"equals", key}}}});
  }
  Json body = {{"filter", {{"or", std::move(any)}}}, {"page_size", 100}};
  if (!cursor.empty()) body["start_cursor"] = cursor;
  return dump(body);
}

}  // namespace notion
