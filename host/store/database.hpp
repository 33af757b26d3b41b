// One connection to one encrypted database file: the only place that knows SQLCipher's C interface.
// Debian's SQLCipher 3.4.1 is SQLite 3.15.2, so the SQL stays plain (docs/adr/0007-store.md).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "core/secret.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace mortise::store {

/// A prepared statement, lent by its Database, which must outlive it. Reset when it goes.
/// Parameters count from 1, columns from 0. A failed bind is reported by the next step().
class Statement {
 public:
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// `text` and `bytes` are not copied: they must live until the statement goes.
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  /// Copied.
  void bind_text_copy(int parameter, std::string_view text);
  void bind_blob_copy(int parameter, std::string_view bytes);
  void bind_integer(int parameter, std::int64_t value);
  void bind_null(int parameter);

  /// True: there is a row. Errors: `conflict` with reason `primary_key`, `unique` or `foreign_key`;
  /// `unavailable` (disk full, busy, I/O); `internal` with reason `store_damaged` or none.
  Result<bool> step();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  /// Valid until the next step().
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  void note(int code);

  sqlite3_stmt* statement_;
  int failed_bind_ = 0;
};

/// Not thread-safe: one thread at a time.
class Database {
 public:
  enum class Access : std::uint8_t { create, write, read, look };

  /// Opens the file with a raw 32-byte key, never a passphrase, and reads from it, so that success
  /// means that the key fits. `create` makes the file if there is none; `read` refuses every write;
  /// `look` also leaves the database and its log as they are when it is the last to close them.
  /// Errors: `internal` with reason `no_cipher` (this is not SQLCipher) or `store_damaged` (the key
  /// does not fit the file, which SQLCipher cannot tell from damage); `unavailable`.
  static Result<Database> open(const std::string& path, const core::Secret& key, Access access);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// Prepared once per text, then kept.
  Result<Statement> prepare(std::string_view sql);
  /// Statements without parameters whose rows nobody wants; several may be in one text.
  Status run(const std::string& sql);
  /// The first column of the first row, if there is one.
  Result<std::optional<std::string>> read_text(std::string_view sql);
  Result<std::int64_t> read_integer(std::string_view sql);

  /// Rows that the last INSERT, UPDATE or DELETE touched.
  std::int64_t changes() const;
  /// False after the engine itself rolled a transaction back (a full disk does that).
  bool in_transaction() const;
  /// Every statement prepared so far, for the test that looks at their query plans.
  std::vector<std::string> statement_texts() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Database(sqlite3* handle);

  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> statements_;
};

}  // namespace mortise::store
