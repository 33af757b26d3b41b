// Every statement of the store is answered by an index: no walk over a table, no sorting.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "store/apply.hpp"
#include "store/fixture.hpp"
#include "store/readers.hpp"
#include "store/sql_ports.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::put;

namespace {

std::vector<std::string> plan_of(Database& database, const std::string& sql) {
  auto rows = database.prepare("EXPLAIN QUERY PLAN " + sql);
  REQUIRE(rows);
  std::vector<std::string> lines;
  while (rows->step().value()) lines.emplace_back(rows->text(3));
  return lines;
}

bool walks_or_sorts(const std::string& line) {
  if (holds(line, "USE TEMP B-TREE") || holds(line, "AUTOMATIC")) return true;
  if (line == "SCAN TABLE hop") return false;  // the recursive query's own queue of one row
  return holds(line, "SCAN TABLE") && !holds(line, "USING INDEX") &&
         !holds(line, "USING COVERING INDEX");
}

void check_plans(Database& database, std::size_t at_least) {
  const std::vector<std::string> texts = database.statement_texts();
  std::size_t looked_at = 0;
  for (const std::string& sql : texts) {
    if (holds(sql, "PRAGMA") || holds(sql, "sqlite_master")) continue;
    ++looked_at;
    for (const std::string& line : plan_of(database, sql)) {
      INFO(sql << "\n  " << line);
      CHECK_FALSE(walks_or_sorts(line));
    }
  }
  CHECK(looked_at >= at_least);
}

/// Whatever comes next, first and after a cursor.
const ports::PageRequest kFirst{50, ""};

}  // namespace

TEST_CASE("query plans: a walk would be seen", "[store][plans]") {
  Fixture fixture;
  fixture.open();
  Database database = fixture.database();
  CHECK(walks_or_sorts(plan_of(database, "SELECT * FROM account WHERE tier = 'x'").at(0)));
  const auto sorted = plan_of(database, "SELECT * FROM run WHERE id = 'x' ORDER BY url, kind");
  CHECK_FALSE(walks_or_sorts(sorted.at(0)));
  const auto walked = plan_of(database, "SELECT * FROM run ORDER BY url");
  CHECK(std::any_of(walked.begin(), walked.end(), walks_or_sorts));
}

TEST_CASE("query plans: everything that is read is found by an index", "[store][plans]") {
  Fixture fixture;
  fixture.open();
  Readers readers(fixture.path, fixture.key.derive(kDatabasePurpose), /*most=*/1);
  const Sealer sealer(fixture.key.derive(kSealingPurpose), fixture.random);
  const Reading reading{readers, sealer};
  const SqlAccounts accounts(reading);
  (void)accounts.find("x");
  (void)accounts.list(kFirst);
  const SqlPlans plans(reading);
  (void)plans.find("x");
  (void)plans.find_external("a", "x");
  (void)plans.list("a", kFirst);
  (void)plans.find_task("x");
  (void)plans.tasks("p");
  (void)plans.list_tasks("p", kFirst);
  (void)plans.removed_tasks("p", 0);
  const SqlConnections connections(reading);
  (void)connections.find("x");
  (void)connections.list("a");
  (void)connections.list_all();
  const SqlGrants grants(reading);
  (void)grants.find("x");
  (void)grants.interrupted();
  (void)grants.secret("x");
  (void)grants.secret_names();
  (void)grants.session("x");
  (void)grants.session_by_state("x");
  const SqlPairs pairs(reading);
  (void)pairs.of_plan("c", "p");
  (void)pairs.of_connection("c");
  (void)pairs.of_key("k");
  (void)pairs.plans("c");
  (void)SqlJournal(reading).open_intents("c");
  const SqlRuns runs(reading);
  (void)runs.find("x");
  (void)runs.unfinished();
  (void)runs.unfinished("c");
  (void)runs.newest_finished("a");
  (void)runs.list("", "", kFirst);
  (void)runs.list("a", "", kFirst);
  (void)runs.list("", "c", kFirst);
  (void)runs.list("a", "c", kFirst);
  (void)runs.items("r", kFirst);
  (void)runs.items_of_key("task:x", kFirst);
  (void)runs.items_of_key("task:x/slot", kFirst);
  (void)SqlSightings(reading).of_connection("c");
  (void)SqlBookmarks(reading).of_connection("c");
  (void)SqlSyncStates(reading).find("c");
  const SqlConflicts conflicts(reading);
  (void)conflicts.find("x");
  (void)conflicts.list("", "", "", kFirst);
  (void)conflicts.list("a", "", "", kFirst);
  (void)conflicts.list("a", "c", "", kFirst);
  (void)conflicts.list("a", "c", "t", kFirst);
  const SqlChannels channels(reading);
  (void)channels.find("x");
  (void)channels.of_connection("c");
  const SqlInbox inbox(reading);
  (void)inbox.pending("c");
  (void)inbox.oldest_pending("c");
  (void)inbox.latest("c");
  (void)inbox.connections_with_pending();
  (void)inbox.seen("c", "p");
  (void)SqlUsages(reading).find("a", "2026-11");
  const SqlAccess access(reading);
  (void)access.key("x");
  (void)access.keys();
  (void)access.session_by_hash("x");
  (void)access.idempotency("a", "k");
  const SqlOutbox outbox(reading);
  (void)outbox.list("", kFirst);
  (void)outbox.list("a", kFirst);
  auto loan = readers.borrow();
  REQUIRE(loan);
  check_plans(loan->database(), 56);
}

TEST_CASE("query plans: everything that is written is found by an index", "[store][plans]") {
  Fixture fixture;
  fixture.open();
  Database database = fixture.database();
  const Sealer sealer(fixture.key.derive(kSealingPurpose), fixture.random);
  core::Plan plan;
  plan.id = "p";
  core::Task task;
  task.id = "t";
  task.plan_id = "p";
  core::Run run;
  run.id = "r";
  run.state = core::RunState::succeeded;
  run.finished_ms = 0;  // so that pruning finds one and goes all the way
  core::Connection connection;
  connection.id = "c";
  const ports::Changes first = {put(core::Account{}),
                                put(plan),
                                put(task),
                                put(connection),
                                put(core::Grant{}),
                                put(core::ConnectSession{}),
                                put(core::NamedSecret{}),
                                put(core::ApiKey{}),
                                put(core::UserSession{}),
                                put(core::IdempotencyRecord{}),
                                put(core::Pair{}),
                                put(core::Intent{}),
                                put(run),
                                put(core::RunItem{}),
                                put(core::Usage{}),
                                put(core::Event{}),
                                put(core::Sighting{}),
                                put(core::Bookmark{}),
                                put(core::SyncState{}),
                                put(core::Conflict{}),
                                put(core::Channel{}),
                                put(core::Notification{})};
  for (const ports::Change& change : first) {
    REQUIRE(apply_change(database, sealer, change));
    ports::Change next = change;
    std::visit(
        [](auto& alternative) {
          if constexpr (requires { alternative.value.rev; }) alternative.value.rev = 1;
        },
        next);
    REQUIRE(apply_change(database, sealer, next));
  }
  using Of = ports::ExpectRev::Of;
  using State = core::PairState;
  const ports::Changes rest = {ports::ErasePair{},
                               ports::SetPairState{"x", State::paired, State::set_aside},
                               ports::EraseIntent{},
                               ports::EraseGrant{},
                               ports::EraseSecret{},
                               ports::EraseIdempotency{},
                               ports::EraseSession{},
                               ports::EraseSighting{},
                               ports::EraseSightings{},
                               ports::EraseBookmarks{},
                               ports::EraseChannel{},
                               ports::EraseAccount{"x"},
                               ports::HandleNotifications{"c", {"x"}, 1},
                               ports::Prune{1},
                               ports::ExpectRev{Of::account, "x", 0},
                               ports::ExpectRev{Of::plan, "x", 0},
                               ports::ExpectRev{Of::task, "x", 0},
                               ports::ExpectRev{Of::connection, "x", 0},
                               ports::ExpectRev{Of::grant, "x", 0},
                               ports::ExpectRev{Of::run, "x", 0},
                               ports::ExpectRev{Of::conflict, "x", 0},
                               ports::ExpectRev{Of::channel, "x", 0},
                               ports::ExpectNoTwin{"x"}};
  for (const ports::Change& change : rest) REQUIRE(apply_change(database, sealer, change));
  REQUIRE(purge_expired(database, 1));
  check_plans(database, 95);
}
