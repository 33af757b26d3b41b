// Many threads on one store.
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "contract/samples.hpp"
#include "contract/store_subjects.hpp"

using namespace mortise;
using namespace mortise::contract;
using ports::put;

namespace {

/// Starts the threads as one and waits for all. Assertions belong behind it: Catch2 is not
/// thread-safe.
void in_parallel(int threads, const std::function<void(int)>& work) {
  std::atomic<bool> go = false;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&go, &work, i] {
      go.wait(false);
      work(i);
    });
  }
  go = true;
  go.notify_all();
  for (std::thread& thread : all) thread.join();
}

}  // namespace

TEMPLATE_TEST_CASE("store: of many commits on one revision exactly one wins", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::account("acc"))});
  for (core::Rev rev = 1; rev <= 10; ++rev) {
    std::atomic<int> won = 0, lost = 0, other = 0;
    in_parallel(16, [&](int thread) {
      core::Account account = contract::account("acc");
      account.rev = rev;
      account.tier = std::to_string(thread);
      const Status status = store.commit(
          {put(account),
           put(contract::event("evt_" + std::to_string(rev) + "_" + std::to_string(thread), "acc",
                               rev))});
      if (status) {
        ++won;
      } else if (status.error().reason == "rev_conflict") {
        ++lost;
      } else {
        ++other;
      }
    });
    CHECK(won == 1);
    CHECK(lost == 15);
    CHECK(other == 0);
    const core::Account after = store.accounts().find("acc").value();
    CHECK(after.rev == rev + 1);
    const auto events = store.outbox().list("acc", {200, ""}).value().items;
    REQUIRE(events.size() == static_cast<std::size_t>(rev));  // the losers left no event
    CHECK(events[0].id == "evt_" + std::to_string(rev) + "_" + after.tier);
  }
}

TEMPLATE_TEST_CASE("store: 200 parallel reservations at limit 2 give exactly 2",
                   "[contract][store]", MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  std::atomic<int> reserved = 0, refused = 0, failed = 0;
  in_parallel(200, [&](int thread) {
    for (;;) {
      const auto read = store.usages().find("acc", "2026-11");
      if (!read) return void(++failed);
      core::Usage usage = *read;
      if (usage.exports() >= 2) return void(++refused);
      ++usage.reserved;
      const Status status =
          store.commit({put(usage), put(contract::run("run_" + std::to_string(thread)))},
                       ports::Durability::full);
      if (status) return void(++reserved);
      if (status.error().code != Code::conflict) return void(++failed);
    }
  });
  CHECK(reserved == 2);
  CHECK(refused == 198);
  CHECK(failed == 0);
  CHECK(store.usages().find("acc", "2026-11").value().reserved == 2);
  CHECK(store.runs().unfinished().value().size() == 2);
}

TEMPLATE_TEST_CASE("store: readers see whole commits while others write", "[contract][store]",
                   MemorySubject, SqlSubject) {
  TestType subject;
  ports::Store& store = subject.store();
  commit(store, {put(contract::plan("pln"))});
  constexpr int kCommits = 40;
  std::atomic<bool> writing = true;
  std::atomic<int> torn = 0, failed = 0;
  in_parallel(4, [&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < kCommits; ++i) {
        const std::string number = std::to_string(i);
        if (!store.commit({put(contract::task("a" + number, "pln", 2 * i)),
                           put(contract::task("b" + number, "pln", 2 * i + 1))})) {
          ++failed;
        }
      }
      writing = false;
      return;
    }
    while (writing) {
      const auto tasks = store.plans().tasks("pln");
      if (!tasks) {
        ++failed;
      } else if (tasks->size() % 2 != 0) {
        ++torn;
      }
    }
  });
  CHECK(torn == 0);
  CHECK(failed == 0);
  CHECK(store.plans().tasks("pln").value().size() == 2 * kCommits);
}
