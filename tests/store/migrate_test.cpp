// Migrations: forward, whole, checked, and from every older number.
#include <catch2/catch.hpp>
#include <string>

#include "store/fixture.hpp"
#include "store/migrate.hpp"

using namespace mortise;
using namespace mortise::store;

namespace {

/// A database without a store around it.
struct Bare : Fixture {
  Database database = open_new();
  Database open_new() {
    auto opened = Database::open(path, key.derive(kDatabasePurpose), Database::Access::create);
    REQUIRE(opened);
    return std::move(*opened);
  }
  std::string schema() {
    return database
        .read_text(
            "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master "
            "WHERE sql IS NOT NULL ORDER BY name)")
        .value()
        .value_or("");
  }
};

const Migration kBase{1, "base", "aa", "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)"};

/// One of each, as migrations 1 to 3 hold them.
const char* const kRowsOfOneWaySync = R"sql(
INSERT INTO plan VALUES ('pln', '', 'acc', 'Plan', '', '', NULL, '', '', '', '', 'null', '[]', 1,
  1, 1, NULL);
INSERT INTO plan_tasks VALUES ('pln', 3);
INSERT INTO task VALUES ('tsk', '', 'acc', 'pln', '', 1, 'Read', '', '', NULL, '', 'todo', 'task',
  'none', 'computed', '', '', '', '[]', '[]', '', '[]', '', 'tomato', '{}', 2, 1, 1, 7);
INSERT INTO connection VALUES ('cnn', 'acc', 'google-calendar', 'connected', '', 'id', 'e', 'n', '',
  '', 'primary', 'calendar', 't', 'u', '[]', '{}', 1, 2, NULL, 4, 5, 6);
INSERT INTO pair VALUES ('cnn', 'pln', 'task:tsk', 'event', '', 'event-1', '', 0, 'paired',
  '{"title":"x"}', 'aa', 'bb', 'v', x'00ff', 'u', 1, 2);
INSERT INTO run VALUES ('run', 'acc', 'cnn', 'pln', 'sync', 'user', 'running', 'none', NULL, 0, 0,
  '', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, '', '', '', 'none', '', '', '', '', 1, 1, 1, NULL);
INSERT INTO run_item VALUES (1, 'run', 'task:tsk', 'event', 't', 'create', 'done', '', '',
  'https://x', 9);
)sql";

}  // namespace

TEST_CASE("migrate: the embedded migrations are numbered without gaps", "[store][migrate]") {
  REQUIRE(migrations().size() >= 5);
  std::int64_t number = 0;
  for (const Migration& migration : migrations()) {
    CHECK(migration.number == ++number);
    CHECK(migration.sha256.size() == 64);
    CHECK_FALSE(migration.sql.empty());
  }
}

TEST_CASE("migrate: from scratch everything is applied and written down", "[store][migrate]") {
  Bare bare;
  CHECK(schema_version(bare.database).value() == 0);
  REQUIRE(migrate(bare.database, migrations(), "1.2.3", 77));
  CHECK(schema_version(bare.database).value() == migrations().back().number);
  auto rows = bare.database.prepare("SELECT * FROM migration ORDER BY number").value();
  for (const Migration& migration : migrations()) {
    REQUIRE(rows.step().value());
    CHECK(rows.integer(0) == migration.number);
    CHECK(rows.text(1) == migration.name);
    CHECK(rows.text(2) == migration.sha256);
    CHECK(rows.text(3) == "1.2.3");
    CHECK(rows.integer(4) == 77);
  }
  CHECK_FALSE(rows.step().value());
}

TEST_CASE("migrate: from every older number a store reaches the same schema and keeps its rows",
          "[store][migrate]") {
  Bare fresh;
  REQUIRE(migrate(fresh.database, migrations(), "new", 1));
  for (std::size_t from = 0; from < migrations().size(); ++from) {
    INFO("from " << from);
    Bare older;
    REQUIRE(migrate(older.database, migrations().first(from), "old", 1));
    CHECK(schema_version(older.database).value() == static_cast<std::int64_t>(from));
    if (from >= 1) {
      REQUIRE(older.database.run(
          "INSERT INTO account VALUES ('acc', 'free', '', '', '', '', 4, 1, 1)"));
    }
    REQUIRE(migrate(older.database, migrations(), "new", 2));
    CHECK(older.schema() == fresh.schema());
    CHECK(older.database.read_integer("SELECT count(*) FROM account WHERE rev = 4").value() ==
          (from >= 1 ? 1 : 0));
    CHECK(older.database.read_integer("SELECT count(*) FROM migration WHERE program = 'old'")
              .value() == static_cast<std::int64_t>(from));
  }
}

TEST_CASE("migrate: an older store opens with its data", "[store][migrate]") {
  Fixture fixture;
  {
    auto opened = Database::open(fixture.path, fixture.key.derive(kDatabasePurpose),
                                 Database::Access::create);
    REQUIRE(opened);
    REQUIRE(migrate(*opened, migrations().first(1), "0.0.1", 1));
    REQUIRE(opened->run("INSERT INTO account VALUES ('acc', 'pro', '', '', '', '', 4, 1, 1)"));
  }
  const auto store = fixture.open();
  CHECK(store->accounts().find("acc").value().tier == "pro");
  CHECK(store->runs().unfinished().value().empty());
}

TEST_CASE("migrate: what sync remembered before it went two ways is found as it was",
          "[store][migrate]") {
  Fixture fixture;
  {
    auto opened = Database::open(fixture.path, fixture.key.derive(kDatabasePurpose),
                                 Database::Access::create);
    REQUIRE(opened);
    REQUIRE(migrate(*opened, migrations().first(3), "0.2.0", 1));
    REQUIRE(opened->run(kRowsOfOneWaySync));
  }
  const auto store = fixture.open();
  const core::Connection connection = store->connections().find("cnn").value();
  CHECK(connection.target.id == "primary");
  CHECK(connection.direction == core::Direction::both);
  CHECK(connection.interval_s == 0);
  CHECK(connection.left_out_plans.empty());
  CHECK(connection.rev == 4);
  const core::Pair pair = store->pairs().of_key("task:tsk").value().at(0);
  CHECK(pair.remote_id == "event-1");
  CHECK(pair.fields == R"({"title":"x"})");
  CHECK(pair.seen.empty());
  const core::Run run = store->runs().unfinished("cnn").value().at(0);
  CHECK(run.counts == core::RunCounts{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 9, 10, 11});
  const core::RunItem item = store->runs().items_of_key("task:tsk", {}).value().items.at(0);
  CHECK(item.url == "https://x");
  CHECK(item.cause.empty());
  CHECK(item.provider_request.empty());
  CHECK(item.task_rev == 0);
  CHECK(item.at_ms == 9);
  const core::Task task = store->plans().removed_tasks("pln", 0).value().at(0);
  CHECK(task.title == "Read");
  CHECK(task.color == "tomato");
  // And it can be written again.
  core::Connection pulling = connection;
  pulling.direction = core::Direction::pull;
  core::Pair seen = pair;
  seen.seen = R"({"title":"X"})";
  REQUIRE(store->commit({ports::put(pulling), ports::put(seen), ports::put(run), ports::put(item),
                         ports::put(task)}));
  CHECK(store->connections().find("cnn").value().direction == core::Direction::pull);
  CHECK(store->pairs().of_key("task:tsk").value() == std::vector{seen});
}

TEST_CASE("migrate: a second time nothing happens", "[store][migrate]") {
  Bare bare;
  REQUIRE(migrate(bare.database, migrations(), "1", 1));
  REQUIRE(migrate(bare.database, migrations(), "2", 2));
  CHECK(bare.database.read_integer("SELECT count(*) FROM migration WHERE program = '2'").value() ==
        0);
}

TEST_CASE("migrate: a failing migration leaves nothing of itself", "[store][migrate]") {
  Bare bare;
  const Migration broken[] = {
      kBase,
      {2, "broken", "bb", "CREATE TABLE u (id); INSERT INTO t VALUES (1, 'x'); SELECT nonsense"}};
  const Status status = migrate(bare.database, broken, "1", 1);
  REQUIRE_FALSE(status);
  CHECK(status.error().reason == "migration_failed");
  CHECK(holds(status.error().message, "0002-broken"));
  CHECK(schema_version(bare.database).value() == 1);
  CHECK(bare.database.read_integer("SELECT count(*) FROM t").value() == 0);
  CHECK_FALSE(holds(bare.schema(), "TABLE u"));
  CHECK_FALSE(bare.database.in_transaction());
}

TEST_CASE("migrate: the checks afterwards are read", "[store][migrate]") {
  Bare bare;
  const Migration dangling[] = {
      kBase,
      {2, "dangling", "bb",
       "CREATE TABLE u (t_id INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED);"
       "INSERT INTO u VALUES (99)"}};
  const Status status = migrate(bare.database, dangling, "1", 1);
  REQUIRE_FALSE(status);
  CHECK(status.error().reason == "migration_failed");
  CHECK(holds(status.error().message, "'u'"));
  CHECK(schema_version(bare.database).value() == 1);
}

TEST_CASE("migrate: a store of a newer program is refused unchanged", "[store][migrate]") {
  Bare bare;
  REQUIRE(migrate(bare.database, migrations(), "9.9.9", 1));
  const auto older = migrations().first(migrations().size() - 1);
  const std::string before = bare.schema();
  const Status status = migrate(bare.database, older, "1.0.0", 2);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Code::unsupported);
  CHECK(status.error().reason == "store_newer");
  CHECK(holds(status.error().message, "9.9.9"));
  CHECK(bare.schema() == before);
}

TEST_CASE("migrate: a migration that was changed after it was applied is refused",
          "[store][migrate]") {
  Bare bare;
  REQUIRE(migrate(bare.database, std::span(&kBase, 1), "1", 1));
  Migration changed = kBase;
  changed.sha256 = "cc";
  const Status status = migrate(bare.database, std::span(&changed, 1), "1", 1);
  REQUIRE_FALSE(status);
  CHECK(status.error().reason == "migration_changed");
}
