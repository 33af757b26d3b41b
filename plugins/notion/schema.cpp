#include "schema.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "answers.hpp"
#include "common/json.hpp"
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
using mortise::Result;

constexpr std::size_t kOptionUnits = 100;
constexpr std::size_t kMostOptions = 100;
constexpr std::size_t kNoteUnits = 280;  // Notion's bound on a column's description
constexpr std::string_view kNote = "Mortise: ";
constexpr std::string_view kKeyNote = "Mortise key: ";
constexpr std::string_view kBetweenNames = " | ";
constexpr std::int64_t kMinuteMs = 60'000;
// A minute that began so long ago is over on every clock, and its rows are in the index.
constexpr std::int64_t kSettledMs = 10 * kMinuteMs;

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

/// Says its description; the name is the user's.
bool is_ours(const Column& column) {
  return begins(column.note, kNote) || begins(column.note, kKeyNote);
}

std::string note_of(const std::string& name) {
  std::string note = std::string(kNote) + name;
  return utf16_length(note) <= kNoteUnits ? note : std::string();
}

/// What the key column says of its table; names that do not fit are left out.
std::string key_note(const std::vector<Column>& columns) {
  std::string note(kKeyNote);
  std::string_view between;
  for (const Column& each : columns) {
    if (each.name == kKeyColumn || each.name.find('|') != std::string::npos) continue;
    const std::string more = std::string(between) + each.name;
    if (utf16_length(note) + utf16_length(more) > kNoteUnits) continue;
    note += more;
    between = kBetweenNames;
  }
  return note;
}

std::vector<std::string> names_in(std::string_view key_note) {
  std::vector<std::string> names;
  key_note.remove_prefix(kKeyNote.size());
  while (!key_note.empty()) {
    const std::size_t end = std::min(key_note.find(kBetweenNames), key_note.size());
    if (end > 0) names.emplace_back(key_note.substr(0, end));
    key_note.remove_prefix(std::min(end + kBetweenNames.size(), key_note.size()));
  }
  return names;
}

std::string notion_type(const std::string& type, StatusAs status) {
  if (type == "text") return "rich_text";
  if (type == "status" && status == StatusAs::select) return "select";
  const bool same = type == "title" || type == "date" || type == "status" || type == "select" ||
                    type == "url" || type == "number" || type == "checkbox";
  return same ? type : std::string();
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
  Json made = {{"type", column.type}, {column.type, std::move(inside)}};
  if (!column.note.empty()) made["description"] = column.note;
  return made;
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
  for (Column& each : columns) each.note = note_of(each.name);
  Column key{{}, std::string(kKeyColumn), "rich_text"};
  key.note = key_note(columns);
  columns.push_back(std::move(key));
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
  // The key column lists all others.
  if (wanted.name == kKeyColumn && wanted.note != present.note) return configuration(wanted);
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
  column.note = text(property, "description");
  for (const Json& option : list(member(property, column.type), "options")) {
    column.option_ids.push_back(text(option, "id"));
    column.options.push_back(text(option, "name"));
  }
  return column;
}

/// Columns that carry our name are called so, whatever the user calls them now; of two (one is a
/// copy of the other) the first. Strangers that have such a name are left out.
void take_our_names(Schema& schema) {
  std::set<std::string> taken;
  for (Column& each : schema.columns) {
    if (!is_ours(each)) continue;
    const bool key = begins(each.note, kKeyNote);
    if (key) schema.kept = names_in(each.note);
    std::string name = key ? std::string(kKeyColumn) : each.note.substr(kNote.size());
    if (taken.insert(name).second) {
      each.name = std::move(name);
    } else {
      each.note.clear();
    }
  }
  const auto outnamed = [&](const Column& each) {
    return !is_ours(each) && taken.count(each.name) > 0;
  };
  auto& columns = schema.columns;
  columns.erase(std::remove_if(columns.begin(), columns.end(), outnamed), columns.end());
}

Json json_of(const Schema& schema) {
  Json columns = Json::object();
  for (const Column& each : schema.columns) columns[each.name] = {each.id, each.type};
  return {{"source", schema.source_id}, {"columns", std::move(columns)}};
}

Schema schema_in(const Json& json) {
  Schema schema;
  schema.source_id = text(json, "source");
  const Json& columns = member(json, "columns");
  if (!columns.is_object()) return schema;
  for (const auto& [name, column] : columns.items()) {
    if (!column.is_array() || column.size() != 2) continue;
    if (!column[0].is_string() || !column[1].is_string()) continue;
    schema.columns.push_back({column[0], name, column[1]});
  }
  return schema;
}

}  // namespace

bool has_options(const std::string& type) {
  return type == "status" || type == "select";
}

std::string option_name(std::string name) {
  std::replace(name.begin(), name.end(), ',', ';');
  return std::string(first_units(name, kOptionUnits));
}

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

std::optional<std::string> Schema::field_of(const std::string& id, const std::string& shown) const {
  if (const Column* same = with_id(id)) return same->name;
  const Column* other = named(shown);
  if (other != nullptr && !other->id.empty()) return std::nullopt;
  return shown;
}
bool Schema::has_columns_of(const Schema& other) const {
  return columns.size() == other.columns.size() &&
         std::all_of(columns.begin(), columns.end(),
                     [&](const Column& each) { return other.with_id(each.id) != nullptr; });
}
std::vector<std::string> Schema::removed_columns() const {
  std::vector<std::string> removed;
  for (const std::string& name : kept) {
    if (named(name) == nullptr) removed.push_back(name);
  }
  return removed;
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
      if (!wanted.note.empty()) properties["title"]["description"] = wanted.note;
    } else if (present == nullptr) {
      properties[wanted.name] = configuration(wanted);
    } else if (Json change = alteration(wanted, *present); !change.is_null()) {
      properties[present->address()] = std::move(change);
    }
  }
  if (properties.empty()) return std::string();
  return dump({{"properties", std::move(properties)}});
}

std::string key_column_again(const Schema& now) {
  std::vector<Column> ours;
  for (const Column& each : now.columns) {
    if (is_ours(each)) ours.push_back(each);
  }
  Column key{{}, std::string(kKeyColumn), "rich_text"};
  key.note = key_note(ours);
  return dump({{"properties", {{key.name, configuration(key)}}}});
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
  take_our_names(schema);
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
    if (known != nullptr) {
      std::optional<std::string> field = known->field_of(column.id, name);
      if (!field) continue;
      column.name = *std::move(field);
    }
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

Schema called_as_in(const Schema& known, Schema shown) {
  for (Column& column : shown.columns) {
    if (const Column* same = known.with_id(column.id)) column.name = same->name;
  }
  return shown;
}

std::string memo_of(const Schema& schema) {
  if (schema.source_id.empty() || schema.columns.empty()) return {};
  std::string memo = dump(json_of(schema));
  return memo.size() <= MT_MEMO_MAX ? memo : std::string();
}

std::string memo_of_source(const std::string& source_id) {
  return source_id.empty() ? std::string() : dump({{"source", source_id}});
}

Schema schema_of_memo(const std::string& memo) {
  return schema_in(parse(memo));
}

std::int64_t TableCursor::from_ms() const {
  if (edited_ms == 0) return 0;
  return edited_ms + (read_ms - edited_ms >= kSettledMs ? kMinuteMs : -2 * kMinuteMs);
}

std::string cursor_of(const TableCursor& read) {
  Json cursor = json_of(read.schema);
  cursor["edited"] = read.edited_ms;
  cursor["read"] = read.read_ms;
  if (!read.schema.kept.empty()) cursor["kept"] = read.schema.kept;
  std::string text = dump(cursor);
  if (text.size() <= MT_CURSOR_MAX) return text;
  cursor.erase("columns");  // they are read again
  return dump(cursor);
}

Result<TableCursor> read_table_cursor(const std::string& cursor) {
  const Json parsed = parse(cursor);
  TableCursor read;
  read.schema = schema_in(parsed);
  const Json& edited = member(parsed, "edited");
  const Json& at = member(parsed, "read");
  if (read.schema.source_id.empty() || !edited.is_number_integer() || !at.is_number_integer()) {
    return Error{Code::stale, "the cursor is none of this connector"};
  }
  read.edited_ms = edited;
  read.read_ms = at;
  for (const Json& name : list(parsed, "kept")) {
    if (name.is_string()) read.schema.kept.push_back(name);
  }
  return read;
}

}  // namespace notion
