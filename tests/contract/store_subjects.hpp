// The stores that the suite runs on, behind one face.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/temporary_directory.hpp"
#include "ports/store.hpp"
#include "store/sql_store.hpp"

namespace mortise::contract {

class MemorySubject {
 public:
  ports::Store& store() { return store_; }
  /// Closes and opens the store, where that means something.
  void reopen() {}

 private:
  fakes::MemoryStore store_;
};

class SqlSubject {
 public:
  SqlSubject() { reopen(); }
  ports::Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    auto opened = store::open_store(
        {directory_.file("store.db"), key_, random_, clock_, "test", /*readers=*/4});
    INFO((opened ? std::string("opened") : opened.error().message));
    REQUIRE(opened);
    store_ = std::move(*opened);
  }

 private:
  fakes::TemporaryDirectory directory_;
  fakes::SeededRandom random_{7};
  fakes::ManualClock clock_;
  store::MasterKey key_ = store::MasterKey::generate(random_);
  std::unique_ptr<ports::Store> store_;
};

/// Commits, and says why if it fails.
inline void commit(ports::Store& store, ports::Changes changes,
                   ports::Durability durability = ports::Durability::relaxed) {
  const Status status = store.commit(std::move(changes), durability);
  INFO((status ? std::string() : status.error().message));
  REQUIRE(status);
}

inline std::string conflict_of(ports::Store& store, ports::Changes changes) {
  const Status status = store.commit(std::move(changes));
  REQUIRE_FALSE(status);
  REQUIRE(status.error().code == Code::conflict);
  REQUIRE_FALSE(status.error().message.empty());
  return status.error().reason;
}

}  // namespace mortise::contract
