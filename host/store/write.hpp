// Writing records: with a revision that must be as read, or plainly by key.
#pragma once

#include <string>

#include "store/query.hpp"

namespace mortise::store {

/// "a = ?1 AND b = ?2" for the key columns, numbered as all columns are.
template <class Record>
std::string key_condition() {
  const auto& written = column_names<Record>().written;
  std::string text;
  for (const std::string_view column : Table<Record>::kKey) {
    const auto place = std::find(written.begin(), written.end(), column) - written.begin();
    if (!text.empty()) text += " AND ";
    text.append(column).append(" = ?").append(std::to_string(place + 1));
  }
  return text;
}

template <class Record>
const std::string& insert_sql() {
  static const std::string kSql = [] {
    const auto& written = column_names<Record>().written;
    std::string parameters;
    for (std::size_t i = 1; i <= written.size(); ++i) {
      if (!parameters.empty()) parameters += ", ";
      parameters += "?" + std::to_string(i);
    }
    return "INSERT INTO " + std::string(Table<Record>::kName) + " (" + joined(written, ", ") +
           ") VALUES (" + parameters + ")";
  }();
  return kSql;
}

/// The parameter behind the columns is the revision that was read.
template <class Record>
const std::string& update_sql() {
  static const std::string kSql = [] {
    const auto& written = column_names<Record>().written;
    const auto& key = Table<Record>::kKey;
    std::string assignments;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (std::find(key.begin(), key.end(), written[i]) != key.end()) continue;
      if (!assignments.empty()) assignments += ", ";
      assignments.append(written[i]).append(" = ?").append(std::to_string(i + 1));
    }
    std::string sql = "UPDATE " + std::string(Table<Record>::kName) + " SET " + assignments +
                      " WHERE " + key_condition<Record>();
    if (Table<Record>::kRevised) sql += " AND rev = ?" + std::to_string(written.size() + 1);
    return sql;
  }();
  return kSql;
}

inline Error rev_conflict(std::string_view word, const std::string& key, core::Rev expected) {
  std::string message = "commit " + std::string(word) + " '" + key + "': ";
  message += expected == 0 ? "it is there already"
                           : "it is not at rev " + std::to_string(expected) + " any more";
  return {Code::conflict, std::move(message), "rev_conflict"};
}

/// Runs INSERT or UPDATE for a record; answers how many rows it touched.
template <class Record>
Result<std::int64_t> write_row(Database& database, const Sealer& sealer, const std::string& sql,
                               const Record& record, std::optional<core::Rev> expected) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  RowWriter writer(*statement, sealer, Table<Record>::kName);
  Table<Record>::columns(writer, record);
  if (!writer.status()) return writer.status().error();
  if (expected) statement->bind_integer(writer.parameters() + 1, *expected);
  const auto done = statement->step();
  if (!done) return done.error();
  return database.changes();
}

/// Whether there is a row with this id. (Of two broken constraints SQLite names either.)
inline bool id_exists(Database& database, std::string_view table, const std::string& id) {
  auto statement = database.prepare("SELECT 1 FROM " + std::string(table) + " WHERE id = ?1");
  if (!statement) return false;
  statement->bind_text(1, id);
  const auto row = statement->step();
  return row && *row;
}

/// What a broken constraint means to the caller.
template <class Record>
Error explained(Database& database, const Error& error, const Record& record) {
  if (error.code != Code::conflict) return error;
  const std::string key = Table<Record>::key(record);
  if constexpr (requires { record.external_id; }) {
    const bool is_twin = record.rev == 0 && id_exists(database, Table<Record>::kName, record.id);
    if (error.reason == "unique" && !is_twin) {
      return {Code::conflict,
              "commit " + std::string(Table<Record>::kWord) + " '" + key + "': external id '" +
                  record.external_id + "' is in use in account '" + record.account_id + "'",
              "external_id_taken"};
    }
  }
  if constexpr (requires { record.position; }) {
    if (error.reason == "foreign_key") {
      return {Code::conflict,
              "commit task '" + key + "': its plan '" + record.plan_id + "' is not stored",
              "rev_conflict"};
    }
  }
  return rev_conflict(Table<Record>::kWord, key, 0);
}

/// Rev 0 inserts, any other updates; otherwise `conflict`.
template <class Record>
Status put_revised(Database& database, const Sealer& sealer, const Record& record) {
  const bool is_new = record.rev == 0;
  const auto touched = is_new
                           ? write_row(database, sealer, insert_sql<Record>(), record, std::nullopt)
                           : write_row(database, sealer, update_sql<Record>(), record, record.rev);
  if (!touched) return explained(database, touched.error(), record);
  if (*touched == 1) return {};
  return rev_conflict(Table<Record>::kWord, Table<Record>::key(record), record.rev);
}

/// Replaces what has the same key, which keeps its row number and so its place in listings.
template <class Record>
Status put_plain(Database& database, const Sealer& sealer, const Record& record) {
  const auto touched = write_row(database, sealer, update_sql<Record>(), record, std::nullopt);
  if (!touched) return touched.error();
  if (*touched == 1) return {};
  const auto inserted = write_row(database, sealer, insert_sql<Record>(), record, std::nullopt);
  return inserted ? Status{} : Status{inserted.error()};
}

}  // namespace mortise::store
