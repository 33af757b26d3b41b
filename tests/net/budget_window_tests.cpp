// The sliding window never lets more through than the service counts.
#include "net/budget_window.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "fakes/test_seed.hpp"
using mortise::net::BudgetWindow;

namespace {

/// Sends as early as allowed, with pauses of up to `pause_ms` between, and answers when.
std::vector<std::int64_t> drive(BudgetWindow& window, std::mt19937_64& random,
                                std::int64_t pause_ms, int count) {
  std::vector<std::int64_t> sends;
  std::int64_t now = 1'000;
  for (int i = 0; i < count; ++i) {
    now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(pause_ms + 1));
    now = window.opens_ms(now);
    window.sent(now);
    sends.push_back(now);
  }
  return sends;
}

}  // namespace

TEST_CASE("budget: 180 a minute is 178 sends in any 60.5 s", "[net][budget]") {
  const BudgetWindow window(180, 60'000);
  CHECK(window.limit() == 178);
  CHECK(window.window_ms() == 60'500);
}

TEST_CASE("budget: small and short limits keep their number", "[net][budget]") {
  const BudgetWindow window(3, 1'000);
  CHECK(window.limit() == 3);
  CHECK(window.window_ms() == 1'100);
  CHECK(BudgetWindow(0, 1'000).limit() == 1);
}

TEST_CASE("budget: no window ever holds more than the limit", "[net][budget]") {
  const std::uint64_t seed = mortise::fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const auto requests = static_cast<std::int64_t>(1 + random() % 300);
    const auto window_ms = static_cast<std::int64_t>(100 + random() % 90'000);
    BudgetWindow window(requests, window_ms);
    const auto sends = drive(window, random, GENERATE(0, 20, 5'000), 1'000);
    const auto limit = static_cast<std::size_t>(requests);
    for (std::size_t i = limit; i < sends.size(); ++i) {
      // Any `limit + 1` sends in a row take longer than the service's own window.
      REQUIRE(sends[i] - sends[i - limit] > window_ms);
    }
  }
}

TEST_CASE("budget: a full burst goes at once, the next send when the first leaves",
          "[net][budget]") {
  BudgetWindow window(180, 60'000);
  for (int i = 0; i < 178; ++i) {
    REQUIRE(window.opens_ms(i) == i);
    window.sent(i);
  }
  CHECK(window.opens_ms(178) == 60'500);
  CHECK(window.used(178) == 178);
  CHECK(window.used(60'500) == 177);
}

TEST_CASE("budget: a refusal narrows the window, echoes of it do not", "[net][budget]") {
  BudgetWindow window(100, 60'000);
  window.narrow(10'000, 9'900);
  const auto room = [&](std::int64_t now) {
    BudgetWindow copy = window;
    int sends = 0;
    while (copy.opens_ms(now) == now) {
      copy.sent(now);
      ++sends;
    }
    return sends;
  };
  CHECK(room(10'000) == 74);  // three quarters of 99
  window.narrow(10'050, 9'950);
  CHECK(room(10'050) == 74);
  window.narrow(10'100, 10'060);
  CHECK(room(10'100) == 55);
}

TEST_CASE("budget: refusals never close a window, and it opens again", "[net][budget]") {
  BudgetWindow window(100, 60'000);
  std::int64_t now = 0;
  for (int i = 0; i < 50; ++i) {
    now += 10;
    window.narrow(now, now);
  }
  int sends = 0;
  while (window.opens_ms(now) == now) {
    window.sent(now);
    ++sends;
  }
  CHECK(sends == 24);  // a quarter of 99
  now += 60'500 * 9;
  CHECK(window.idle(now));
  CHECK_FALSE(window.idle(now - 60'500));
}
