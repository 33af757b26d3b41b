// Loss of power: what was acknowledged has been synced before, and where the disk does not sync,
// nothing is acknowledged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "store/apply.hpp"
#include "store/disk.hpp"
#include "store/fixture.hpp"
#include "store/inbox_journal.hpp"
#include "store/writer.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::Durability;

namespace {

ports::Changes account(const std::string& id) {
  core::Account value;
  value.id = id;
  return {ports::put(value)};
}

}  // namespace

TEST_CASE("durability: each transaction of the writer syncs as much as was asked for",
          "[store][durability]") {
  Fixture fixture;
  fixture.open();  // makes the store
  const Sealer sealer(fixture.key.derive(kSealingPurpose), fixture.random);
  std::vector<std::int64_t> levels;
  Writer writer(fixture.database(),
                {[&](Database& database) {
                   levels.push_back(database.read_integer("PRAGMA synchronous").value());
                   return Status{};
                 },
                 [&](Database& database, const ports::Change& change) {
                   levels.push_back(database.read_integer("PRAGMA synchronous").value());
                   return apply_change(database, sealer, change);
                 },
                 removes_secret});
  REQUIRE(writer.commit(account("one"), Durability::full));
  REQUIRE(writer.commit(account("two"), Durability::relaxed));
  REQUIRE(writer.commit(account("three"), Durability::full));
  constexpr std::int64_t kFull = 2, kNormal = 1;
  CHECK(levels == std::vector{kFull, kFull, kNormal, kNormal, kFull, kFull});
}

TEST_CASE("durability: a full commit is acknowledged when the log is on the disk",
          "[store][durability]") {
  Fixture fixture;
  const std::string log = fixture.path + "-wal";
  const auto store = fixture.open();
  REQUIRE(store->commit(account("first"), Durability::full));
  int before = disk_syncs_of(log);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(store->commit(account("relaxed" + std::to_string(i)), Durability::relaxed));
    CHECK(disk_syncs_of(log) == before);
    REQUIRE(store->commit(account("full" + std::to_string(i)), Durability::full));
    CHECK(disk_syncs_of(log) > before);
    before = disk_syncs_of(log);
  }
  {
    const FailingDisk disk(log);
    const Status refused = store->commit(account("lost"), Durability::full);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::unavailable);
    CHECK_FALSE(store->accounts().find("lost"));
    CHECK(store->commit(account("kept"), Durability::relaxed));
  }
  CHECK(store->commit(account("last"), Durability::full));
  CHECK(store->accounts().find("kept"));
  CHECK(store->accounts().find("last"));
}

TEST_CASE("durability: a notification is acknowledged when the journal is on the disk",
          "[store][durability]") {
  Fixture fixture;
  const std::string path = fixture.path + ".inbox";
  const auto opened = open_inbox_journal({path, fixture.key, fixture.random, 1 << 20});
  REQUIRE(opened);
  CHECK(disk_syncs_of(fixture.directory.path()) > 0);  // its name
  ports::InboxJournal& journal = *opened->journal;
  ports::Received received;
  received.notification.id = "ntf_1";
  REQUIRE(journal.append(received));
  CHECK(disk_syncs_of(path) == 1);
  received.notification.id = "ntf_2";
  {
    const FailingDisk disk(path);
    const Status refused = journal.append(received);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::unavailable);
    CHECK(journal.pending().received.size() == 1);
  }
  const auto again = open_inbox_journal({path, fixture.key, fixture.random, 1 << 20});
  REQUIRE(again);
  CHECK(again->journal->pending().received.size() == 1);
  CHECK(again->lost_bytes == 0);
}

TEST_CASE("durability: a new store has its name when its pages are on the disk",
          "[store][durability]") {
  Fixture fixture;
  const std::string draft = fixture.path + ".new";
  {
    const FailingDisk disk(draft);
    CHECK_FALSE(fixture.try_open());
    CHECK_FALSE(std::filesystem::exists(fixture.path));
  }
  {
    const FailingDisk disk(".kcv.new");
    CHECK_FALSE(fixture.try_open());
    CHECK_FALSE(std::filesystem::exists(fixture.path + ".kcv"));
  }
  std::filesystem::remove(fixture.path);
  const std::size_t before = disk_syncs().size();
  fixture.open();
  auto syncs = disk_syncs();
  syncs.erase(syncs.begin(), syncs.begin() + static_cast<std::ptrdiff_t>(before));
  auto at = syncs.begin();
  for (const std::string& next :
       {draft, fixture.directory.path(), fixture.path + ".kcv.new", fixture.directory.path()}) {
    INFO(next);
    at = std::find(at, syncs.end(), next);
    REQUIRE(at != syncs.end());
    ++at;
  }
}
