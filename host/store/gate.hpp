// What is asked of the files before the database is opened, by the host and by the doctor.
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "store/database.hpp"
#include "store/files.hpp"
#include "store/key.hpp"

namespace mortise::store {

/// What lies at `path`, if this key may open it. Writes nothing. Reasons of refusal: `wrong_key`,
/// `store_plaintext`, `store_damaged`, `store_missing`, `store_log`: a database that was closed
/// properly has no log, so one beside it belongs to another state of the store (a backup was put
/// back beside the log of a host that was killed), and would be written over this one.
Result<FileState> examine(const std::string& path, const MasterKey& key);

/// Opens an existing database; says wrong key or damage where SQLCipher only says "not a database".
Result<Database> open_existing(const std::string& path, const MasterKey& key,
                               Database::Access access);

}  // namespace mortise::store
