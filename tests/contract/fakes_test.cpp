// The fakes keep what they promise.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/cursor.hpp"
#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_store.hpp"
#include "fakes/seeded_random.hpp"

using namespace mortise;
using namespace mortise::fakes;

TEST_CASE("manual clock: timers fire in order, each at its own moment", "[fakes]") {
  ManualClock clock(1000);
  std::vector<std::string> fired;
  const auto note = [&](const std::string& name) {
    return [&, name] { fired.push_back(name + "@" + std::to_string(clock.now_ms())); };
  };
  clock.after(30, note("c"));
  clock.after(10, note("a"));
  clock.after(10, note("b"));
  const auto forgotten = clock.after(20, note("never"));
  clock.after(20, [&] {
    note("d")();
    clock.after(5, note("e"));   // within this advance
    clock.after(50, note("f"));  // behind it
  });
  clock.cancel(forgotten);
  clock.advance(40);
  CHECK(fired == std::vector<std::string>{"a@1010", "b@1010", "d@1020", "e@1025", "c@1030"});
  CHECK(clock.now_ms() == 1040);
  CHECK(clock.steady_ms() == 40);
  CHECK(clock.next_in_ms() == 30);
  CHECK(clock.advance_to_next());
  CHECK(fired.back() == "f@1070");
  CHECK_FALSE(clock.advance_to_next());
}

TEST_CASE("manual clock: a wall clock that jumps moves no timer", "[fakes]") {
  ManualClock clock(1000);
  bool fired = false;
  clock.after(10, [&] { fired = true; });
  clock.set_wall(5'000'000);
  CHECK(clock.now_ms() == 5'000'000);
  CHECK_FALSE(fired);
  clock.advance(10);
  CHECK(fired);
  CHECK(clock.now_ms() == 5'000'010);
}

TEST_CASE("manual clock: with an executor, timers are posted and not run", "[fakes]") {
  QueueExecutor executor;
  ManualClock clock(0, &executor);
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds < 5) clock.after(1000, again);
  };
  clock.after(0, again);
  clock.advance(0);
  CHECK(rounds == 0);
  CHECK(executor.waiting() == 1);
  CHECK(run_until_quiet(clock, executor));
  CHECK(rounds == 5);
  CHECK(clock.now_ms() == 4000);
  clock.after(10'000, again);
  CHECK_FALSE(run_until_quiet(clock, executor, 9'999));
}

TEST_CASE("queue executor: first in, first out, what is posted meanwhile included", "[fakes]") {
  QueueExecutor executor;
  std::string order;
  executor.post([&] {
    order += "a";
    executor.post([&] { order += "c"; });
  });
  executor.post([&] { order += "b"; });
  CHECK(order.empty());
  CHECK(executor.run_until_idle() == 3);
  CHECK(order == "abc");
  CHECK_FALSE(executor.run_one());
}

TEST_CASE("pool executor: everything posted runs, also at the end", "[fakes]") {
  std::atomic<int> ran = 0;
  {
    PoolExecutor executor(3);
    for (int i = 0; i < 100; ++i) executor.post([&] { ++ran; });
    executor.wait_idle();
    CHECK(ran == 100);
    for (int i = 0; i < 100; ++i) executor.post([&] { ++ran; });
  }
  CHECK(ran == 200);
}

TEST_CASE("seeded random: the same seed gives the same bytes", "[fakes]") {
  std::array<std::byte, 64> a{}, b{}, c{};
  SeededRandom(5).fill(a);
  SeededRandom(5).fill(b);
  SeededRandom(6).fill(c);
  CHECK(a == b);
  CHECK(a != c);
}

TEST_CASE("memory store: a gatekeeper can fail a commit, and nothing happens", "[fakes]") {
  MemoryStore store;
  core::Account account;
  account.id = "acc";
  store.before_commit([](const ports::Changes& changes, ports::Durability) -> Status {
    if (changes.size() > 1) return Error{Code::unavailable, "the disk is full"};
    return {};
  });
  core::Account other = account;
  other.id = "other";
  const Status full = store.commit({ports::put(account), ports::put(other)}, {});
  REQUIRE_FALSE(full);
  CHECK(full.error().code == Code::unavailable);
  CHECK_FALSE(store.accounts().find("acc"));
  CHECK(store.commit({ports::put(account)}, ports::Durability::full));
  CHECK(store.commits() == 1);
  CHECK(store.full_commits() == 1);
}

TEST_CASE("cursor: any place comes back, and what is none is refused", "[fakes][core]") {
  for (const std::int64_t number : {std::int64_t{0}, INT64_MIN, INT64_MAX, std::int64_t{-7}}) {
    for (const std::string& id :
         {std::string(), std::string("tsk_1"), std::string("\0\xff.~", 4)}) {
      const std::string text = core::cursor_text(number, id);
      CHECK(core::parse_cursor(text) == core::Cursor{number, id});
      CHECK(text.find_first_not_of("0123456789abcdef.-") == std::string::npos);
    }
  }
  for (const char* text : {"", ".", "1", "x.61", "1.6", "1.6g", "1.-1", "1.+1", "1. 1", " 1.61"}) {
    INFO(text);
    CHECK_FALSE(core::parse_cursor(text));
  }
}
