// What the doctor is told.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "store/fixture.hpp"
#include "store/inspect.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::put;

namespace {

std::int64_t rows_of(const StoreReport& report, const std::string& table) {
  for (const auto& [name, count] : report.counts) {
    if (name == table) return count;
  }
  return -1;
}

}  // namespace

TEST_CASE("inspect: a whole store is reported whole, open or closed", "[store][inspect]") {
  Fixture fixture;
  auto store = fixture.open();
  for (int i = 0; i < 3; ++i) {
    core::Account account;
    account.id = std::to_string(i);
    REQUIRE(store->commit({put(account)}));
  }
  for (const bool open : {true, false}) {
    INFO(open);
    if (!open) store.reset();
    const StoreReport report = inspect(fixture.path, fixture.key).value();
    CHECK(report.problems.empty());
    CHECK(report.schema_version == report.newest_schema);
    CHECK(report.schema_version >= 3);
    CHECK_FALSE(report.cipher_version.empty());
    CHECK(report.size_bytes >= 4096);
    CHECK(rows_of(report, "account") == 3);
    CHECK(rows_of(report, "run") == 0);
    CHECK(rows_of(report, "migration") == report.schema_version);
  }
}

TEST_CASE("inspect: looking changes neither a closed store nor what a killed host left",
          "[store][inspect]") {
  Fixture fixture;
  std::map<std::string, std::string> killed;
  {
    const auto store = fixture.open();
    core::Account account;
    account.id = "acc";
    REQUIRE(store->commit({put(account)}, ports::Durability::full));
    killed = contents(fixture.directory.path());
  }
  const auto closed = contents(fixture.directory.path());
  CHECK(inspect(fixture.path, fixture.key).value().problems.empty());
  CHECK(contents(fixture.directory.path()) == closed);

  killed.erase("store.db-shm");
  for (const auto& [name, bytes] : killed) write_file(fixture.directory.file(name), bytes);
  CHECK(rows_of(inspect(fixture.path, fixture.key).value(), "account") == 1);
  auto left = contents(fixture.directory.path());
  left.erase("store.db-shm");
  CHECK(left == killed);
}

TEST_CASE("inspect: a store of a newer program, or of another one, is said", "[store][inspect]") {
  Fixture fixture;
  fixture.open();
  REQUIRE(fixture.database().run("INSERT INTO migration VALUES (9999, 'later', 'x', '9.9.9', 1)"));
  CHECK(inspect(fixture.path, fixture.key).error().reason == "store_newer");
  REQUIRE(fixture.database().run("DELETE FROM migration WHERE number = 9999"));
  REQUIRE(fixture.database().run("UPDATE migration SET sha256 = 'x' WHERE number = 2"));
  CHECK(inspect(fixture.path, fixture.key).error().reason == "migration_changed");
}

TEST_CASE("inspect: a directory that the host would refuse is refused", "[store][inspect]") {
  Fixture fixture;
  REQUIRE(::chmod(fixture.directory.path().c_str(), 0770U) == 0);
  CHECK(inspect(fixture.path, fixture.key).error().reason == "store_directory");
  REQUIRE(::chmod(fixture.directory.path().c_str(), 0700U) == 0);
  fixture.path = fixture.directory.file("no/such/store.db");
  CHECK(inspect(fixture.path, fixture.key).error().reason == "store_directory");
  CHECK(fixture.try_open().error().reason == "store_directory");
  fixture.path = fixture.directory.file("new/store.db");
  CHECK(inspect(fixture.path, fixture.key).error().code == Code::not_found);
  CHECK(contents(fixture.directory.path()).empty());
}

TEST_CASE("inspect: damage is named", "[store][inspect]") {
  Fixture fixture;
  {
    const auto store = fixture.open();
    for (int i = 0; i < 20; ++i) {
      REQUIRE(store->commit(
          {put(core::Event{"evt" + std::to_string(i), "t", "a", std::string(9000, 'x'), i})}));
    }
  }
  std::string bytes = read_file(fixture.path);
  bytes[bytes.size() - 2000] = static_cast<char>(bytes[bytes.size() - 2000] ^ 1);
  write_file(fixture.path, bytes);
  const auto report = inspect(fixture.path, fixture.key);
  REQUIRE(report);
  CHECK_FALSE(report->problems.empty());
}

TEST_CASE("inspect: what is wrong with many pages is a line each", "[store][inspect]") {
  Fixture fixture;
  {
    const auto store = fixture.open();
    for (int i = 0; i < 60; ++i) {
      REQUIRE(store->commit(
          {put(core::Event{"evt" + std::to_string(i), "t", "a", std::string(9000, 'x'), i})}));
    }
  }
  std::string bytes = read_file(fixture.path);
  for (std::size_t at = 100 * 4096 + 5; at < bytes.size(); at += 4096) bytes[at] ^= 1;
  write_file(fixture.path, bytes);
  const auto report = inspect(fixture.path, fixture.key);
  REQUIRE(report);
  CHECK(report->problems.size() > 1);
  for (const std::string& problem : report->problems) {
    CHECK(problem.find('\n') == std::string::npos);
    CHECK(problem.substr(0, 3) != "***");
  }
}

TEST_CASE("inspect: a wrong key, no store and no database are told apart", "[store][inspect]") {
  Fixture fixture;
  CHECK(inspect(fixture.path, fixture.key).error().code == Code::not_found);
  fixture.open();
  CHECK(inspect(fixture.path, MasterKey::generate(fixture.random)).error().reason == "wrong_key");
  write_file(fixture.path, std::string(5000, 'x'));
  CHECK(inspect(fixture.path, fixture.key).error().reason == "store_damaged");
}
