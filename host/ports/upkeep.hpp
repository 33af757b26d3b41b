// What keeps connections in step by itself: polls, push channels, idle grants.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <mortise/result.hpp>

#include "core/sync_records.hpp"

namespace mortise::ports {

enum class PushState : std::uint8_t {
  off,      ///< `reason` says why; polling goes on
  opening,  ///< wanted, asked for, not there yet
  on,
  failing,  ///< wanted, and the last attempt to open or renew failed, or a subscription that the
            ///< operator made tells nothing any more; `message` says how
};

struct PushStatus {
  PushState state = PushState::off;
  /// Of `off`: no_public_url, public_url_not_https, unsupported (the service has none, or the
  /// connector does not know it), no_handshake (an operator must do it first), not_connected,
  /// not_wanted (the connection does not pull by itself), no_target.
  std::string reason;
  std::string message;
  std::optional<core::Instant> expires_ms;   ///< of the live channel
  std::optional<core::Instant> notified_ms;  ///< when a notification last came
};

/// How fresh a connection is, and what happens next.
struct SyncStatus {
  PushStatus push;
  std::optional<core::Instant> next_ms;  ///< the next poll; nothing: it is not polled
  core::SyncState state;                 ///< last started, last complete, failures, last error
  std::optional<core::Instant> oldest_notification_ms;  ///< of those no run has looked at yet
};

/// Thread-safe. Callbacks are called exactly once, on the executor, never inside the call.
class Upkeep {
 public:
  virtual ~Upkeep() = default;
  /// It was just authorised: where the service has a default place to work in, that is chosen, and
  /// the push channel is opened. To be waited for before the first sync, so that nothing is missed
  /// in between; a service that refuses or is slow delays it by seconds and prevents nothing.
  virtual void arrived(const std::string& connection_id, std::function<void()> done) = 0;
  /// It is about to be disconnected: its channels are stopped while the grant still lives. Same
  /// bound.
  virtual void leaving(const std::string& connection_id, std::function<void()> done) = 0;
  /// Its settings, target or status changed.
  virtual void look(const std::string& connection_id) = 0;
  virtual Result<SyncStatus> status(const std::string& connection_id) const = 0;
};

}  // namespace mortise::ports
