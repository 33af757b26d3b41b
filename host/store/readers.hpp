// The connections that read beside the writer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/secret.hpp"
#include "store/database.hpp"
#include "store/seal.hpp"

namespace mortise::store {

/// Opens read-only connections as they are needed, up to a bound; whoever finds none free waits.
/// Thread-safe.
class Readers {
 public:
  Readers(std::string path, core::Secret key, std::size_t most)
      : path_(std::move(path)), key_(std::move(key)), most_(most) {}

  /// A connection for one thread, given back on destruction.
  class Loan {
   public:
    Loan(Loan&&) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    Database& database() { return *database_; }

   private:
    friend class Readers;
    Loan(Readers& owner, std::unique_ptr<Database> database)
        : owner_(&owner), database_(std::move(database)) {}
    Readers* owner_;
    std::unique_ptr<Database> database_;
  };

  Result<Loan> borrow();
  /// Ends what nobody borrows just now.
  void close();

 private:
  void give_back(std::unique_ptr<Database> database);

  const std::string path_;
  const core::Secret key_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t open_ = 0;
  std::vector<std::unique_ptr<Database>> free_;
};

/// What every reading port needs.
struct Reading {
  Readers& readers;
  const Sealer& sealer;
};

}  // namespace mortise::store
