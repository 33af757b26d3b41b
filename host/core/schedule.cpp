#include "core/schedule.hpp"

#include <algorithm>

namespace mortise::core {
namespace {

/// FNV-1a, then the finalizer of MurmurHash3: neighbouring names and turns end up far apart.
std::uint64_t mixed(std::string_view name, std::int64_t turn) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto eat = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
  for (const char c : name) eat(static_cast<unsigned char>(c));
  for (int shift = 0; shift < 64; shift += 8) {
    eat((static_cast<std::uint64_t>(turn) >> shift) & 0xff);
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

/// `first_ms` doubled `failures` - 1 times, at most `longest_ms`.
std::int64_t backed_off(std::int64_t first_ms, std::int64_t failures, std::int64_t longest_ms) {
  std::int64_t delay_ms = first_ms;
  for (std::int64_t i = 1; i < failures && delay_ms < longest_ms; ++i) delay_ms *= 2;
  return std::min(delay_ms, longest_ms);
}

}  // namespace

std::int64_t spread(std::int64_t window_ms, std::string_view name, std::int64_t turn) {
  if (window_ms <= 0) return 0;
  return static_cast<std::int64_t>(mixed(name, turn) % static_cast<std::uint64_t>(window_ms));
}

bool left_out(const Connection& connection, std::string_view plan_id) {
  const std::vector<std::string>& out = connection.left_out_plans;
  return std::find(out.begin(), out.end(), plan_id) != out.end();
}

std::int64_t jittered(std::int64_t length_ms, std::string_view name, std::int64_t turn) {
  const std::int64_t quarter_ms = length_ms / 4;
  return length_ms - quarter_ms + spread(2 * quarter_ms + 1, name, turn);
}

std::int64_t retry_delay(std::int64_t failures, std::int64_t longest_ms) {
  return backed_off(kFirstRetryMs, failures, longest_ms);
}

Instant poll_due(const SyncState& state, std::int64_t interval_ms) {
  if (!state.started_ms) return 0;
  const std::int64_t wait_ms =
      state.failures == 0 ? interval_ms
                          : retry_delay(state.failures, std::max(kLongestRetryMs, interval_ms));
  return *state.started_ms + jittered(wait_ms, state.connection_id, *state.started_ms);
}

Instant poll_due_since(const SyncState& state, std::int64_t interval_ms, Instant since_ms) {
  const Instant due_ms = poll_due(state, interval_ms);
  if (due_ms >= since_ms) return due_ms;
  return since_ms + spread(interval_ms / 4, state.connection_id, since_ms);
}

std::optional<Instant> renewal_due(const Channel& channel) {
  if (!channel.expires_ms) return std::nullopt;
  const std::int64_t life_ms = std::max<std::int64_t>(*channel.expires_ms - channel.opened_ms, 0);
  const Instant half_ms = channel.opened_ms + life_ms / 2;
  if (life_ms <= kDayMs) return half_ms;
  const Instant early_ms = std::min(*channel.expires_ms - kDayMs, half_ms);
  return std::max(early_ms, channel.opened_ms + life_ms / 4);
}

Instant renewal_retry(Instant failed_ms, std::int64_t failures, std::optional<Instant> lives_until,
                      std::string_view connection_id) {
  const std::int64_t left_ms =
      lives_until ? std::max<std::int64_t>(*lives_until - failed_ms, 0) : 0;
  const std::int64_t longest_ms = std::clamp(left_ms / 16, kChannelRetryMs, kHourMs);
  const std::int64_t wait_ms = backed_off(kChannelRetryMs, failures, longest_ms);
  return failed_ms + jittered(wait_ms, connection_id, failed_ms);
}

Instant keepalive_due(Instant refreshed_ms, std::int64_t days, std::string_view connection_id) {
  const std::int64_t length_ms = std::max<std::int64_t>(days, 0) * kDayMs;
  return refreshed_ms + length_ms - spread(length_ms / 4, connection_id, refreshed_ms);
}

}  // namespace mortise::core
