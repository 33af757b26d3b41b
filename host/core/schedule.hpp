// When what nobody starts is due: polls, renewals of push channels, refreshes of idle grants. Pure:
// moments come from stored records and the caller's clock. Jitter is a hash and no dice, so that a
// moment computed again, in another process too, is the same one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/sync_records.hpp"

namespace mortise::core {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

/// A failed sync is tried again after 5 minutes, then twice as long each time, at most an hour or
/// the interval, whichever is longer.
inline constexpr std::int64_t kFirstRetryMs = 5 * kMinuteMs;
inline constexpr std::int64_t kLongestRetryMs = kHourMs;

/// How long after the `failures`-th failure in a row to try again. `longest_ms`: at most this.
std::int64_t retry_delay(std::int64_t failures, std::int64_t longest_ms = kLongestRetryMs);

/// Between two attempts to open a channel while none is live. Below a minute, so that an outage's
/// end is noticed within one.
inline constexpr std::int64_t kChannelRetryMs = 30'000;

/// Whether what changes at the service comes here without anybody asking for it.
inline bool pulls_by_itself(const Connection& connection) {
  return connection.status == ConnectionStatus::connected && connection.auto_sync &&
         connection.direction != Direction::push;
}

/// Whether a person said that the plan shall not travel by itself.
bool left_out(const Connection& connection, std::string_view plan_id);

/// `length_ms` moved by up to a quarter to either side, always the same way for one name and turn.
std::int64_t jittered(std::int64_t length_ms, std::string_view name, std::int64_t turn);

/// Some moment in [0, window_ms), always the same for one name and turn.
std::int64_t spread(std::int64_t window_ms, std::string_view name, std::int64_t turn);

/// When a connection is to be read next: its interval after the last time, jittered; sooner and
/// then ever later while it fails. One that was never read is due at 0.
Instant poll_due(const SyncState& state, std::int64_t interval_ms);

/// The same as seen by a host that runs since `since_ms`: what fell due while it was down is spread
/// over a quarter of the interval, so that not all come at once.
Instant poll_due_since(const SyncState& state, std::int64_t interval_ms, Instant since_ms);

/// When an open channel is to be replaced: 24 hours before its end or at half of its life,
/// whichever is earlier. A life of a day or less has only its half; and none is replaced before a
/// quarter of its life, or one of 25 hours would be every hour. Nothing: it has no end.
std::optional<Instant> renewal_due(const Channel& channel);

/// When to try again after the `failures`-th attempt in a row failed at `failed_ms`. `lives_until`:
/// the end of the channel that is still live, or nothing. The less is left, the sooner.
Instant renewal_retry(Instant failed_ms, std::int64_t failures, std::optional<Instant> lives_until,
                      std::string_view connection_id);

/// When a grant that was last refreshed at `refreshed_ms` must be used lest it lapses: its days,
/// less up to a quarter.
Instant keepalive_due(Instant refreshed_ms, std::int64_t days, std::string_view connection_id);

}  // namespace mortise::core
