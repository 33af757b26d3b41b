// Reading and writing whole records by their Table. Statements are made once per record type and
// kept by the connection; every value is bound.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

#include "core/cursor.hpp"
#include "ports/store.hpp"
#include "store/database.hpp"
#include "store/row.hpp"
#include "store/tables.hpp"

namespace mortise::store {

template <class Record>
const ColumnNames& column_names() {
  static const ColumnNames kNames = [] {
    ColumnNames names;
    const Record empty{};
    Table<Record>::columns(names, empty);
    return names;
  }();
  return kNames;
}

inline std::string joined(const std::vector<std::string_view>& parts, std::string_view between) {
  std::string text;
  for (const std::string_view part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

template <class Record>
std::string select_sql(std::string_view more_columns, std::string_view tail) {
  std::string sql = "SELECT " + joined(column_names<Record>().all, ", ");
  sql.append(more_columns).append(" FROM ").append(Table<Record>::kFrom);
  return sql.append(" ").append(tail);
}

inline void bind_one(Statement& statement, int parameter, const std::string& text) {
  statement.bind_text(parameter, text);
}
inline void bind_one(Statement& statement, int parameter, std::int64_t number) {
  statement.bind_integer(parameter, number);
}
template <class... Values>
void bind_all(Statement& statement, const Values&... values) {
  int parameter = 0;
  (bind_one(statement, ++parameter, values), ...);
}

/// Reads the row that the statement stands on.
template <class Record>
Result<Record> read_row(const Statement& statement, const Sealer& sealer) {
  Record record;
  RowReader reader(statement, sealer, Table<Record>::kName);
  Table<Record>::columns(reader, record);
  if (!reader.status()) return reader.status().error();
  return record;
}

/// `tail`: WHERE ... with parameters ?1, ?2 ... that are `values`.
template <class Record, class... Values>
Result<std::vector<Record>> select_all(Database& database, const Sealer& sealer,
                                       std::string_view tail, const Values&... values) {
  auto statement = database.prepare(select_sql<Record>("", tail));
  if (!statement) return statement.error();
  bind_all(*statement, values...);
  std::vector<Record> found;
  for (;;) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return found;
    auto record = read_row<Record>(*statement, sealer);
    if (!record) return record.error();
    found.push_back(std::move(*record));
  }
}

template <class Record, class... Values>
Result<Record> select_one(Database& database, const Sealer& sealer, std::string_view tail,
                          const Values&... values) {
  auto statement = database.prepare(select_sql<Record>("", tail));
  if (!statement) return statement.error();
  bind_all(*statement, values...);
  const auto row = statement->step();
  if (!row) return row.error();
  if (*row) return read_row<Record>(*statement, sealer);
  return Error{Code::not_found,
               "find " + std::string(Table<Record>::kWord) + ": there is none with this id"};
}

enum class Order : std::uint8_t { rising, falling };

/// How a listing is sorted: by a number, then an id; the two together are unique.
struct Sorting {
  std::string_view number;
  std::string_view id;
  Order order = Order::rising;
};

/// One page. `where`: a condition with parameters ?1 ... ?n that are `values`.
template <class Record, class... Values>
Result<ports::Page<Record>> select_page(Database& database, const Sealer& sealer,
                                        std::string_view where, const Sorting& sorting,
                                        const ports::PageRequest& request,
                                        const Values&... values) {
  const bool rising = sorting.order == Order::rising;
  core::Cursor from;
  from.number =
      rising ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  if (!request.cursor.empty()) {
    auto cursor = core::parse_cursor(request.cursor);
    if (!cursor) return Error{Code::invalid, "list: this is not a cursor", "bad_cursor"};
    from = std::move(*cursor);
  }
  const std::string number(sorting.number), id(sorting.id);
  const int last = static_cast<int>(sizeof...(values));
  const std::string direction = rising ? "" : " DESC";
  std::string tail = "WHERE " + std::string(where) + (where.empty() ? "(" : " AND (");
  tail += number + ", " + id + (rising ? ") > (?" : ") < (?") + std::to_string(last + 1) + ", ?" +
          std::to_string(last + 2) + ")";
  tail += " ORDER BY " + number + direction + ", " + id + direction;
  tail += " LIMIT ?" + std::to_string(last + 3);
  auto statement = database.prepare(select_sql<Record>(", " + number + ", " + id, tail));
  if (!statement) return statement.error();
  const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, 1'000'000);
  bind_all(*statement, values..., from.number, from.id, static_cast<std::int64_t>(limit) + 1);

  ports::Page<Record> page;
  core::Cursor place;
  for (;;) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return page;
    if (page.items.size() == limit) {
      page.next_cursor = core::cursor_text(place.number, place.id);
      return page;
    }
    auto record = read_row<Record>(*statement, sealer);
    if (!record) return record.error();
    page.items.push_back(std::move(*record));
    const int after = static_cast<int>(column_names<Record>().all.size());
    place = {statement->integer(after), std::string(statement->text(after + 1))};
  }
}

}  // namespace mortise::store
