// The whole store in memory: what every other test uses, and the second subject of the contract
// suite.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "ports/store.hpp"

namespace mortise::fakes {

struct MemoryTables;

/// Keeps the semantics of the real store (tests/contract runs on both). Thread-safe. Nothing
/// survives the object.
class MemoryStore final : public ports::Store {
 public:
  MemoryStore();
  ~MemoryStore() override;

  const ports::Accounts& accounts() const override;
  const ports::Plans& plans() const override;
  const ports::Connections& connections() const override;
  const ports::Grants& grants() const override;
  const ports::Pairs& pairs() const override;
  const ports::Journal& journal() const override;
  const ports::Runs& runs() const override;
  const ports::Sightings& sightings() const override;
  const ports::Bookmarks& bookmarks() const override;
  const ports::SyncStates& sync_states() const override;
  const ports::Conflicts& conflicts() const override;
  const ports::Channels& channels() const override;
  const ports::Inbox& inbox() const override;
  const ports::Usages& usages() const override;
  const ports::Access& access() const override;
  const ports::Outbox& outbox() const override;
  Status commit(ports::Changes changes, ports::Durability durability) override;

  /// Asked before every commit; an error fails that commit with it, and nothing happens. For tests
  /// of what a full disk or a lost race does. Runs without the store's lock, on the committing
  /// thread.
  using Gatekeeper = std::function<Status(const ports::Changes&, ports::Durability)>;
  void before_commit(Gatekeeper gatekeeper);

  /// While there is an error, every read of keys, sessions and idempotency records answers it.
  void fail_access(std::optional<Error> error);
  /// While there is an error, every look-up of a plan or a connection by its id answers it.
  void fail_records(std::optional<Error> error);
  /// While there is an error, every read of a connection's grant answers it.
  void fail_grants(std::optional<Error> error);

  /// How many commits succeeded so far, and how many of them asked for `full`.
  std::int64_t commits() const;
  std::int64_t full_commits() const;

 private:
  struct Readers;
  std::unique_ptr<MemoryTables> tables_;
  std::unique_ptr<Readers> readers_;
};

}  // namespace mortise::fakes
