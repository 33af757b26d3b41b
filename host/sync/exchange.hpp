// Driving connector operations to their end on behalf of one connection: requests go out through
// the egress, replies go back in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/coroutine.hpp"
#include "sync/ports.hpp"

namespace mortise::sync {

/// Requests sent so far; a write is one that may carry out a wanted change.
struct Traffic {
  std::int64_t writes = 0;
  std::int64_t reads = 0;
};

/// What a whole operation reported.
struct Report {
  std::vector<ports::Item> items;
  std::vector<ports::TargetChoice> targets;
  std::vector<std::string> complete;
  std::optional<std::string> cursor;
  std::uint32_t estimated_writes = 0, estimated_reads = 0;
};

/// One run's line to a connector. Used by one coroutine at a time; outlives what it drives.
class Exchange {
 public:
  using OnWait = std::function<void(core::RunWait, core::Instant until_ms)>;

  Exchange(Ports ports, ports::Connector& connector, std::string connection_id, std::string run_id,
           ports::Lane lane, ports::CancelFlag cancel, OnWait on_wait);

  /// Sends all requests, overlapping as the budgets allow; replies in the same order.
  Task<std::vector<ports::ConnectorReply>> send_all(std::vector<ports::ConnectorRequest> requests);

  /// Runs an operation that changes nothing to its end. Error: what ended it.
  Task<Result<Report>> drive(ports::Call call);

  ports::Connector& connector() const { return connector_; }
  const Traffic& traffic() const { return traffic_; }
  /// Whether a reply said that the grant is dead.
  bool needs_reconnect() const { return needs_reconnect_; }

 private:
  Ports ports_;
  ports::Connector& connector_;
  std::string connection_id_;
  std::string run_id_;
  ports::Lane lane_;
  ports::CancelFlag cancel_;
  OnWait on_wait_;
  Traffic traffic_;
  bool needs_reconnect_ = false;
};

}  // namespace mortise::sync
