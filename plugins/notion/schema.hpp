// The columns of a table (a data source's schema) in the words of docs/kinds.md. Pure, JSON as
// text.
//
// Ids of columns are stable, names are the user's. So that nobody but Notion has to remember which
// column is which, each column that we make carries our name of it in its description ("Mortise:
// Due Date"), and the key column the names of all ("Mortise key: Due Date | Status"): a column that
// was renamed is still ours, and one that was removed is missed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/values.hpp>

namespace notion {

/// The column that holds our key of each row. It is no field.
inline constexpr std::string_view kKeyColumn = "Mortise key";

/// One column. An item's fields are named by `name`, which is what we called the column, even after
/// it was renamed at Notion.
struct Column {
  std::string id;  ///< as Notion spells it (percent-encoded); empty until Notion said it
  std::string name;
  std::string type;  ///< Notion's: "title", "rich_text", "date", "status" …
  std::vector<std::string> option_ids = {};  ///< of status and select
  std::vector<std::string> options = {};
  std::string note = {};  ///< its description

  const std::string& address() const { return id.empty() ? name : id; }
};

struct Schema {
  std::string source_id;
  std::vector<Column> columns;
  std::vector<std::string> kept = {};  ///< names that the key column says are ours

  const Column* named(std::string_view name) const;
  const Column* with_id(std::string_view id) const;
  /// What rows call the column that Notion shows with this id and name; nothing for a stranger that
  /// has the name of another one of these.
  std::optional<std::string> field_of(const std::string& id, const std::string& shown) const;
  /// The same columns, by their ids.
  bool has_columns_of(const Schema& other) const;
  /// The columns of ours that were removed by hand: what rows show is not all that they held.
  std::vector<std::string> removed_columns() const;
};

/// A status column cannot be made everywhere: then it is a select.
enum class StatusAs { status, select };

bool has_options(const std::string& type);
/// An option's name as Notion takes it: no commas, at most 100 units.
std::string option_name(std::string name);

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
/// The body that makes the key column again after it was removed by hand.
std::string key_column_again(const Schema& now);

/// The id of the data source in a database object, empty if there is none.
std::string read_source_id(const std::string& database);
mortise::Result<Schema> read_schema(const std::string& data_source);
/// The schema as a row's own answer shows it: names, ids and types. `known` keeps our names.
Schema schema_of_row(const std::string& page, const Schema* known);
/// What is shown, with our names for the columns that are known by their id.
Schema called_as_in(const Schema& known, Schema shown);

/// For the memo of a row; empty if it does not fit there.
std::string memo_of(const Schema& schema);
/// Columns are empty if `memo` is none of ours.
Schema schema_of_memo(const std::string& memo);
/// The memo of a database: its data source.
std::string memo_of_source(const std::string& source_id);

/// How far a table was read.
struct TableCursor {
  Schema schema;
  std::int64_t edited_ms = 0;  ///< the highest edit time of which all rows were seen, in minutes
  std::int64_t read_ms = 0;    ///< when that was

  /// Rows edited since are to be read. Within the minutes before `edited_ms` rows may have changed
  /// once more, until these are long over.
  std::int64_t from_ms() const;
};
std::string cursor_of(const TableCursor& read);
/// `stale` if `cursor` is none of ours.
mortise::Result<TableCursor> read_table_cursor(const std::string& cursor);

}  // namespace notion
