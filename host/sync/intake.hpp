// From the journal into the store: notifications that were answered become rows of the inbox, and
// their connections are asked to sync.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ports/inbox_journal.hpp"
#include "ports/run_queue.hpp"
#include "sync/ports.hpp"
#include "sync/under_way.hpp"

namespace mortise::sync {

/// Thread-safe. Works one batch after the other, so that a busy store holds one worker at most.
class Intake {
 public:
  Intake(Ports ports, ports::InboxJournal& journal, ports::RunQueue& runs);

  /// There may be something in the journal. Returns at once; also for what an earlier process left.
  void wake();
  void stop() { under_way_.stop(); }
  bool idle(std::int64_t timeout_ms) { return under_way_.idle(timeout_ms); }

 private:
  void work_off();
  Status take_over(const std::vector<ports::Received>& batch);
  Result<std::map<std::string, core::Rev>> connections_of(const ports::Received& received,
                                                          std::vector<core::Connection>& all) const;
  void note_heard(const std::string& channel_id, core::Instant at_ms);

  Ports ports_;
  ports::InboxJournal& journal_;
  ports::RunQueue& runs_;
  UnderWay under_way_;
  std::mutex mutex_;  ///< guards the two below
  bool busy_ = false;
  bool again_ = false;
};

}  // namespace mortise::sync
