// Brings a database to the shape that this program knows. Rules: migrations/README.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "store/database.hpp"

namespace mortise::store {

struct Migration {
  std::int64_t number;  ///< 1, 2, 3 ... without gaps
  std::string_view name;
  std::string_view sha256;  ///< of the file
  std::string_view sql;
};

/// All that this program knows, embedded at build time.
std::span<const Migration> migrations();

/// Applies what is missing, each in its own transaction, and reads the checks afterwards. `program`
/// is the version that is written beside each. Errors: `unsupported` with reason `store_newer` (a
/// newer program has migrated this store; nothing is changed), `internal` with reason
/// `migration_changed` (what was applied is not what this program has) or `migration_failed`.
Status migrate(Database& database, std::span<const Migration> known, std::string_view program,
               core::Instant now_ms);

/// Whether what was applied is what this program has, and no more of it; writes nothing. Errors:
/// `store_newer` and `migration_changed`, as above.
Status check_applied(Database& database, std::span<const Migration> known);

/// The number of the last migration that was applied; 0 for an empty database.
Result<std::int64_t> schema_version(Database& database);

}  // namespace mortise::store
