#include "store/sql_store.hpp"

#include <unistd.h>

#include <limits>
#include <utility>

#include "store/apply.hpp"
#include "store/files.hpp"
#include "store/gate.hpp"
#include "store/migrate.hpp"
#include "store/readers.hpp"
#include "store/sql_ports.hpp"
#include "store/writer.hpp"

namespace mortise::store {
namespace {

constexpr std::int64_t kHourMs = std::int64_t{3600} * 1000;
/// Expired sessions stay a day, so that "expired" can be told from "never heard of".
constexpr std::int64_t kKeepExpiredMs = 24 * kHourMs;

class SqlStore final : public ports::Store {
 public:
  SqlStore(FileDescriptor lock, Database database, const StoreOptions& options)
      : lock_(std::move(lock)),
        clock_(options.clock),
        sealer_(options.key.derive(kSealingPurpose), options.random),
        readers_(options.path, options.key.derive(kDatabasePurpose), options.readers),
        accounts_({readers_, sealer_}),
        plans_({readers_, sealer_}),
        connections_({readers_, sealer_}),
        grants_({readers_, sealer_}),
        pairs_({readers_, sealer_}),
        journal_({readers_, sealer_}),
        runs_({readers_, sealer_}),
        sightings_({readers_, sealer_}),
        bookmarks_({readers_, sealer_}),
        sync_states_({readers_, sealer_}),
        conflicts_({readers_, sealer_}),
        channels_({readers_, sealer_}),
        inbox_({readers_, sealer_}),
        usages_({readers_, sealer_}),
        access_({readers_, sealer_}),
        outbox_({readers_, sealer_}),
        writer_(std::move(database), work(options)) {}
  /// The writer is the last to close the database, so that it can put the log away.
  ~SqlStore() override { readers_.close(); }

  const ports::Accounts& accounts() const override { return accounts_; }
  const ports::Plans& plans() const override { return plans_; }
  const ports::Connections& connections() const override { return connections_; }
  const ports::Grants& grants() const override { return grants_; }
  const ports::Pairs& pairs() const override { return pairs_; }
  const ports::Journal& journal() const override { return journal_; }
  const ports::Runs& runs() const override { return runs_; }
  const ports::Sightings& sightings() const override { return sightings_; }
  const ports::Bookmarks& bookmarks() const override { return bookmarks_; }
  const ports::SyncStates& sync_states() const override { return sync_states_; }
  const ports::Conflicts& conflicts() const override { return conflicts_; }
  const ports::Channels& channels() const override { return channels_; }
  const ports::Inbox& inbox() const override { return inbox_; }
  const ports::Usages& usages() const override { return usages_; }
  const ports::Access& access() const override { return access_; }
  const ports::Outbox& outbox() const override { return outbox_; }

  Status commit(ports::Changes changes, ports::Durability durability) override {
    return writer_.commit(std::move(changes), durability);
  }

 private:
  Writer::Work work(const StoreOptions& options) {
    return {[this](Database& database) { return tidy(database); },
            [this](Database& database, const ports::Change& change) {
              return apply_change(database, sealer_, change);
            },
            removes_secret, options.writable};
  }

  /// Once an hour, on the writer's thread.
  Status tidy(Database& database) {
    const std::int64_t now_ms = clock_.steady_ms();
    if (tidied_ && now_ms - *tidied_ < kHourMs) return {};
    tidied_ = now_ms;
    return purge_expired(database, clock_.now_ms() - kKeepExpiredMs);
  }

  FileDescriptor lock_;  // first in, last out: the lock outlives every connection
  const ports::Clock& clock_;
  std::optional<std::int64_t> tidied_;
  Sealer sealer_;
  Readers readers_;
  SqlAccounts accounts_;
  SqlPlans plans_;
  SqlConnections connections_;
  SqlGrants grants_;
  SqlPairs pairs_;
  SqlJournal journal_;
  SqlRuns runs_;
  SqlSightings sightings_;
  SqlBookmarks bookmarks_;
  SqlSyncStates sync_states_;
  SqlConflicts conflicts_;
  SqlChannels channels_;
  SqlInbox inbox_;
  SqlUsages usages_;
  SqlAccess access_;
  SqlOutbox outbox_;
  Writer writer_;
};

/// A new store is made whole under another name first: what lies at `path` is never half a store,
/// so an empty file there is damage and not the beginning of something.
Status create(const StoreOptions& options) {
  const std::string draft = options.path + ".new";
  for (const std::string_view end : {"", "-wal", "-shm"}) {
    ::unlink((draft + std::string(end)).c_str());  // left by a host that was killed here
  }
  if (auto status = make_private(draft); !status) return status;
  {
    auto database =
        Database::open(draft, options.key.derive(kDatabasePurpose), Database::Access::create);
    if (!database) return database.error();
    if (auto status = migrate(*database, migrations(), options.version, options.clock.now_ms());
        !status) {
      return status;
    }
    const auto busy = database->read_integer("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!busy) return busy.error();
  }
  if (auto status = move_into_place(draft, options.path); !status) return status;
  return write_key_check(options.path, options.key);
}

Status expect_store(FileState file, const StoreOptions& options) {
  if (file == FileState::present || options.opening == Opening::make) return {};
  return Error{Code::not_found, "store: there is none at '" + options.path + "' yet", "store_none"};
}

Status bring_up_to_date(Database& database, const StoreOptions& options) {
  if (options.opening == Opening::make) {
    return migrate(database, migrations(), options.version, options.clock.now_ms());
  }
  if (auto status = check_applied(database, migrations()); !status) return status;
  const auto version = schema_version(database);
  if (!version) return version.error();
  const std::int64_t newest = migrations().back().number;
  if (*version == newest) return {};
  return Error{Code::invalid,
               "store: '" + options.path + "' is of an older program (schema " +
                   std::to_string(*version) + " of " + std::to_string(newest) +
                   "); starting the host brings it up to date",
               "store_older"};
}

}  // namespace

Result<std::unique_ptr<ports::Store>> open_store(const StoreOptions& options) {
  // Before anything is written, the lock file included.
  const auto first = examine(options.path, options.key);
  if (!first) return first.error();
  if (auto status = expect_store(*first, options); !status) return status.error();
  if (auto status = prepare_directory(options.path); !status) return status.error();
  auto lock = lock_store(options.path);
  if (!lock) return lock.error();
  // Again, for another host may have been here between.
  const auto file = examine(options.path, options.key);
  if (!file) return file.error();
  if (auto status = expect_store(*file, options); !status) return status.error();
  if (*file == FileState::missing) {
    if (auto status = create(options); !status) return status.error();
  }
  if (auto status = make_private(options.path); !status) return status.error();
  auto database = open_existing(options.path, options.key, Database::Access::write);
  if (!database) return database.error();
  if (auto status = bring_up_to_date(*database, options); !status) return status.error();
  const auto check = check_key(options.path, options.key);
  if (!check) return check.error();
  if (*check == KeyCheck::missing) {
    if (auto status = write_key_check(options.path, options.key); !status) return status.error();
  }
  return std::unique_ptr<ports::Store>(
      std::make_unique<SqlStore>(std::move(*lock), std::move(*database), options));
}

}  // namespace mortise::store
