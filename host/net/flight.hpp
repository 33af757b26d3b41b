// One request on its way through egress: every attempt until its one reply.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/egress.hpp"
#include "net/verdict.hpp"

namespace mortise::net {

/// Kept alive by the callback that brings it on. Steps run one at a time, on the executor.
class Flight : public std::enable_shared_from_this<Flight> {
 public:
  using Done = std::function<void(ports::ConnectorReply)>;

  Flight(PacedEgress& egress, ports::EgressCall call, Done done)
      : egress_(egress), call_(std::move(call)), done_(std::move(done)) {}

  void start();

 private:
  Status prepare();
  void queue();
  void on_turn(Turn turn);
  void transmit(core::Secret token);
  void on_outcome(ports::HttpOutcome outcome);
  void act(Judgement judgement, ports::HttpOutcome outcome);
  void retry_later(Judgement judgement, ports::HttpOutcome outcome);
  void wait_until(std::int64_t steady_ms);
  void retry_after_limit(Judgement judgement, ports::HttpOutcome outcome);
  void renew(ports::HttpOutcome outcome);
  void note(const ports::HttpOutcome& outcome);
  bool may_wait(std::int64_t wait_ms) const;
  bool cancelled() const { return call_.cancel && call_.cancel->load(); }
  void tell_wait(core::RunWait why, std::int64_t wait_ms);
  void deliver(ports::HttpReply reply);
  void fail(Error error);
  void finish(Judgement judgement, ports::HttpOutcome outcome);

  PacedEgress& egress_;
  ports::EgressCall call_;
  Done done_;
  std::shared_ptr<ports::Connector> connector_;
  Payer payer_;
  std::string url_;
  bool signed_ = false;
  bool renewed_ = false;
  bool maybe_sent_ = false;  ///< some attempt may have been carried out
  /// A 401 was answered with this token; only used to ask for its successor.
  core::Secret token_;
  int attempt_ = 0;
  std::int64_t started_ms_ = 0;  ///< steady
  std::int64_t sent_ms_ = 0;     ///< steady, of the latest attempt
};

}  // namespace mortise::net
