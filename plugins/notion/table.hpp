// The inside of databases: columns (a data source's schema) and rows. Pure, JSON as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

namespace notion {

/// The column that holds our key of each row. It is no field.
inline constexpr std::string_view kKeyColumn = "Mortise key";

/// One column. Ids are stable, names are the user's: an item's fields are named by `name`, which is
/// what we called the column, even after it was renamed at Notion.
struct Column {
  std::string id;  ///< as Notion spells it (percent-encoded); empty until Notion said it
  std::string name;
  std::string type;  ///< Notion's: "title", "rich_text", "date", "status" …
  std::vector<std::string> option_ids = {};  ///< of status and select
  std::vector<std::string> options = {};

  const std::string& address() const { return id.empty() ? name : id; }
};

struct Schema {
  std::string source_id;
  std::vector<Column> columns;

  const Column* named(std::string_view name) const;
  const Column* with_id(std::string_view id) const;
};

/// A status column cannot be made everywhere: then it is a select.
enum class StatusAs { status, select };

/// The body of POST /v1/databases.
mortise::Result<std::string> new_database(const std::string& fields, const std::string& parent_id,
                                          StatusAs status);
bool has_status_column(const std::string& fields);
/// What a database made with these fields has as columns, without ids.
Schema schema_of(const std::string& fields, StatusAs status);

/// The body of PATCH /v1/data_sources that brings `now` to the columns of `fields`: adds, renames
/// the title, completes options, changes types; never removes. Empty if there is nothing to do.
mortise::Result<std::string> changed_columns(const std::string& fields, const Schema& now,
                                             StatusAs status);

/// The id of the data source in a database object, empty if there is none.
std::string read_source_id(const std::string& database);
mortise::Result<Schema> read_schema(const std::string& data_source);
/// The schema as a row's own answer shows it: names, ids and types. `known` keeps our names.
Schema schema_of_row(const std::string& page, const Schema* known);

/// For the memo of a row; empty if it does not fit there.
std::string memo_of(const Schema& schema);
/// Columns are empty if `memo` is none of ours.
Schema schema_of_memo(const std::string& memo);
/// The memo of a database: its data source.
std::string memo_of_source(const std::string& source_id);

/// The body of POST /v1/pages for a row, and of PATCH for what changed. Fields without a column,
/// and values that the column's type cannot hold, are left out.
mortise::Result<std::string> new_row(const mortise::Write& write, const Schema& schema);
/// Empty if nothing of `changed` can be sent.
mortise::Result<std::string> changed_row(const mortise::Write& write, const Schema& schema);

/// A row. `schema` (may be null) gives back our names of its columns; `cut`: ids of the properties
/// whose text the answer does not show whole. `sent`: the fields that this is the answer to, or "":
/// they tell the zone of local times, which Notion does not repeat.
struct RowRead {
  mortise::Item item;
  std::string source_id;
  std::vector<std::string> cut;
};
mortise::Result<RowRead> read_row(const std::string& page, const Schema* schema,
                                  const std::string& sent = {});
/// Puts the whole texts of `cut` properties (their property items, all pages joined) into the page.
std::string with_property(const std::string& page, const std::string& property_id,
                          const std::vector<std::string>& property_replies);
/// The cursor of a property's next page, or empty.
std::string next_of_property(const std::string& reply);

/// A page of a data source's query.
struct Rows {
  std::vector<std::string> pages;  ///< page objects
  std::string next;
  bool incomplete = false;
};
mortise::Result<Rows> read_rows(const std::string& body);
std::string query_all(const std::string& cursor, std::size_t page_size);
std::string query_keys(const std::vector<std::string>& keys, const std::string& cursor);

}  // namespace notion
