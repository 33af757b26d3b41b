// ports::Egress: resolves the origin, waits for the budgets' turn, signs, sends, judges the
// outcome, repeats what may be repeated, keeps a redacted record.
#pragma once

#include "net/backoff.hpp"
#include "net/budgets.hpp"
#include "net/endpoints.hpp"
#include "net/exchange_log.hpp"
#include "ports/egress.hpp"
#include "ports/store.hpp"
#include "ports/tokens.hpp"

namespace mortise::net {

/// What egress stands on. All must outlive the last request, timer and posted function.
struct EgressPorts {
  ports::Transport& transport;
  ports::Tokens& tokens;
  const ports::Connections& connections;
  const ports::Connectors& connectors;
  const ports::Clock& clock;
  ports::Timers& timers;
  ports::Executor& executor;
  ports::Random& random;
};

/// A request whose answer was lost and that may not be repeated ends with the error and
/// `maybe_sent`. A repeatable request that the service keeps answering with 5xx ends with the last
/// of these answers. Errors beside those of the transport: `rate_limited` (still refused after all
/// attempts; retry_after says when), `forbidden` reason `blocked_by_service`, `unauthenticated`
/// reason `needs_reconnect` or `token_refused` (a fresh token was refused), `unavailable` reason
/// `edge_blocked` or `malformed_reply`, `cancelled`, `invalid`.
class PacedEgress final : public ports::Egress {
 public:
  PacedEgress(EgressPorts use, Endpoints endpoints, RetryPolicy policy = {})
      : ports_(use),
        endpoints_(std::move(endpoints)),
        policy_(policy),
        budgets_(use.clock, use.timers, use.executor) {}

  void send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) override;
  std::vector<ports::BudgetUse> budgets(const std::string& connection_id) const override;
  core::JsonText record(const std::string& run_id) const override { return log_.record(run_id); }

 private:
  friend class Flight;

  const EgressPorts ports_;
  const Endpoints endpoints_;
  const RetryPolicy policy_;
  Budgets budgets_;
  ExchangeLog log_;
};

}  // namespace mortise::net
