// Who goes next: order, fairness, and that no budget is ever overdrawn.
#include "net/pacer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

#include "fakes/test_seed.hpp"
using mortise::net::Pacer;
using mortise::net::Payer;
using mortise::ports::Budget;
using mortise::ports::BudgetScope;
using mortise::ports::Lane;

namespace {

const Payer kAnn{"cnn_ann", "ws_1", "ann"};
const Payer kBob{"cnn_bob", "ws_1", "bob"};
const Payer kEve{"cnn_eve", "ws_2", "eve"};

}  // namespace

TEST_CASE("pacer: without a limit everything goes at once, in order", "[net][budget]") {
  Pacer pacer({});
  for (std::uint64_t i = 1; i <= 5; ++i) pacer.add(i, kAnn, Lane::interactive);
  CHECK(pacer.due(0) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  CHECK_FALSE(pacer.next_ms(0).has_value());
}

TEST_CASE("pacer: a full connection does not hold back another", "[net][budget]") {
  Pacer pacer({{BudgetScope::connection, 1, 1'000}});
  pacer.add(1, kAnn, Lane::interactive);
  pacer.add(2, kAnn, Lane::interactive);
  pacer.add(3, kBob, Lane::background);
  CHECK(pacer.due(0) == std::vector<std::uint64_t>{1, 3});
  CHECK(pacer.next_ms(0) == 1'100);
  CHECK(pacer.due(1'099).empty());
  CHECK(pacer.due(1'100) == std::vector<std::uint64_t>{2});
}

TEST_CASE("pacer: interactive goes first, background is not starved", "[net][budget]") {
  Pacer pacer({{BudgetScope::application, 1, 1'000}});
  for (std::uint64_t i = 1; i <= 10; ++i) pacer.add(i, kAnn, Lane::interactive);
  for (std::uint64_t i = 101; i <= 103; ++i) pacer.add(i, kAnn, Lane::background);
  std::vector<std::uint64_t> order;
  std::int64_t now = 0;
  while (const auto next = pacer.next_ms(now)) {
    now = *next;
    for (const auto ticket : pacer.due(now)) order.push_back(ticket);
  }
  CHECK(order == std::vector<std::uint64_t>{1, 2, 3, 4, 101, 5, 6, 7, 8, 102, 9, 10, 103});
}

TEST_CASE("pacer: accounts take turns, whoever came with more", "[net][budget]") {
  Pacer pacer({{BudgetScope::application, 1, 1'000}});
  for (std::uint64_t i = 1; i <= 50; ++i) pacer.add(i, kAnn, Lane::background);
  for (std::uint64_t i = 101; i <= 103; ++i) pacer.add(i, kBob, Lane::background);
  std::vector<std::uint64_t> order;
  std::int64_t now = 0;
  while (order.size() < 8) {
    now = *pacer.next_ms(now);
    for (const auto ticket : pacer.due(now)) order.push_back(ticket);
  }
  CHECK(order == std::vector<std::uint64_t>{1, 101, 2, 102, 3, 103, 4, 5});
}

TEST_CASE("pacer: two connections of one account share its turn", "[net][budget]") {
  Pacer pacer({{BudgetScope::application, 1, 1'000}});
  const Payer second{"cnn_ann2", "ws_1", "ann"};
  for (std::uint64_t i = 1; i <= 4; ++i) pacer.add(i, kAnn, Lane::background);
  for (std::uint64_t i = 11; i <= 14; ++i) pacer.add(i, second, Lane::background);
  for (std::uint64_t i = 101; i <= 104; ++i) pacer.add(i, kBob, Lane::background);
  int bob = 0;
  std::int64_t now = 0;
  for (int sent = 0; sent < 8;) {
    now = *pacer.next_ms(now);
    for (const auto ticket : pacer.due(now)) {
      ++sent;
      if (ticket > 100) ++bob;
    }
  }
  CHECK(bob == 4);
}

TEST_CASE("pacer: a refusal of the workspace pauses all its connections and no other",
          "[net][budget]") {
  Pacer pacer({{BudgetScope::connection, 180, 60'000}});
  pacer.refused(kAnn, BudgetScope::workspace, 0, 0, 30'000);
  pacer.add(1, kAnn, Lane::interactive);
  pacer.add(2, kBob, Lane::interactive);
  pacer.add(3, kEve, Lane::interactive);
  CHECK(pacer.due(0) == std::vector<std::uint64_t>{3});
  CHECK(pacer.opens_ms(kBob, 0) == 30'000);
  CHECK(pacer.due(29'999).empty());
  CHECK(pacer.due(30'000) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("pacer: a removed ticket never goes", "[net][budget]") {
  Pacer pacer({{BudgetScope::connection, 1, 1'000}});
  pacer.add(1, kAnn, Lane::interactive);
  pacer.add(2, kAnn, Lane::interactive);
  pacer.add(3, kAnn, Lane::interactive);
  CHECK(pacer.due(0) == std::vector<std::uint64_t>{1});
  pacer.remove(2);
  pacer.remove(99);
  CHECK(pacer.due(1'100) == std::vector<std::uint64_t>{3});
  pacer.add(4, kAnn, Lane::interactive);
  pacer.remove(4);
  CHECK_FALSE(pacer.next_ms(1'100).has_value());
}

TEST_CASE("pacer: use names every limit with what is used of it", "[net][budget]") {
  Pacer pacer({{BudgetScope::connection, 180, 60'000}, {BudgetScope::application, 10'000, 60'000}});
  pacer.add(1, kAnn, Lane::interactive);
  pacer.add(2, kBob, Lane::interactive);
  pacer.due(0);
  const auto uses = pacer.use(kAnn, 0);
  REQUIRE(uses.size() == 2);
  CHECK(uses[0].scope == "connection");
  CHECK(uses[0].used == 1);
  CHECK(uses[0].limit == 180);
  CHECK(uses[1].scope == "application");
  CHECK(uses[1].used == 2);
}

TEST_CASE("pacer: whatever is asked, no budget is overdrawn and everybody is served",
          "[net][budget]") {
  const std::uint64_t seed = mortise::fakes::test_seed();
  INFO("MORTISE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::vector<Budget> limits = {{BudgetScope::connection, 5, 1'000},
                                      {BudgetScope::workspace, 12, 2'000},
                                      {BudgetScope::application, 30, 3'000}};
  Pacer pacer(limits);
  struct Send {
    std::int64_t at;
    Payer payer;
  };
  std::map<std::uint64_t, Payer> waiting;
  std::vector<Send> sends;
  std::uint64_t ticket = 0;
  std::int64_t now = 0;
  while (ticket < 3'000 || !waiting.empty()) {
    for (std::uint64_t i = random() % 20; i > 0 && ticket < 3'000; --i) {
      const auto n = random() % 8;
      const auto who = std::to_string(n);
      const Payer payer{"cnn" + who, "ws" + std::to_string(n % 3), "acc" + std::to_string(n % 5)};
      pacer.add(++ticket, payer, random() % 3 == 0 ? Lane::interactive : Lane::background);
      waiting.emplace(ticket, payer);
    }
    for (const auto gone : pacer.due(now)) {
      REQUIRE(waiting.count(gone) == 1);
      sends.push_back({now, waiting.at(gone)});
      waiting.erase(gone);
    }
    const auto next = pacer.next_ms(now);
    if (next) REQUIRE(*next > now);  // due() leaves nothing behind that could go
    now = next ? std::max(*next, now + static_cast<std::int64_t>(random() % 50)) : now + 10;
  }
  CHECK(sends.size() == 3'000);
  const auto check = [&](auto key, std::size_t limit, std::int64_t window_ms) {
    std::map<std::string, std::vector<std::int64_t>> by;
    for (const Send& send : sends) by[key(send)].push_back(send.at);
    for (const auto& [name, times] : by) {
      for (std::size_t i = limit; i < times.size(); ++i) {
        REQUIRE(times[i] - times[i - limit] > window_ms);
      }
    }
  };
  check([](const Send& send) { return send.payer.connection_id; }, 5, 1'000);
  check([](const Send& send) { return send.payer.workspace_id; }, 12, 2'000);
  check([](const Send&) { return std::string("all"); }, 30, 3'000);
}
