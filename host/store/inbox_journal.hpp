// ports::InboxJournal as a file beside the store: one sealed record after the other, synced before
// it is answered, emptied whenever all of it is safe in the store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <mortise/result.hpp>

#include "ports/clock.hpp"
#include "ports/inbox_journal.hpp"
#include "store/key.hpp"

namespace mortise::store {

struct InboxJournalOptions {
  std::string path;  ///< <store>.inbox, 0600
  const MasterKey& key;
  ports::Random& random;                           ///< outlives the journal
  std::size_t largest_bytes = 16UL * 1024 * 1024;  ///< more is refused until some was dropped
};

/// A journal and how much of an earlier one it could not read.
struct OpenedInboxJournal {
  std::unique_ptr<ports::InboxJournal> journal;
  std::size_t lost_bytes = 0;  ///< a tail torn by a crash (it was never answered), or damage
};

/// Opens it for the one host that holds the store. What cannot be read ends what counts: polling
/// brings what was in it. Error: `unavailable`, naming the file.
Result<OpenedInboxJournal> open_inbox_journal(const InboxJournalOptions& options);

}  // namespace mortise::store
