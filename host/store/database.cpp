#include "store/database.hpp"

#include <sqlcipher/sqlite3.h>

#include <limits>
#include <utility>

#include "core/hex.hpp"

namespace mortise::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr std::size_t kKeyBytes = 32;

Error constraint(int extended, std::string message) {
  switch (extended) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {Code::conflict, std::move(message), "primary_key"};
    case SQLITE_CONSTRAINT_UNIQUE:
      return {Code::conflict, std::move(message), "unique"};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Code::conflict, std::move(message), "foreign_key"};
    default:
      return {Code::internal, std::move(message)};
  }
}

/// SQLite's messages name tables and columns, never values, so they may be shown.
Error error_of(sqlite3* handle, std::string_view doing) {
  const int code = sqlite3_errcode(handle) & 0xff;
  std::string message = "store: " + std::string(doing) + ": " + sqlite3_errmsg(handle);
  switch (code) {
    case SQLITE_CONSTRAINT:
      return constraint(sqlite3_extended_errcode(handle), std::move(message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      return {Code::unavailable, std::move(message)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::internal, std::move(message), "store_damaged"};
    default:
      return {Code::internal, std::move(message)};
  }
}

/// Hands the key over in the form x'<64 hex digits>': anything else would silently be a passphrase.
Status set_key(sqlite3* handle, const core::Secret& key) {
  const std::string_view bytes = key.reveal_for_use();
  if (bytes.size() != kKeyBytes) {
    return Error{Code::internal, "store: the database key must be 32 bytes"};
  }
  std::string text = "x'";
  text.reserve(3 + 2 * kKeyBytes);
  core::append_hex(text, bytes);
  text += '\'';
  const core::Secret spelled(std::move(text));
  const std::string_view form = spelled.reveal_for_use();
  if (sqlite3_key(handle, form.data(), static_cast<int>(form.size())) != SQLITE_OK) {
    return error_of(handle, "set the key");
  }
  return {};
}

/// Every cipher parameter is said, so that a SQLCipher with other defaults still reads the file.
/// A pragma that the library does not know is ignored in silence: what matters is read back.
Status set_cipher(Database& database) {
  const auto version = database.read_text("PRAGMA cipher_version");
  if (!version) return version.error();
  if (!*version || (*version)->empty()) {
    return Error{Code::internal, "store: this SQLite cannot encrypt; SQLCipher is needed",
                 "no_cipher"};
  }
  if (auto status = database.run("PRAGMA cipher = 'aes-256-cbc';"
                                 "PRAGMA cipher_page_size = 4096;"
                                 "PRAGMA cipher_use_hmac = ON;"
                                 "PRAGMA cipher_hmac_pgno = le;"
                                 "PRAGMA cipher_hmac_salt_mask = \"x'3a'\";"
                                 "PRAGMA fast_kdf_iter = 2;");
      !status) {
    return status;
  }
  const auto page = database.read_integer("PRAGMA cipher_page_size");
  if (!page) return page.error();
  const auto hmac = database.read_integer("PRAGMA cipher_use_hmac");
  if (!hmac) return hmac.error();
  if (*page != 4096 || *hmac != 1) {
    return Error{Code::internal, "store: SQLCipher did not accept the cipher parameters",
                 "no_cipher"};
  }
  return {};
}

Status set_behaviour(Database& database, Database::Access access) {
  // The first read proves the key. It comes before anything that could write.
  if (const auto proof = database.read_integer("SELECT count(*) FROM sqlite_master"); !proof) {
    return proof.error();
  }
  if (access == Database::Access::read || access == Database::Access::look) {
    return database.run(
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA query_only = ON;");
  }
  const auto mode = database.read_text("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error{Code::unavailable, "store: the file system does not carry a write-ahead log"};
  }
  return database.run(
      "PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA secure_delete = ON;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -8192;"
      "PRAGMA wal_autocheckpoint = 1000;");
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), failed_bind_(other.failed_bind_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && failed_bind_ == SQLITE_OK) failed_bind_ = code;
}

void Statement::bind_text(int parameter, std::string_view text) {
  const char* const data = text.data() == nullptr ? "" : text.data();
  note(sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* const data = bytes.data() == nullptr ? "" : bytes.data();
  note(sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_STATIC));
}

void Statement::bind_text_copy(int parameter, std::string_view text) {
  const char* const data = text.data() == nullptr ? "" : text.data();
  note(
      sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind_blob_copy(int parameter, std::string_view bytes) {
  const char* const data = bytes.data() == nullptr ? "" : bytes.data();
  note(sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_TRANSIENT));
}

void Statement::bind_integer(int parameter, std::int64_t value) {
  note(sqlite3_bind_int64(statement_, parameter, value));
}

void Statement::bind_null(int parameter) {
  note(sqlite3_bind_null(statement_, parameter));
}

Result<bool> Statement::step() {
  if (failed_bind_ != SQLITE_OK) {
    const bool too_big = failed_bind_ == SQLITE_TOOBIG;
    return Error{too_big ? Code::too_large : Code::internal,
                 std::string("store: bind a value: ") + sqlite3_errstr(failed_bind_)};
  }
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return error_of(sqlite3_db_handle(statement_), "run a statement");
  }
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const unsigned char* const data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close(handle);
}
void Database::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Database::Database(sqlite3* handle) : handle_(handle) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&& other) noexcept {
  statements_ = std::move(other.statements_);  // statements go before their connection
  handle_ = std::move(other.handle_);
  return *this;
}
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, const core::Secret& key, Access access) {
  // A reader opens for writing too: only so can it take part in the write-ahead log.
  int flags = access == Access::look ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  flags |= SQLITE_OPEN_NOMUTEX;
  if (access == Access::create) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (opened != SQLITE_OK) return error_of(handle, "open '" + path + "'");
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);  // before WAL: switching to it takes a lock
  sqlite3_extended_result_codes(handle, 0);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);  // nothing may attach an unkeyed file
  if (auto status = set_key(handle, key); !status) return status.error();
  if (auto status = set_cipher(database); !status) return status.error();
  if (auto status = set_behaviour(database, access); !status) {
    Error error = status.error();
    error.message = "open '" + path + "': " + error.message;
    return error;
  }
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (const auto kept = statements_.find(sql); kept != statements_.end()) {
    return Statement(kept->second.get());
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return error_of(handle_.get(), "prepare a statement");
  }
  statements_.emplace(std::string(sql), statement);
  return Statement(statement);
}

Status Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error_of(handle_.get(), "run a statement");
  }
  return {};
}

Result<std::optional<std::string>> Database::read_text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row || statement->is_null(0)) return std::optional<std::string>{};
  return std::optional<std::string>(statement->text(0));
}

Result<std::int64_t> Database::read_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

std::int64_t Database::changes() const {
  return sqlite3_changes(handle_.get());
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

std::vector<std::string> Database::statement_texts() const {
  std::vector<std::string> texts;
  for (const auto& [text, statement] : statements_) texts.push_back(text);
  return texts;
}

}  // namespace mortise::store
