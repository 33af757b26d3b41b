// Which run goes when: one active run per connection, queued ones behind it, saved changes as
// debounced syncs, and after a restart everything that was unfinished. Waiting runs hold no thread.
#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ports/run_queue.hpp"
#include "sync/coroutine.hpp"
#include "sync/ports.hpp"
#include "sync/settled.hpp"
#include "sync/waits.hpp"

namespace mortise::sync {

/// Thread-safe. Destroy only after stop() and idle().
class Dispatcher final : public ports::RunQueue, public ports::Changed {
 public:
  Dispatcher(Ports ports, Options options);
  ~Dispatcher() override;

  /// Goes on with what an earlier process left unfinished. Call once, when everything is wired.
  Status start();
  /// No new run begins; those under way end at their next step and go on at the next start.
  void stop();
  /// Waits until nothing is under way; false after `timeout_ms`. Answers to requests that are out
  /// must still be able to arrive.
  bool idle(std::int64_t timeout_ms);

  void kick(const std::string& connection_id) override;
  void sync(const std::string& connection_id, core::RunTrigger trigger) override;
  Result<core::Run> sync_now(const std::string& connection_id,
                             const std::string& request_id) override;
  Result<core::Run> cancel(const std::string& run_id) override;
  Result<core::Run> approve(const std::string& run_id, const core::JsonText& guard = {}) override;
  Result<core::Run> discard(const std::string& run_id) override;
  Result<ports::Preview> preview(const std::string& connection_id, const std::string& plan_id,
                                 std::shared_ptr<const ports::Mapping> mapping) override;

  void plan_saved(const std::string& account_id, const std::string& plan_id,
                  const std::string& request_id = {}) override;
  void connection_ready(const std::string& connection_id) override;

 private:
  /// What the store did not take, a run or its end, is tried again after this long, not at once.
  static constexpr std::int64_t kStoreRetryMs = 5'000;
  /// So often a change of a run that met another writer is tried.
  static constexpr int kCommitTries = 5;
  struct Active {
    std::string run_id;
    ports::CancelFlag cancel;
    bool answered = false;  ///< a question about the connection was answered meanwhile
  };
  using Key = std::pair<std::string, std::string>;  ///< a connection and a plan
  /// What was saved and is still to go there.
  struct Push {
    ports::Timers::Id timer = 0;
    std::string request_id;  ///< of the latest API call that saved it
  };
  /// What the service's trouble ended, to be taken up again.
  struct FollowUp {
    core::RunTrigger trigger = core::RunTrigger::change;
    std::string request_id;       ///< of the latest run that pushed what was saved
    std::int64_t failures = 0;    ///< in a row
    bool pending = false;         ///< its time is still to come
    ports::Timers::Id timer = 0;  ///< while it is
  };

  void push_to_others(const std::string& account_id, const std::string& plan_id,
                      const std::string& from, const std::string& request_id);
  Result<bool> travels(const core::Connection& connection, const std::string& plan_id) const;
  Result<bool> keeps(const core::Connection& connection, const std::string& plan_id) const;
  Result<bool> is_wanted(const std::string& connection_id, const std::string& plan_id,
                         core::RunTrigger trigger) const;
  bool is_off(const core::Run& run) const;
  Status end_if_off(const core::Run& run);
  void start_next(const std::string& connection_id);
  void push_what_is_left(std::vector<std::string> connection_ids);
  void push_what_is_left(const core::Connection& connection);
  void take_up_what_failed(const std::string& connection_id);
  Result<core::Run> ask_to_end(core::Run run);
  void follow_up(const core::Run& run);
  void follow_up_later(const Key& key, const core::Run& run);
  void take_up(const Key& key);
  void forget_follow_up(const Key& key, int reached);
  void look_again(const std::string& connection_id);
  bool asks_too_late(const core::Run& run) const;
  bool requeue(core::Run& run);
  Detached carry_out(std::string connection_id, core::Run run, ports::CancelFlag cancel);
  Result<core::Run> try_to_cancel(const std::string& run_id);
  Result<core::Run> end_parked(core::Run run, const std::string& reason);
  void enqueue_sync(const std::string& connection_id, const std::string& plan_id,
                    core::RunTrigger trigger, const std::string& request_id);
  /// The queued run of this connection and plan: one that is there, else a new one.
  Result<core::Run> queued_sync(const std::string& connection_id, const std::string& plan_id,
                                core::RunTrigger trigger, const std::string& request_id);
  Result<core::Run> new_sync(core::Connection connection, const std::string& plan_id,
                             core::RunTrigger trigger, const std::string& request_id);
  std::mutex& queueing(const std::string& connection_id);
  void schedule_push(const std::string& connection_id, const std::string& plan_id,
                     const std::string& request_id);
  bool begin_work();
  void end_work();
  void post(std::function<void()> work);

  Ports ports_;
  const Options options_;
  Waits waits_;
  Settled settled_;
  mutable std::mutex mutex_;
  /// Held while a sync of the connection is queued, so that one stands where several ask. By a
  /// hash of its id: commits of different connections share one fsync only if they don't wait.
  std::array<std::mutex, 64> queueing_;
  std::condition_variable changed_;
  std::map<std::string, Active> active_;  ///< by connection
  std::map<Key, Push> pushes_;            ///< debouncing
  std::map<Key, FollowUp> follow_ups_;
  int under_way_ = 0;
  bool stopped_ = false;
};

}  // namespace mortise::sync
