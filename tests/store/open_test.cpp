// Opening: what is refused, what is changed by it (nothing), what is made.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "store/fixture.hpp"
#include "store/inspect.hpp"
#include "store/migrate.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::put;

namespace {

core::Account account(const std::string& id) {
  core::Account value;
  value.id = id;
  return value;
}

std::string reason_of(const Result<std::unique_ptr<ports::Store>>& opened) {
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find('\n') == std::string::npos);
  return opened.error().reason;
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

/// A closed store with enough rows to have many pages.
void fill(Fixture& fixture) {
  const auto store = fixture.open();
  for (int i = 0; i < 10; ++i) {
    core::Event event{"evt_" + std::to_string(i), "type", "acc", std::string(20'000, 'x'), i};
    REQUIRE(store->commit({put(event), put(account("acc" + std::to_string(i)))}));
  }
}

void flip(std::string& bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
}

}  // namespace

TEST_CASE("open: a new store and its directory are private", "[store][open]") {
  Fixture fixture;
  fixture.path = fixture.directory.file("inner/store.db");
  const auto store = fixture.open();
  REQUIRE(store->commit({put(account("acc"))}));
  CHECK(mode_of(fixture.directory.file("inner")) == 0700U);
  for (const char* end : {"", "-wal", "-shm", ".kcv", ".lock"}) {
    INFO(end);
    CHECK(mode_of(fixture.path + end) == 0600U);
  }
  for (const auto& [name, bytes] : contents(fixture.directory.file("inner"))) {
    CHECK_FALSE(holds(bytes, "SQLite format 3"));
  }
}

TEST_CASE("open: a store with wider modes is narrowed", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  REQUIRE(::chmod(fixture.path.c_str(), 0644U) == 0);
  const auto store = fixture.open();
  CHECK(mode_of(fixture.path) == 0600U);
}

TEST_CASE("open: a directory where others may write is refused", "[store][open]") {
  Fixture fixture;
  for (const mode_t mode : {0777U, 0770U, 0702U, 01777U}) {
    REQUIRE(::chmod(fixture.directory.path().c_str(), mode) == 0);
    CHECK(reason_of(fixture.try_open()) == "store_directory");
    CHECK(contents(fixture.directory.path()).empty());
  }
}

TEST_CASE("open: a wrong key is refused and nothing is written", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  const auto before = contents(fixture.directory.path());
  const MasterKey wrong = MasterKey::generate(fixture.random);
  const auto opened = fixture.try_open(wrong);
  CHECK(reason_of(opened) == "wrong_key");
  CHECK(opened.error().code == Code::invalid);
  CHECK(holds(opened.error().message, fixture.path));
  CHECK_FALSE(holds(opened.error().message, std::string(wrong.hex().reveal_for_use())));
  CHECK(contents(fixture.directory.path()) == before);
  CHECK(fixture.open()->accounts().find("acc3"));
}

TEST_CASE("open: without its key check a wrong key still opens nothing", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  std::filesystem::remove(fixture.path + ".kcv");
  const std::string before = read_file(fixture.path);
  const auto opened = fixture.try_open(MasterKey::generate(fixture.random));
  CHECK(reason_of(opened) == "store_damaged");
  CHECK(holds(opened.error().message, "another key"));
  CHECK(read_file(fixture.path) == before);
  CHECK_FALSE(std::filesystem::exists(fixture.path + ".kcv"));
  const auto store = fixture.open();  // the right key opens it and writes the check anew
  CHECK(store->accounts().find("acc3"));
  CHECK(std::filesystem::exists(fixture.path + ".kcv"));
}

TEST_CASE("open: a spoilt key check is damage, not another key", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  write_file(fixture.path + ".kcv", "hello");
  CHECK(reason_of(fixture.try_open()) == "store_damaged");
  write_file(fixture.path + ".kcv", "");
  CHECK(reason_of(fixture.try_open()) == "store_damaged");
}

TEST_CASE("open: a plaintext database is refused and left alone", "[store][open]") {
  Fixture fixture;
  std::string plain("SQLite format 3\0", 16);
  plain.resize(8192, '\0');
  write_file(fixture.path, plain);
  const auto before = contents(fixture.directory.path());
  CHECK(reason_of(fixture.try_open()) == "store_plaintext");
  CHECK(contents(fixture.directory.path()) == before);
}

TEST_CASE("open: a store that lost its file is not silently begun anew", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  std::filesystem::remove(fixture.path);
  CHECK(reason_of(fixture.try_open()) == "store_missing");
  CHECK_FALSE(std::filesystem::exists(fixture.path));
}

TEST_CASE("open: a file cut short is damage, at whatever length", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  const std::string whole = read_file(fixture.path);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{4095}, std::size_t{4096},
        std::size_t{8192}, std::size_t{10'000}, whole.size() / 2, whole.size() - 4096}) {
    INFO(size);
    write_file(fixture.path, whole.substr(0, size));
    CHECK(reason_of(fixture.try_open()) == "store_damaged");
    CHECK(read_file(fixture.path) == whole.substr(0, size));
  }
  write_file(fixture.path, whole);
  CHECK(fixture.open()->accounts().find("acc3"));
}

TEST_CASE("open: a changed first page is damage and not a wrong key", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  const std::string whole = read_file(fixture.path);
  for (const std::size_t at : {0U, 15U, 16U, 100U, 2000U, 4047U, 4048U, 4070U}) {
    INFO(at);
    std::string changed = whole;
    flip(changed, at);
    write_file(fixture.path, changed);
    const auto opened = fixture.try_open();
    CHECK(reason_of(opened) == "store_damaged");
    CHECK(holds(opened.error().message, "key is the right one"));
  }
}

TEST_CASE("open: a changed page further on is found when it is read", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  std::string bytes = read_file(fixture.path);
  for (std::size_t at = 4096 * 4 + 50; at < bytes.size(); at += 4096) flip(bytes, at);
  write_file(fixture.path, bytes);
  const auto opened = fixture.try_open();
  if (!opened) {
    CHECK(opened.error().reason == "store_damaged");
    return;
  }
  const auto events = (*opened)->outbox().list("", {200, ""});
  REQUIRE_FALSE(events);
  CHECK(events.error().code == Code::internal);
  CHECK(events.error().reason == "store_damaged");
}

TEST_CASE("open: a log cut anywhere loses its end and no more", "[store][open]") {
  // The files of a host that was killed: the database and a log that holds everything.
  Fixture fixture;
  std::map<std::string, std::string> files;
  std::vector<std::size_t> log_sizes;
  {
    const auto store = fixture.open();
    for (int i = 0; i < 12; ++i) {
      REQUIRE(store->commit({put(account("acc" + std::to_string(i)))}, ports::Durability::full));
      log_sizes.push_back(std::filesystem::file_size(fixture.path + "-wal"));
    }
    files = contents(fixture.directory.path());
  }
  const std::string& log = files.at("store.db-wal");
  std::mt19937 random(5);
  std::vector<std::size_t> cuts = {0, 1, 31, 32, 33, log.size() - 1, log.size()};
  for (int i = 0; i < 20; ++i) cuts.push_back(random() % log.size());
  for (const std::size_t cut : cuts) {
    INFO(cut);
    write_file(fixture.path, files.at("store.db"));
    write_file(fixture.path + "-wal", log.substr(0, cut));
    std::filesystem::remove(fixture.path + "-shm");
    const auto store = fixture.open();
    std::size_t whole = 0;
    while (whole < log_sizes.size() && log_sizes[whole] <= cut) ++whole;
    for (std::size_t i = 0; i < log_sizes.size(); ++i) {
      // A commit is there if all of its frames are; none after a gap.
      CHECK(store->accounts().find("acc" + std::to_string(i)).ok() == (i < whole));
    }
    REQUIRE(store->commit({put(account("new"))}));
  }
}

TEST_CASE("open: the log of a host that was killed is not written over a backup put back",
          "[store][open]") {
  Fixture fixture;
  fill(fixture);
  const auto backup = contents(fixture.directory.path());
  CHECK(backup.count("store.db-wal") == 0);
  std::map<std::string, std::string> killed;
  {
    const auto store = fixture.open();
    REQUIRE(store->commit({put(account("later"))}, ports::Durability::full));
    killed = contents(fixture.directory.path());
  }
  write_file(fixture.path, backup.at("store.db"));
  write_file(fixture.path + "-wal", killed.at("store.db-wal"));
  const auto before = contents(fixture.directory.path());
  const auto opened = fixture.try_open();
  CHECK(reason_of(opened) == "store_log");
  CHECK(holds(opened.error().message, fixture.path + "-wal"));
  CHECK(inspect(fixture.path, fixture.key).error().reason == "store_log");
  CHECK(contents(fixture.directory.path()) == before);

  std::filesystem::remove(fixture.path + "-wal");
  {
    const auto store = fixture.open();
    CHECK(store->accounts().find("acc3"));
    CHECK_FALSE(store->accounts().find("later"));
  }
  // The killed host's own files belong together.
  write_file(fixture.path, killed.at("store.db"));
  write_file(fixture.path + "-wal", killed.at("store.db-wal"));
  CHECK(fixture.open()->accounts().find("later"));
}

TEST_CASE("open: one command among others neither makes a store nor brings it up to date",
          "[store][open]") {
  Fixture fixture;
  const auto keep = [&fixture] {
    return open_store({.path = fixture.path,
                       .key = fixture.key,
                       .random = fixture.random,
                       .clock = fixture.clock,
                       .version = "1.2.3",
                       .opening = Opening::keep});
  };
  CHECK(reason_of(keep()) == "store_none");
  CHECK(contents(fixture.directory.path()).empty());
  fill(fixture);
  CHECK(keep().value()->accounts().find("acc3"));
  const std::string last = std::to_string(migrations().back().number);
  REQUIRE(fixture.database().run("DELETE FROM migration WHERE number = " + last));
  CHECK(reason_of(keep()) == "store_older");
  CHECK(fixture.database().read_integer("SELECT max(number) FROM migration").value() + 1 ==
        migrations().back().number);
}

TEST_CASE("open: a second host is refused while the first has the store", "[store][open]") {
  Fixture fixture;
  auto first = fixture.open();
  const auto second = fixture.try_open();
  CHECK(reason_of(second) == "store_in_use");
  CHECK(second.error().code == Code::conflict);
  CHECK(holds(second.error().message, std::to_string(::getpid())));
  REQUIRE(first->commit({put(account("acc"))}));
  first.reset();
  CHECK(fixture.open()->accounts().find("acc"));
}

TEST_CASE("open: what a host left that was killed while it made the store is no obstacle",
          "[store][open]") {
  Fixture fixture;
  write_file(fixture.path + ".new", "half a store");
  write_file(fixture.path + ".new-wal", "and its log");
  write_file(fixture.path + ".kcv.new", "half a check");
  {
    const auto store = fixture.open();
    REQUIRE(store->commit({put(account("acc"))}));
  }
  CHECK_FALSE(std::filesystem::exists(fixture.path + ".new"));
  CHECK(fixture.open()->accounts().find("acc"));
}

TEST_CASE("open: opening and closing leaves no descriptor and no thread", "[store][open]") {
  const auto count = [](const char* where) {
    return std::distance(std::filesystem::directory_iterator(where),
                         std::filesystem::directory_iterator());
  };
  Fixture fixture;
  const MasterKey wrong = MasterKey::generate(fixture.random);
  fill(fixture);
  const auto descriptors = count("/proc/self/fd");
  const auto threads = count("/proc/self/task");
  for (int i = 0; i < 10; ++i) {
    const auto store = fixture.open();
    CHECK(store->accounts().find("acc1"));
    CHECK_FALSE(fixture.try_open());
    CHECK_FALSE(fixture.try_open(wrong));
  }
  CHECK(count("/proc/self/fd") == descriptors);
  CHECK(count("/proc/self/task") == threads);
}

TEST_CASE("open: settings of the engine are what the design says", "[store][open]") {
  Fixture fixture;
  fill(fixture);
  Database database = fixture.database();
  CHECK(database.read_text("PRAGMA journal_mode").value() == "wal");
  CHECK(database.read_integer("PRAGMA page_size").value() == 4096);
  CHECK(database.read_integer("PRAGMA foreign_keys").value() == 1);
  CHECK(database.read_integer("PRAGMA secure_delete").value() == 1);
  CHECK(database.read_integer("PRAGMA temp_store").value() == 2);
  CHECK(database.read_integer("PRAGMA synchronous").value() == 2);
  CHECK(database.read_integer("PRAGMA busy_timeout").value() > 0);
  CHECK_FALSE(database.run("ATTACH '" + fixture.directory.file("plain.db") + "' AS plain KEY ''"));
  Database reader = fixture.database(Database::Access::read);
  CHECK_FALSE(reader.run("DELETE FROM account"));
}
