#include "store/writer.hpp"

#include <algorithm>
#include <utility>

namespace mortise::store {
namespace {

constexpr std::size_t kLargestBatch = 100;

}  // namespace

Writer::Writer(Database database, Work work)
    : database_(std::move(database)), work_(std::move(work)), thread_([this] { work_off(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  thread_.join();
  (void)database_.run("PRAGMA journal_mode = DELETE");
}

Status Writer::commit(ports::Changes changes, ports::Durability durability) {
  const auto job = std::make_shared<Job>(Job{std::move(changes), durability, {}, {}});
  std::future<void> done = job->done.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error{Code::unavailable, "commit: the store is closing"};
    queue_.push_back(job);
    // Under the lock: once it is released, a closing writer may finish this job and be gone.
    wake_.notify_one();
  }
  done.wait();
  return std::move(job->status);
}

Writer::Counts Writer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::size_t Writer::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Writer::work_off() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::size_t size = std::min(queue_.size(), kLargestBatch);
      batch.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
    }
    run(batch);
    note_outcome(batch);
    for (const auto& job : batch) job->done.set_value();
  }
}

void Writer::run(const Batch& batch) {
  const Status whole = run_transaction(batch);
  if (!whole) {
    if (database_.in_transaction()) (void)control("ROLLBACK");
    for (const auto& job : batch) {
      if (job->status) job->status = whole.error();
    }
    return;
  }
  const bool synced = current_ == ports::Durability::full;
  const auto good =
      std::count_if(batch.begin(), batch.end(), [](const auto& job) { return job->status.ok(); });
  {
    const std::lock_guard lock(mutex_);
    ++counts_.transactions;
    if (synced) ++counts_.synced_transactions;
    counts_.commits += good;
  }
  clear_log();
}

Status Writer::run_transaction(const Batch& batch) {
  const bool full = std::any_of(batch.begin(), batch.end(), [](const auto& job) {
    return job->durability == ports::Durability::full;
  });
  const auto durability = full ? ports::Durability::full : ports::Durability::relaxed;
  if (auto status = set_durability(durability); !status) return status;
  if (auto status = control("BEGIN IMMEDIATE"); !status) return status;
  if (auto status = work_.begin(database_); !status) return status;
  for (const auto& job : batch) {
    job->status = run_in_savepoint(*job);
    if (!database_.in_transaction()) {  // the engine gave up on all of it: a full disk does that
      return job->status ? Status{Error{Code::unavailable, "commit: the transaction was lost"}}
                         : job->status;
    }
    if (!job->status) continue;
    log_must_go_ =
        log_must_go_ || std::any_of(job->changes.begin(), job->changes.end(), work_.removes_secret);
  }
  return control("COMMIT");
}

Status Writer::run_in_savepoint(const Job& job) {
  if (auto status = control("SAVEPOINT one_commit"); !status) return status;
  for (const ports::Change& change : job.changes) {
    Status status = work_.apply(database_, change);
    if (status) continue;
    if (database_.in_transaction()) {
      if (auto undone = control("ROLLBACK TO one_commit"); !undone) return undone;
      if (auto undone = control("RELEASE one_commit"); !undone) return undone;
    }
    return status;
  }
  return control("RELEASE one_commit");
}

Status Writer::control(std::string_view sql) {
  auto statement = database_.prepare(sql);
  if (!statement) return statement.error();
  const auto done = statement->step();
  return done ? Status{} : Status{done.error()};
}

/// WAL: FULL syncs the log at every commit, NORMAL only when the log is carried over.
Status Writer::set_durability(ports::Durability durability) {
  if (durability == current_) return {};
  const bool full = durability == ports::Durability::full;
  auto status = database_.run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (status) current_ = durability;
  return status;
}

/// Carries the log over into the database and empties it: older forms of its pages are gone then.
/// Readers that stand in the way postpone it to the next transaction.
void Writer::clear_log() {
  if (!log_must_go_) return;
  const auto busy = database_.read_integer("PRAGMA wal_checkpoint(TRUNCATE)");
  log_must_go_ = !busy || *busy != 0;
}

/// A commit of nothing proves nothing, and neither does a conflict.
void Writer::note_outcome(const Batch& batch) {
  const auto failed = std::find_if(batch.begin(), batch.end(), [](const auto& job) {
    return !job->status && (job->status.error().code == Code::unavailable ||
                            job->status.error().code == Code::internal);
  });
  const bool saved = std::any_of(batch.begin(), batch.end(), [](const auto& job) {
    return job->status && !job->changes.empty();
  });
  const bool bad = failed != batch.end();
  if ((!bad && !saved) || writable_ == !bad) return;
  writable_ = !bad;
  work_.writable(bad ? (*failed)->status : Status{});
}

}  // namespace mortise::store
