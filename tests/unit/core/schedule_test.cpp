// When polls, renewals and refreshes are due.
#include "core/schedule.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace mortise;
using core::Instant;
using core::kDayMs;
using core::kHourMs;
using core::kMinuteMs;

namespace {

constexpr Instant kNow = 1'795'165'200'000;

core::SyncState state(Instant started_ms, std::int64_t failures = 0, std::string id = "cnn_1") {
  core::SyncState made;
  made.connection_id = std::move(id);
  made.started_ms = started_ms;
  made.failures = failures;
  return made;
}

core::Channel channel(Instant opened_ms, std::int64_t life_ms) {
  core::Channel made;
  made.id = "c";
  made.opened_ms = opened_ms;
  made.expires_ms = opened_ms + life_ms;
  return made;
}

}  // namespace

TEST_CASE("schedule: polls keep their interval within a quarter and do not march in step",
          "[core][schedule]") {
  const std::int64_t interval_ms = 15 * kMinuteMs;
  std::set<Instant> moments;
  std::int64_t sum = 0;
  for (int i = 0; i < 1'000; ++i) {
    const Instant due = core::poll_due(state(kNow, 0, "cnn_" + std::to_string(i)), interval_ms);
    CHECK(due >= kNow + interval_ms * 3 / 4);
    CHECK(due <= kNow + interval_ms * 5 / 4);
    moments.insert(due);
    sum += due - kNow;
  }
  CHECK(moments.size() > 990);
  CHECK(sum / 1'000 > interval_ms * 19 / 20);
  CHECK(sum / 1'000 < interval_ms * 21 / 20);
}

TEST_CASE("schedule: the same facts give the same moment, in any process", "[core][schedule]") {
  CHECK(core::poll_due(state(kNow), 900'000) == core::poll_due(state(kNow), 900'000));
  CHECK(core::poll_due(state(kNow), 900'000) != core::poll_due(state(kNow + 1), 900'000));
  // A figure that another build of the host must come to as well.
  CHECK(core::spread(1'000'000, "cnn_1", 7) == 992'150);
}

TEST_CASE("schedule: a connection that was never read is due at once", "[core][schedule]") {
  core::SyncState fresh;
  fresh.connection_id = "cnn_1";
  CHECK(core::poll_due(fresh, 900'000) == 0);
}

TEST_CASE("schedule: failures are tried again soon, then ever later, up to an hour or the interval",
          "[core][schedule]") {
  const std::int64_t waits_min[] = {5, 10, 20, 40, 60, 60, 60};
  std::int64_t failures = 0;
  for (const std::int64_t wait : waits_min) {
    const Instant due = core::poll_due(state(kNow, ++failures), 15 * kMinuteMs);
    CHECK(due - kNow >= wait * kMinuteMs * 3 / 4);
    CHECK(due - kNow <= wait * kMinuteMs * 5 / 4);
  }
  const Instant slow = core::poll_due(state(kNow, 1'000'000), 6 * kHourMs);
  CHECK(slow - kNow >= 6 * kHourMs * 3 / 4);
  CHECK(slow - kNow <= 6 * kHourMs * 5 / 4);
}

TEST_CASE("schedule: polls that fell due during downtime are spread over a quarter of the interval",
          "[core][schedule]") {
  const std::int64_t interval_ms = 15 * kMinuteMs;
  std::set<std::int64_t> minutes;
  for (int i = 0; i < 400; ++i) {
    const auto asleep = state(kNow - 3 * kDayMs, i % 3, "cnn_" + std::to_string(i));
    const Instant due = core::poll_due_since(asleep, interval_ms, kNow);
    CHECK(due >= kNow);
    CHECK(due < kNow + interval_ms / 4);
    minutes.insert((due - kNow) / (15 * 1'000));
  }
  CHECK(minutes.size() == 15);  // every quarter of a minute has some of them
  const auto awake = state(kNow - kMinuteMs);
  CHECK(core::poll_due_since(awake, interval_ms, kNow) == core::poll_due(awake, interval_ms));
}

TEST_CASE("schedule: a channel is replaced at half of its life or a day before its end",
          "[core][schedule]") {
  const auto after = [](std::int64_t life_ms) {
    return *core::renewal_due(channel(kNow, life_ms)) - kNow;
  };
  CHECK(after(7 * kDayMs) == 7 * kDayMs / 2);
  CHECK(after(36 * kHourMs) == 12 * kHourMs);      // a day before its end
  CHECK(after(25 * kHourMs) == 25 * kHourMs / 4);  // not an hour after it was opened
  CHECK(after(kDayMs) == kDayMs / 2);
  CHECK(after(kHourMs) == kHourMs / 2);
  CHECK(after(0) == 0);
  CHECK(after(-kHourMs) == 0);
  CHECK_FALSE(core::renewal_due(core::Channel{}));
}

TEST_CASE("schedule: an idle grant is refreshed before its days are over", "[core][schedule]") {
  for (int i = 0; i < 100; ++i) {
    const Instant due = core::keepalive_due(kNow, 7, "cnn_" + std::to_string(i));
    CHECK(due <= kNow + 7 * kDayMs);
    CHECK(due > kNow + 5 * kDayMs);
  }
  CHECK(core::keepalive_due(kNow, 0, "cnn_1") == kNow);
}

namespace {

/// A service whose channels live for `life_ms` and which refuses to open any in `outages`.
struct Provider {
  std::int64_t life_ms;
  std::vector<std::pair<Instant, Instant>> outages;

  bool allows(Instant at_ms) const {
    for (const auto& [from, to] : outages) {
      if (at_ms >= from && at_ms < to) return false;
    }
    return true;
  }
};

/// What 60 days left behind.
struct Seen {
  std::int64_t opened = 0;
  std::int64_t dark_minutes = 0;    ///< that ended without a live channel
  std::int64_t missed_minutes = 0;  ///< of these, the ones all through which one could be opened
};

Seen sixty_days(const Provider& provider) {
  Seen seen;
  core::Channel live = channel(kNow, provider.life_ms);
  Instant due_ms = *core::renewal_due(live);
  std::int64_t failures = 0;
  for (Instant minute = kNow + kMinuteMs; minute <= kNow + 60 * kDayMs; minute += kMinuteMs) {
    while (due_ms <= minute) {
      const Instant at_ms = due_ms;
      if (provider.allows(at_ms)) {
        live = channel(at_ms, provider.life_ms);
        due_ms = *core::renewal_due(live);
        failures = 0;
        ++seen.opened;
      } else {
        const bool lives = *live.expires_ms > at_ms;
        due_ms =
            core::renewal_retry(at_ms, ++failures, lives ? live.expires_ms : std::nullopt, "cnn_1");
      }
      REQUIRE(due_ms > at_ms);
    }
    if (*live.expires_ms > minute) continue;
    ++seen.dark_minutes;
    bool allowed = true;
    for (const auto& [from, to] : provider.outages) {
      allowed = allowed && (to <= minute - kMinuteMs || from >= minute);
    }
    if (allowed) ++seen.missed_minutes;
  }
  return seen;
}

}  // namespace

TEST_CASE("schedule: in 60 days with outages of up to 12 hours no allowed minute lacks a channel",
          "[core][schedule][acceptance]") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U, 5U);
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (const std::int64_t life_ms : {7 * kDayMs, kHourMs, 45 * kMinuteMs}) {
    Provider provider{life_ms, {}};
    for (Instant at_ms = kNow;;) {
      at_ms += std::uniform_int_distribution<std::int64_t>(0, 3 * kDayMs)(random);
      const auto length_ms = std::uniform_int_distribution<std::int64_t>(1, 12 * kHourMs)(random);
      if (at_ms > kNow + 60 * kDayMs) break;
      provider.outages.emplace_back(at_ms, at_ms + length_ms);
      at_ms += length_ms;
    }
    INFO("life " << life_ms / kMinuteMs << " min, " << provider.outages.size() << " outages");
    const Seen seen = sixty_days(provider);
    CHECK(seen.missed_minutes == 0);
    CHECK(seen.opened >= (60 * kDayMs - 40 * 12 * kHourMs) / life_ms);
    // Half a week is left when a week's channel is renewed: no such outage is a gap at all. An
    // hour's is one, or the outages would have proved nothing.
    CHECK((seen.dark_minutes == 0) == (life_ms == 7 * kDayMs));
  }
}
