// The reading ports of MemoryStore, put together.
#include "fakes/memory_reads.hpp"

#include "fakes/memory_store.hpp"
#include "fakes/memory_sync_reads.hpp"

namespace mortise::fakes {

struct MemoryStore::Readers {
  explicit Readers(const MemoryTables& tables)
      : accounts(tables),
        plans(tables),
        connections(tables),
        grants(tables),
        pairs(tables),
        journal(tables),
        runs(tables),
        sightings(tables),
        bookmarks(tables),
        sync_states(tables),
        conflicts(tables),
        channels(tables),
        inbox(tables),
        usages(tables),
        access(tables),
        outbox(tables) {}
  MemoryAccounts accounts;
  MemoryPlans plans;
  MemoryConnections connections;
  MemoryGrants grants;
  MemoryPairs pairs;
  MemoryJournal journal;
  MemoryRuns runs;
  MemorySightings sightings;
  MemoryBookmarks bookmarks;
  MemorySyncStates sync_states;
  MemoryConflicts conflicts;
  MemoryChannels channels;
  MemoryInbox inbox;
  MemoryUsages usages;
  MemoryAccess access;
  MemoryOutbox outbox;
};

MemoryStore::MemoryStore()
    : tables_(std::make_unique<MemoryTables>()), readers_(std::make_unique<Readers>(*tables_)) {}
MemoryStore::~MemoryStore() = default;

const ports::Accounts& MemoryStore::accounts() const {
  return readers_->accounts;
}
const ports::Plans& MemoryStore::plans() const {
  return readers_->plans;
}
const ports::Connections& MemoryStore::connections() const {
  return readers_->connections;
}
const ports::Grants& MemoryStore::grants() const {
  return readers_->grants;
}
const ports::Pairs& MemoryStore::pairs() const {
  return readers_->pairs;
}
const ports::Journal& MemoryStore::journal() const {
  return readers_->journal;
}
const ports::Runs& MemoryStore::runs() const {
  return readers_->runs;
}
const ports::Sightings& MemoryStore::sightings() const {
  return readers_->sightings;
}
const ports::Bookmarks& MemoryStore::bookmarks() const {
  return readers_->bookmarks;
}
const ports::SyncStates& MemoryStore::sync_states() const {
  return readers_->sync_states;
}
const ports::Conflicts& MemoryStore::conflicts() const {
  return readers_->conflicts;
}
const ports::Channels& MemoryStore::channels() const {
  return readers_->channels;
}
const ports::Inbox& MemoryStore::inbox() const {
  return readers_->inbox;
}
const ports::Usages& MemoryStore::usages() const {
  return readers_->usages;
}
const ports::Access& MemoryStore::access() const {
  return readers_->access;
}
const ports::Outbox& MemoryStore::outbox() const {
  return readers_->outbox;
}

}  // namespace mortise::fakes
