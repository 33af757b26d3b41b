// The way out for connectors: resolves the origin, signs with the connection's grant, paces by the
// declared budgets, retries what may be retried, keeps a redacted record.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/secret.hpp"
#include "ports/connector.hpp"

namespace mortise::ports {

enum class Lane : std::uint8_t { interactive, background };

/// Set from any thread to give up what has not been sent yet.
using CancelFlag = std::shared_ptr<std::atomic<bool>>;

struct EgressCall {
  std::string connection_id;
  std::string run_id;  ///< empty outside a run
  Lane lane = Lane::interactive;
  ConnectorRequest request;
  CancelFlag cancel;  ///< may be null
  /// Put in place of "${channel_secret}" in the body of a request that asks for it (fill_secret),
  /// and taken out of the answer again; in no record. Empty: such a request is refused.
  core::Secret channel_secret;
  /// Told when the request starts to wait (for a budget or before a retry) and until when; steady
  /// waits under 250 ms are not told. May be empty. Called on the executor.
  std::function<void(core::RunWait, core::Instant until_ms)> on_wait;
};

/// How full a budget's window is.
struct BudgetUse {
  std::string scope;  ///< "connection", "workspace", "application"
  std::int64_t used = 0;
  std::int64_t limit = 0;
  std::int64_t window_ms = 0;
};

/// Thread-safe. `done` is called exactly once, on the executor, never inside send(). A reply with
/// error `unauthenticated` and reason `needs_reconnect` means that the grant is dead.
class Egress {
 public:
  virtual ~Egress() = default;
  virtual void send(EgressCall call, std::function<void(ConnectorReply)> done) = 0;
  virtual std::vector<BudgetUse> budgets(const std::string& connection_id) const = 0;
  /// The last exchanges of a run, redacted, as a JSON array; what support asks for first.
  virtual core::JsonText record(const std::string& run_id) const = 0;
};

}  // namespace mortise::ports
