// What happens to connections by itself: polls, channels that lapse, grants that would, what a
// crash left in the inbox, and old records that go. Nothing is remembered but the store: every due
// moment is worked out from records, in this process or the next.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "ports/run_queue.hpp"
#include "ports/tokens.hpp"
#include "ports/upkeep.hpp"
#include "sync/channels.hpp"
#include "sync/ports.hpp"
#include "sync/under_way.hpp"

namespace mortise::sync {

struct ScheduleOptions {
  std::int64_t poll_ms = 900'000;  ///< between two polls of a connection that says nothing else
  std::int64_t keep_days = 90;     ///< how long what has ended is kept; 0: for ever
};

/// Thread-safe. One timer, set to the next thing that is due. A connection is visited then, and at
/// least every five minutes, so that whatever was not told of is found. After start() the first
/// visits are spread, and so are the polls that fell due meanwhile.
class Scheduler final : public ports::Upkeep {
 public:
  Scheduler(Ports ports, PushChannels& channels, ports::RunQueue& runs, ports::Tokens& tokens,
            ScheduleOptions options);

  /// Plans the first visit of every connection. Call once.
  Status start();
  void stop();
  bool idle(std::int64_t timeout_ms) { return under_way_.idle(timeout_ms); }

  void arrived(const std::string& connection_id, std::function<void()> done) override;
  void leaving(const std::string& connection_id, std::function<void()> done) override;
  void look(const std::string& connection_id) override;
  Result<ports::SyncStatus> status(const std::string& connection_id) const override;

 private:
  /// Of a connection, while the process lives.
  struct Entry {
    core::Instant due_ms = 0;
    core::Instant asked_ms = 0;   ///< when it was last asked to sync by us
    core::Instant nudged_ms = 0;  ///< the same, but only for notifications that waited
    core::Instant swept_ms = 0;
  };

  void plan(const std::string& connection_id, core::Instant due_ms);
  void put_down(const std::string& connection_id, core::Instant due_ms);
  void arm();
  void turn();
  void set_back(std::int64_t by_ms, core::Instant now_ms);
  void visit(const std::string& connection_id);
  core::Instant attend(const core::Connection& connection, Entry& entry, core::Instant now_ms);
  void sweep_if_due(const core::Connection& connection, Entry& entry, core::Instant now_ms);
  std::optional<core::Instant> next_poll(const core::Connection& connection,
                                         const core::SyncState& state,
                                         core::Instant asked_ms) const;
  void drop_unwanted(const core::Connection& connection);
  void poll_if_due(const core::Connection& connection, Entry& entry, core::Instant now_ms);
  void prune();
  std::int64_t interval_ms(const core::Connection& connection) const;

  Ports ports_;
  PushChannels& channels_;
  ports::RunQueue& runs_;
  ports::Tokens& tokens_;
  const ScheduleOptions options_;
  UnderWay under_way_;
  mutable std::mutex mutex_;              ///< guards what is below; never held across a port call
  core::Instant since_ms_ = 0;            ///< when start() was called, or the clock was set back
  core::Instant turned_ms_ = 0;           ///< when the last turn began
  std::map<std::string, Entry> entries_;  ///< by connection; of "", the store's own upkeep
  std::set<std::pair<core::Instant, std::string>> agenda_;
  std::optional<ports::Timers::Id> timer_;
  core::Instant armed_ms_ = 0;
  bool turning_ = false;
};

}  // namespace mortise::sync
