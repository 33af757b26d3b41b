#include "store/migrate.hpp"

#include <algorithm>
#include <string>

namespace mortise::store {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS migration ("
    "  number INTEGER PRIMARY KEY NOT NULL,"
    "  name TEXT NOT NULL,"
    "  sha256 TEXT NOT NULL,"
    "  program TEXT NOT NULL,"
    "  applied_ms INTEGER NOT NULL)";

std::string title(const Migration& migration) {
  std::string number = std::to_string(migration.number);
  number.insert(0, 4 - std::min<std::size_t>(number.size(), 4), '0');
  return number + "-" + std::string(migration.name);
}

Result<bool> table_exists(Database& database) {
  const auto found = database.read_integer(
      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'");
  if (!found) return found.error();
  return *found == 1;
}

Status compare_applied(Database& database, std::span<const Migration> known) {
  auto rows = database.prepare("SELECT number, sha256, program FROM migration ORDER BY number");
  if (!rows) return rows.error();
  std::size_t index = 0;
  for (;; ++index) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    if (index >= known.size()) {
      return Error{Code::unsupported,
                   "store: it was migrated by a newer program (" + std::string(rows->text(2)) +
                       ", migration " + std::to_string(rows->integer(0)) +
                       "); start that version or a later one",
                   "store_newer"};
    }
    if (rows->integer(0) != known[index].number || rows->text(1) != known[index].sha256) {
      return Error{Code::internal,
                   "store: migration " + title(known[index]) +
                       " was applied in another form than this program has",
                   "migration_changed"};
    }
  }
}

Status record(Database& database, const Migration& migration, std::string_view program,
              core::Instant now_ms) {
  auto insert = database.prepare(
      "INSERT INTO migration (number, name, sha256, program, applied_ms) "
      "VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert) return insert.error();
  insert->bind_integer(1, migration.number);
  insert->bind_text(2, migration.name);
  insert->bind_text(3, migration.sha256);
  insert->bind_text(4, program);
  insert->bind_integer(5, now_ms);
  const auto done = insert->step();
  return done ? Status{} : Status{done.error()};
}

/// A check that nobody reads is no check: the first finding is the error.
Status read_checks(Database& database) {
  const auto dangling = database.read_text("PRAGMA foreign_key_check");
  if (!dangling) return dangling.error();
  if (*dangling) {
    return Error{Code::internal, "a row of '" + **dangling + "' points to a row that is not there"};
  }
  const auto quick = database.read_text("PRAGMA quick_check(1)");
  if (!quick) return quick.error();
  if (*quick != "ok") return Error{Code::internal, "quick_check says: " + quick->value_or("")};
  return {};
}

Status apply(Database& database, const Migration& migration, std::string_view program,
             core::Instant now_ms) {
  if (auto status = database.run("BEGIN IMMEDIATE"); !status) return status;
  Status status = database.run(std::string(migration.sql));
  if (status) status = record(database, migration, program, now_ms);
  if (status) status = read_checks(database);
  if (status) status = database.run("COMMIT");
  if (status) return {};
  if (database.in_transaction()) {
    if (const Status undone = database.run("ROLLBACK"); !undone) return undone;
  }
  Error error = status.error();
  const bool outside = error.code == Code::unavailable;
  return Error{outside ? Code::unavailable : Code::internal,
               "store: migration " + title(migration) + ": " + error.message, "migration_failed"};
}

}  // namespace

Status check_applied(Database& database, std::span<const Migration> known) {
  const auto exists = table_exists(database);
  if (!exists) return exists.error();
  return *exists ? compare_applied(database, known) : Status{};
}

Result<std::int64_t> schema_version(Database& database) {
  const auto exists = table_exists(database);
  if (!exists) return exists.error();
  if (!*exists) return std::int64_t{0};
  return database.read_integer("SELECT max(number) FROM migration");
}

Status migrate(Database& database, std::span<const Migration> known, std::string_view program,
               core::Instant now_ms) {
  if (auto status = database.run(std::string(kTable)); !status) return status;
  if (auto status = compare_applied(database, known); !status) return status;
  const auto version = schema_version(database);
  if (!version) return version.error();
  for (const Migration& migration : known) {
    if (migration.number <= *version) continue;
    if (auto status = apply(database, migration, program, now_ms); !status) return status;
  }
  const auto reached = schema_version(database);
  if (!reached) return reached.error();
  if (*reached != (known.empty() ? 0 : known.back().number)) {
    return Error{Code::internal, "store: the migrations did not last", "migration_failed"};
  }
  return {};
}

}  // namespace mortise::store
