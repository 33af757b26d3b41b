// The writer: commits share transactions, and each keeps its own fate.
#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/apply.hpp"
#include "store/fixture.hpp"
#include "store/writer.hpp"

using namespace mortise;
using namespace mortise::store;
using ports::Durability;
using ports::put;

namespace {

core::Account account(int number, core::Rev rev = 0) {
  core::Account value;
  value.id = "acc" + std::to_string(number);
  value.rev = rev;
  return value;
}

/// A writer whose first transaction waits until `expected` commits stand behind it.
struct Bench : Fixture {
  explicit Bench(std::size_t expected_behind = 0) : expected(expected_behind) {
    open();  // makes the store
    writer.emplace(database(),
                   Writer::Work{[this](Database&) { return hold(); },
                                [this](Database& database, const ports::Change& change) {
                                  return apply_change(database, sealer, change);
                                },
                                removes_secret});
  }
  Status hold() {
    if (started.exchange(true)) return {};
    ready = true;
    ready.notify_all();
    while (writer->waiting() < expected) std::this_thread::yield();
    all_wait = true;
    all_wait.notify_all();
    return {};
  }

  std::size_t expected;
  std::atomic<bool> started = false;
  std::atomic<bool> ready = false;
  std::atomic<bool> all_wait = false;
  Sealer sealer{key.derive(kSealingPurpose), random};
  std::optional<Writer> writer;
};

}  // namespace

TEST_CASE("writer: 150 commits in parallel take three transactions", "[store][writer]") {
  constexpr int kCommits = 150;
  Bench bench(kCommits - 1);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { failed += bench.writer->commit({put(account(0))}, {}).ok() ? 0 : 1; });
  bench.ready.wait(false);  // the first one has its transaction to itself
  for (int i = 1; i < kCommits; ++i) {
    threads.emplace_back(
        [&, i] { failed += bench.writer->commit({put(account(i))}, {}).ok() ? 0 : 1; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  const Writer::Counts counts = bench.writer->counts();
  CHECK(counts.commits == kCommits);
  CHECK(counts.transactions == 3);  // 1, then 100, then 49
  bench.writer.reset();
  CHECK(bench.database().read_integer("SELECT count(*) FROM account").value() == kCommits);
}

TEST_CASE("writer: a conflict fails its own commit and none beside it", "[store][writer]") {
  constexpr int kCommits = 60;
  Bench bench(kCommits - 1);
  std::vector<Status> results(kCommits);
  std::vector<std::thread> threads;
  threads.emplace_back([&] { results[0] = bench.writer->commit({put(account(0))}, {}); });
  bench.ready.wait(false);
  for (int i = 1; i < kCommits; ++i) {
    threads.emplace_back([&, i] {
      // Every third one also touches an account that is not at this revision.
      ports::Changes changes = {put(account(i))};
      if (i % 3 == 0) changes.push_back(put(account(0, 7)));
      results[static_cast<std::size_t>(i)] = bench.writer->commit(std::move(changes), {});
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bench.writer->counts().transactions == 2);
  bench.writer.reset();
  Database database = bench.database();
  for (int i = 1; i < kCommits; ++i) {
    INFO(i);
    const bool good = i % 3 != 0;
    CHECK(results[static_cast<std::size_t>(i)].ok() == good);
    CHECK(
        database
            .read_integer("SELECT count(*) FROM account WHERE id = 'acc" + std::to_string(i) + "'")
            .value() == (good ? 1 : 0));
  }
}

TEST_CASE("writer: a transaction is as durable as the strongest commit in it", "[store][writer]") {
  Bench bench(2);
  std::vector<std::thread> threads;
  threads.emplace_back([&] { (void)bench.writer->commit({put(account(0))}, Durability::relaxed); });
  bench.ready.wait(false);
  for (int i = 1; i <= 2; ++i) {
    threads.emplace_back([&, i] {
      (void)bench.writer->commit({put(account(i))},
                                 i == 1 ? Durability::relaxed : Durability::full);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bench.writer->counts().transactions == 2);
  CHECK(bench.writer->counts().synced_transactions == 1);
  REQUIRE(bench.writer->commit({put(account(9))}, Durability::relaxed));
  CHECK(bench.writer->counts().synced_transactions == 1);
  REQUIRE(bench.writer->commit({put(account(10))}, Durability::full));
  CHECK(bench.writer->counts().synced_transactions == 2);
}

TEST_CASE("writer: closing finishes what is queued", "[store][writer]") {
  constexpr int kCommits = 20;
  Bench bench(kCommits - 1);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { good += bench.writer->commit({put(account(0))}, {}).ok() ? 1 : 0; });
  bench.ready.wait(false);
  for (int i = 1; i < kCommits; ++i) {
    threads.emplace_back(
        [&, i] { good += bench.writer->commit({put(account(i))}, {}).ok() ? 1 : 0; });
  }
  bench.all_wait.wait(false);
  bench.writer.reset();
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kCommits);
}

TEST_CASE("writer: a failing disk fails the commits and leaves the store usable",
          "[store][writer]") {
  Bench bench;
  REQUIRE(bench.writer->commit({put(account(0))}, {}));
  bench.writer.reset();
  // A database that may not grow is what a full disk looks like.
  Database small = bench.database();
  const auto pages = small.read_integer("PRAGMA page_count").value();
  REQUIRE(small.run("PRAGMA max_page_count = " + std::to_string(pages + 4)));
  Writer writer(std::move(small), {[](Database&) { return Status{}; },
                                   [&bench](Database& database, const ports::Change& change) {
                                     return apply_change(database, bench.sealer, change);
                                   },
                                   removes_secret});
  const core::Event big{"evt", "type", "acc", std::string(1'000'000, 'x'), 1};
  const Status full = writer.commit({put(account(1)), put(big)}, Durability::full);
  REQUIRE_FALSE(full);
  CHECK(full.error().code == Code::unavailable);
  CHECK(writer.commit({put(account(2))}, Durability::full));
  Database database = bench.database();
  CHECK(database.read_integer("SELECT count(*) FROM account WHERE id = 'acc1'").value() == 0);
  CHECK(database.read_integer("SELECT count(*) FROM account WHERE id = 'acc2'").value() == 1);
}

TEST_CASE("writer: a full disk is told once, and that it takes writes again", "[store][writer]") {
  Bench bench;
  bench.writer.reset();
  Database small = bench.database();
  bool full = true;
  std::vector<bool> told;
  Writer writer(
      std::move(small),
      {[&](Database& database) {
         return database.run(full ? "PRAGMA max_page_count = 1" : "PRAGMA max_page_count = 100000");
       },
       [&bench](Database& database, const ports::Change& change) {
         return apply_change(database, bench.sealer, change);
       },
       removes_secret, [&told](const Status& status) { told.push_back(status.ok()); }});
  const core::Event big{"evt", "type", "acc", std::string(1'000'000, 'x'), 1};
  CHECK(writer.commit({put(big)}, Durability::full).error().code == Code::unavailable);
  CHECK(writer.commit({put(account(0, 7))}, {}).error().code == Code::conflict);
  CHECK_FALSE(writer.commit({put(big)}, Durability::full));
  CHECK(writer.commit({}, {}));  // a commit of nothing proves nothing
  CHECK(told == std::vector{false});
  full = false;
  CHECK(writer.commit({put(big)}, {}));
  CHECK(told == std::vector{false, true});
  CHECK(writer.commit({put(account(0, 7))}, {}).error().code == Code::conflict);
  CHECK(told.size() == 2);  // a conflict is no trouble of the store's
}

TEST_CASE("store: sessions and remembered answers go a day after they expired", "[store][writer]") {
  Fixture fixture;
  const core::Instant now_ms = fixture.clock.now_ms();
  const auto store = fixture.open();
  REQUIRE(store->commit({}));  // the first transaction tidies up
  core::UserSession session{"ses", "acc", "hash", "", true, now_ms, 0};
  core::ConnectSession connecting;
  connecting.id = "cns";
  connecting.expires_ms = now_ms;
  const core::IdempotencyRecord record{"acc", "key", "", 200, "", "", now_ms, 0};
  REQUIRE(store->commit({put(session), put(connecting), put(record)}));
  constexpr std::int64_t kHour = 3'600'000;
  fixture.clock.advance(23 * kHour);
  REQUIRE(store->commit({}));
  CHECK(store->access().session_by_hash("hash"));
  CHECK(store->grants().session("cns"));
  CHECK(store->access().idempotency("acc", "key"));
  fixture.clock.advance(2 * kHour);
  REQUIRE(store->commit({}));
  CHECK(store->access().session_by_hash("hash").error().code == Code::not_found);
  CHECK(store->grants().session("cns").error().code == Code::not_found);
  CHECK(store->access().idempotency("acc", "key").error().code == Code::not_found);
}
