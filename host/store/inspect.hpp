// What `mortise doctor` tells about a store.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <mortise/result.hpp>

#include "store/key.hpp"

namespace mortise::store {

struct StoreReport {
  std::int64_t schema_version = 0;  ///< number of the last migration applied
  std::int64_t newest_schema = 0;   ///< that this program knows
  std::string cipher_version;
  std::int64_t size_bytes = 0;  ///< of the database file
  std::int64_t log_bytes = 0;   ///< of the write-ahead log
  std::int64_t free_bytes = 0;  ///< pages that hold nothing
  std::vector<std::string>
      problems;  ///< what the integrity checks found, a line each; empty = whole
  std::vector<std::pair<std::string, std::int64_t>> counts;  ///< rows per table, by name
  std::vector<std::string> secrets;                          ///< names of those that are set
};

/// Reads the whole store, also while a host has it open, and changes neither it nor its log. (The
/// index of a log, -shm, may be left behind; it is made anew by whoever opens the store.) Errors:
/// as open_store; `not_found` if there is no store.
Result<StoreReport> inspect(const std::string& path, const MasterKey& key);

}  // namespace mortise::store
