// Clock, random bytes, workers and timers of the real host.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <future>
#include <limits>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "app/system.hpp"
#include "fakes/executor.hpp"
#include "fakes/manual_clock.hpp"

namespace mortise::tests {
namespace {

using app::SystemTimers;
using app::Workers;

constexpr std::int64_t kHour = 3'600'000;

/// Lets a test wait until something happened so often.
class Count {
 public:
  void operator()() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= wanted; });
  }
  int now() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("system clock: ahead by what was asked, steady time apart", "[app][system]") {
  const app::SystemClock clock;
  const app::SystemClock ahead(kHour);
  const std::int64_t apart = ahead.now_ms() - clock.now_ms();
  CHECK(apart >= kHour - 1'000);
  CHECK(apart <= kHour + 60'000);
  const std::int64_t before = clock.steady_ms();
  CHECK(ahead.steady_ms() >= before);
  CHECK(ahead.steady_ms() < before + 60'000);
}

TEST_CASE("system random: bytes differ, and none at all is fine", "[app][system]") {
  app::SystemRandom random;
  random.fill({});
  std::set<std::array<std::byte, 16>> seen;
  for (int i = 0; i < 100; ++i) {
    std::array<std::byte, 16> bytes{};
    random.fill(bytes);
    seen.insert(bytes);
  }
  CHECK(seen.size() == 100);
  std::vector<std::byte> many(1 << 20);  // more than one call of the system may give
  random.fill(many);
  CHECK(std::count(many.end() - 64, many.end(), std::byte{0}) < 16);
}

TEST_CASE("workers: one thread keeps the order, none runs inside post()", "[app][workers]") {
  std::vector<int> order;
  std::thread::id ran_on;
  {
    Workers workers(1);
    for (int i = 0; i < 100; ++i) {
      workers.post([&, i] {
        order.push_back(i);
        ran_on = std::this_thread::get_id();
      });
    }
  }
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(ran_on != std::this_thread::get_id());
}

TEST_CASE("workers: what is queued runs before they end, what it posts, too", "[app][workers]") {
  std::atomic<int> ran{0};
  {
    Workers workers(2);
    for (int i = 0; i < 50; ++i) {
      workers.post([&] {
        ++ran;
        workers.post([&] {
          ++ran;
          workers.post([&] { ++ran; });
        });
      });
    }
  }
  CHECK(ran == 150);
}

TEST_CASE("workers: functions go away once run, not later", "[app][workers]") {
  Workers workers(1);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  Count ran;
  workers.post([held = std::move(held)] {});
  workers.post([&] { ran(); });
  ran.wait_for(1);
  CHECK(watch.expired());
}

TEST_CASE("workers: many threads post, all runs once", "[app][workers]") {
  std::atomic<int> ran{0};
  {
    Workers workers(3);
    std::vector<std::thread> posters;
    for (int i = 0; i < 8; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < 500; ++j) workers.post([&] { ++ran; });
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  CHECK(ran == 4'000);
}

TEST_CASE("timers: they fire in the order of their moments, equal ones by age", "[app][timers]") {
  const app::SystemClock clock;
  std::mutex mutex;
  std::vector<int> order;
  Count fired;
  Workers workers(1);
  SystemTimers timers(clock, workers);
  const auto note = [&](int number) {
    return [&, number] {
      {
        const std::lock_guard lock(mutex);
        order.push_back(number);
      }
      fired();
    };
  };
  timers.after(60, note(3));
  timers.after(30, note(2));
  timers.after(0, note(1));
  timers.after(90, note(4));
  timers.after(-5, note(0));  // already due, but set later than 1 if the clock has not moved
  fired.wait_for(5);
  const std::lock_guard lock(mutex);
  CHECK(std::vector<int>(order.begin() + 2, order.end()) == std::vector<int>{2, 3, 4});
}

TEST_CASE("timers: none fires before its moment", "[app][timers]") {
  const app::SystemClock clock;
  Workers workers(1);
  SystemTimers timers(clock, workers);
  std::promise<std::int64_t> fired;
  const std::int64_t set = clock.steady_ms();
  timers.after(50, [&] { fired.set_value(clock.steady_ms()); });
  CHECK(fired.get_future().get() - set >= 50);
}

TEST_CASE("timers: a cancelled one never fires, a fired or unknown one is ignored",
          "[app][timers]") {
  const app::SystemClock clock;
  Count fired;
  int wrong = 0;
  {
    Workers workers(1);
    SystemTimers timers(clock, workers);
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watch = held;
    const auto id = timers.after(20, [&, held = std::move(held)] { ++wrong; });
    timers.cancel(id);
    CHECK(watch.expired());  // forgotten at once
    timers.cancel(id);
    timers.cancel(0);
    timers.cancel(999);
    const auto first = timers.after(0, [&] { fired(); });
    timers.after(40, [&] { fired(); });
    fired.wait_for(2);
    timers.cancel(first);
  }
  CHECK(wrong == 0);
  CHECK(fired.now() == 2);
}

TEST_CASE("timers: a function that cancels others while it is forgotten does no harm",
          "[app][timers]") {
  const app::SystemClock clock;
  Workers workers(1);
  SystemTimers timers(clock, workers);
  const auto other = timers.after(kHour, [] {});
  bool forgotten = false;
  std::shared_ptr<int> cancels(new int(0), [&, other](int* value) {
    timers.cancel(other);
    forgotten = true;
    delete value;
  });
  const auto id = timers.after(kHour, [cancels = std::move(cancels)] {});
  timers.cancel(id);
  CHECK(forgotten);
}

TEST_CASE("timers: ending with many pending fires none, and a timer may set the next",
          "[app][timers]") {
  const app::SystemClock clock;
  std::atomic<int> wrong{0};
  Count steps;
  {
    Workers workers(2);
    SystemTimers timers(clock, workers);
    for (int i = 0; i < 1'000; ++i) timers.after(kHour + i, [&] { ++wrong; });
    std::function<void()> next = [&] {
      steps();
      if (steps.now() < 5) timers.after(1, next);
    };
    timers.after(1, next);
    steps.wait_for(5);
  }
  CHECK(wrong == 0);
  CHECK(steps.now() == 5);
}

TEST_CASE("timers: a delay beyond all time waits, and holds nobody up", "[app][timers]") {
  const app::SystemClock clock;
  Count fired;
  std::atomic<int> wrong{0};
  {
    Workers workers(1);
    SystemTimers timers(clock, workers);
    const auto id = timers.after(std::numeric_limits<std::int64_t>::max(), [&] { ++wrong; });
    timers.after(std::numeric_limits<std::int64_t>::max() / 2, [&] { ++wrong; });
    timers.after(20, [&] { fired(); });
    fired.wait_for(1);
    timers.cancel(id);
  }
  CHECK(wrong == 0);
}

TEST_CASE("timers: many threads set and cancel", "[app][timers]") {
  const app::SystemClock clock;
  std::atomic<int> ran{0};
  Count fired;
  constexpr int kThreads = 6;
  constexpr int kEach = 200;
  {
    Workers workers(2);
    SystemTimers timers(clock, workers);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < kEach; ++j) {
          const auto far = timers.after(kHour, [&] { ++ran; });
          timers.after((i + j) % 5, [&] { fired(); });
          timers.cancel(far);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    fired.wait_for(kThreads * kEach);
  }
  CHECK(ran == 0);
  CHECK(fired.now() == kThreads * kEach);
}

}  // namespace mortise::tests
