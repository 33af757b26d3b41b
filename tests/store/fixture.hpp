// A store in a directory of its own, with what it takes to open it.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "fakes/manual_clock.hpp"
#include "fakes/seeded_random.hpp"
#include "fakes/temporary_directory.hpp"
#include "ports/store.hpp"
#include "store/database.hpp"
#include "store/sql_store.hpp"

namespace mortise::store {

struct Fixture {
  fakes::TemporaryDirectory directory;
  fakes::SeededRandom random{11};
  fakes::ManualClock clock;
  MasterKey key = MasterKey::generate(random);
  std::string path = directory.file("store.db");

  Result<std::unique_ptr<ports::Store>> try_open() { return try_open(key); }
  Result<std::unique_ptr<ports::Store>> try_open(const MasterKey& with) {
    return open_store({path, with, random, clock, "1.2.3"});
  }
  std::unique_ptr<ports::Store> open() {
    auto opened = try_open();
    INFO((opened ? std::string() : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }
  /// The open database file itself, beside or without a store.
  Database database(Database::Access access = Database::Access::write) {
    auto opened = Database::open(path, key.derive(kDatabasePurpose), access);
    INFO((opened ? std::string() : opened.error().message));
    REQUIRE(opened);
    return std::move(*opened);
  }
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}

/// Everything in a directory, to show that nothing was written.
inline std::map<std::string, std::string> contents(const std::string& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    all[entry.path().filename().string()] = read_file(entry.path().string());
  }
  return all;
}

inline bool holds(const std::string& where, const std::string& what) {
  return where.find(what) != std::string::npos;
}

}  // namespace mortise::store
