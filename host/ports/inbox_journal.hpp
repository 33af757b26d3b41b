// Where notifications are made durable before they are answered, apart from the store: its one
// writer may be busy for longer than a service waits (docs/adr/0010-inbox-journal.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/sync_records.hpp"

namespace mortise::ports {

/// A verified notification. Where the service has one subscription for all, the connections that it
/// concerns are found later, by `workspace_id`.
struct Received {
  core::Notification notification;
  std::string workspace_id;
  friend bool operator==(const Received&, const Received&) = default;
};

/// Thread-safe. What was appended survives the process and the machine until it is dropped; after a
/// crash, what was dropped last may be there again.
class InboxJournal {
 public:
  struct Pending {
    std::vector<Received> received;  ///< oldest first
    std::uint64_t mark = 0;
  };
  virtual ~InboxJournal() = default;
  /// Durable when it answers. Error: `unavailable` (full, or the disk does not take it).
  virtual Status append(const Received& received) = 0;
  /// What was not dropped yet.
  virtual Pending pending() const = 0;
  /// What was pending at the mark is safe elsewhere.
  virtual void drop(std::uint64_t mark) = 0;
};

}  // namespace mortise::ports
