// The one thread that writes. Commits that come while it is busy share the next transaction, so
// that the price of a disk's sync is paid once for all of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <mortise/result.hpp>

#include "ports/store.hpp"
#include "store/database.hpp"

namespace mortise::store {

/// Each commit is a savepoint of its own: one that fails undoes itself and no other. A transaction
/// has the strongest durability that was asked for in it. commit() is thread-safe and answers when
/// its transaction is committed.
class Writer {
 public:
  /// What is done with the database; called on the writer's thread only.
  struct Work {
    std::function<Status(Database&)> begin;  ///< first thing in every transaction
    std::function<Status(Database&, const ports::Change&)> apply;
    /// Whether the pages as they were before must leave the files at once.
    std::function<bool(const ports::Change&)> removes_secret;
    /// Told when commits begin to fail for the store's own sake, and when they succeed again.
    std::function<void(const Status&)> writable = [](const Status&) {};
  };
  struct Counts {
    std::int64_t transactions = 0;
    std::int64_t synced_transactions = 0;  ///< of these, with Durability::full
    std::int64_t commits = 0;              ///< that succeeded
  };

  Writer(Database database, Work work);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// Finishes what is queued. If no other connection is open, the log is carried over and put away,
  /// and the database says that it has none (gate.hpp).
  ~Writer();

  /// Errors: as ports::Store::commit.
  Status commit(ports::Changes changes, ports::Durability durability);
  Counts counts() const;
  /// Commits that no transaction has taken up yet.
  std::size_t waiting() const;

 private:
  struct Job {
    ports::Changes changes;
    ports::Durability durability;
    Status status;
    std::promise<void> done;
  };
  /// Shared, because a caller that was woken may be gone before the promise has finished waking it.
  using Batch = std::vector<std::shared_ptr<Job>>;

  void work_off();
  void run(const Batch& batch);
  Status run_transaction(const Batch& batch);
  Status run_in_savepoint(const Job& job);
  Status control(std::string_view sql);
  Status set_durability(ports::Durability durability);
  void clear_log();
  void note_outcome(const Batch& batch);

  Database database_;
  const Work work_;
  ports::Durability current_ = ports::Durability::full;  // as Database::open leaves it
  bool log_must_go_ = false;
  bool writable_ = true;  // whether the last commit that says so succeeded

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  bool closing_ = false;
  Counts counts_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace mortise::store
