// The store on SQLCipher. Files, keys and refusals: files.hpp, key.hpp; why:
// docs/adr/0007-store.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <mortise/result.hpp>

#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "store/key.hpp"

namespace mortise::store {

/// What opening a store may do to it.
enum class Opening : std::uint8_t {
  make,  ///< make it if there is none, and bring it up to date
  keep   ///< neither: it is there, and as this program knows it
};

struct StoreOptions {
  std::string path;  ///< of the database file; its directory is made if missing
  MasterKey key;
  ports::Random& random;      ///< must outlive the store
  const ports::Clock& clock;  ///< must outlive the store
  std::string version;        ///< of this program, written beside each migration
  std::size_t readers = 4;    ///< most connections that read at once
  Opening opening = Opening::make;
  /// Told when commits begin to fail (why), and when they succeed again; on the writer's thread.
  std::function<void(const Status&)> writable = [](const Status&) {};
};

/// Opens the store. It holds one thread and, until it is destroyed, the lock that keeps a second
/// host out. Refusals change nothing; their reasons: `wrong_key`, `store_plaintext`,
/// `store_damaged`, `store_missing` (the key check is there, the store is not), `store_log` (a log
/// lies there that is not this store's), `store_in_use`, `store_directory`, `store_newer`,
/// `migration_changed`, `no_cipher`; with Opening::keep also `store_none` and `store_older`.
Result<std::unique_ptr<ports::Store>> open_store(const StoreOptions& options);

}  // namespace mortise::store
