// The budgets of all connectors at work: requests wait here for their turn without holding a
// thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/pacer.hpp"
#include "ports/clock.hpp"

namespace mortise::net {

enum class Turn : std::uint8_t { granted, cancelled };

/// One request that wants to be sent.
struct TurnAsk {
  const ports::Manifest* manifest = nullptr;  ///< of its connector; lives as long as the host
  Payer payer;
  ports::Lane lane = ports::Lane::interactive;
  ports::CancelFlag cancel;  ///< may be null; looked at every half second while waiting
  std::function<void(Turn)> go;
  /// Told when the turn is not now: about how long it will take. May be empty.
  std::function<void(std::int64_t wait_ms)> on_wait;
};

/// Thread-safe. Callbacks run on the executor, without a lock held. The ports must outlive the last
/// timer and posted function.
class Budgets {
 public:
  Budgets(const ports::Clock& clock, ports::Timers& timers, ports::Executor& executor)
      : clock_(clock), timers_(timers), executor_(executor) {}

  /// Calls `go` once: when the request may be sent (it then counts as sent), or was cancelled.
  void wait(TurnAsk ask);

  /// See Pacer::refused(). `sent_ms` is steady time.
  void refused(const ports::Manifest& manifest, const Payer& payer, ports::BudgetScope scope,
               std::int64_t sent_ms, std::int64_t pause_ms);

  std::vector<ports::BudgetUse> use(const ports::Manifest& manifest, const Payer& payer) const;

 private:
  struct Waiting {
    std::string connector;
    TurnAsk ask;
  };
  using Call = std::function<void()>;

  Pacer& pacer(const ports::Manifest& manifest);
  std::int64_t forward(std::int64_t now_ms);
  void take_cancelled(std::vector<Call>& calls);
  void take_due(std::int64_t now_ms, std::vector<Call>& calls);
  std::int64_t next_pump_ms(std::int64_t now_ms) const;
  void pump();

  const ports::Clock& clock_;
  ports::Timers& timers_;
  ports::Executor& executor_;
  mutable std::mutex mutex_;  ///< guards all below
  std::map<std::string, Pacer> pacers_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_ticket_ = 0;
  std::int64_t last_now_ms_ = 0;  ///< pacers' time never goes back, whichever thread read it
  std::int64_t armed_ms_ = 0;     ///< steady moment of the earliest timer that will pump; 0 = none
};

}  // namespace mortise::net
