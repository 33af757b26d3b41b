// The decision at the heart of sync: from what both sides last agreed on, what is wanted now and
// what is known of the other side, to a printable list of actions. Pure: no clock, no I/O. Doing
// the actions is the runner's job (sync/). The table is that of design section 5.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/merge.hpp"
#include "core/sync_records.hpp"

namespace mortise::core {

/// What one record should be at the service. Parents come before their children.
struct WantedItem {
  std::string key;
  std::string kind;
  std::string parent_key;  ///< empty: directly in the target; of an occurrence: its series
  std::string after_key;
  std::string title;         ///< for people
  JsonText fields;           ///< canonical
  std::string slot = {};     ///< of an occurrence: its original start
  std::string task_id = {};  ///< empty for containers
  Instant edited_ms = 0;     ///< when the task was last edited here
};

enum class RemoteState : std::uint8_t {
  edited,   ///< exists; perhaps not as last agreed
  deleted,  ///< the service says that it was removed
  absent,   ///< it is not found where it was; a container: perhaps only not shared any more
  lost,  ///< a write did not find it, and nobody has looked yet: nothing follows for what is here
};

/// What is known of an item at the service. Those that nothing is known of count as last agreed.
struct RemoteNews {
  RemoteState state = RemoteState::edited;
  JsonText fields = "{}";  ///< edited: in the service's form
  Instant edited_ms = 0;
};
using News = std::map<std::string, RemoteNews>;

/// A task that was removed here, softly, and can come back: the item that it would be.
struct Restorable {
  JsonText fields;
  Instant edited_ms = 0;
};

struct ReconcileRules {
  /// Refuse a run that would remove more than this share of the items ...
  std::int64_t remove_percent = 20;
  /// ... and at least this many. Both count removals of the last 24 hours, too.
  std::int64_t remove_at_least = 10;
  std::int64_t removed_last_day = 0;
  bool plan_removed = false;  ///< a person removed the whole plan, there too: nobody is asked
  bool writes = true;         ///< else nothing is done there, and nobody is asked about that
  bool pull = false;  ///< news change what is here; else they only tell what cannot be written
  std::map<std::string, MergeRules> merge;  ///< by kind
  /// By kind: fields of a series whose change makes the service forget its single occurrences.
  std::map<std::string, std::vector<std::string>> resets;
  std::map<std::string, Restorable> restorable;  ///< by key
};

enum class ActionKind : std::uint8_t {
  create,  ///< make it there
  update,  ///< send `changed` fields
  remove,  ///< remove it there
  forget,  ///< both sides are without it: drop the pair (or its container's removal takes it along)
};

struct Action {
  ActionKind kind = ActionKind::create;
  std::string key;
  std::string item_kind;
  std::string parent_key;
  std::string after_key;
  std::string title;
  JsonText fields;                   ///< wanted; empty for remove and forget
  std::vector<std::string> changed;  ///< update: names of fields that differ, sorted
  std::int64_t generation = 0;       ///< create: part of the once-key
  std::optional<Pair> base;          ///< what was last agreed; empty for a first creation
  std::string slot;                  ///< of an occurrence
  std::string task_id;
  bool resets = false;  ///< update: the service forgets its single occurrences with it

  friend bool operator==(const Action&, const Action&) = default;
};

enum class ReceiveKind : std::uint8_t {
  agree,      ///< nothing to do here: remember how the service has it now
  change,     ///< change the task by what `merged` takes
  restore,    ///< the same, and bring the task back: an edit outlives a deletion
  take_away,  ///< remove the task here, softly
  ignore,     ///< nothing follows from it here or there: forget that it was seen
};

/// What the service's news mean here. Always done before anything is written there.
struct Receive {
  ReceiveKind kind = ReceiveKind::agree;
  std::string key;
  std::string title;
  Pair base;
  MergeInput input;
  Merged merged;
};

/// The guard's reason for what may only be out of our sight.
inline constexpr const char* kContainerLost = "container_lost";

/// Why the run must stop and ask a person.
struct Refuse {
  /// There: mass_removal, plan_emptied. Here: mass_removal_here, remote_empty, container_lost.
  std::string reason;
  std::string message;
  std::int64_t removals = 0;
  std::int64_t items = 0;

  friend bool operator==(const Refuse&, const Refuse&) = default;
};

/// What reconcile() answers: data that can be printed, stored, compared.
struct ChangeList {
  std::vector<Receive> receive;  ///< here; if there are any, reconcile again when they are done
  std::vector<Action>
      actions;  ///< removals first, then creations and updates, parents before children
  std::int64_t unchanged = 0;
  std::optional<Refuse> refuse;

  bool empty() const { return actions.empty() && receive.empty(); }
};

/// Takes the item of a pair away there.
Action removal(const Pair& pair);

/// What stays of a pair whose item is gone since `now_ms`: its generation, for a later re-creation.
Pair tombstone(Pair pair, Instant now_ms);

/// Decides. `base` holds the pairs of one plan in one connection, tombstones and set-aside ones
/// included.
///
///  here \ there | as agreed | edited                   | gone
///  same         | -         | change (or agree)        | take_away (a container: nothing)
///  edited       | update    | merge field by field     | create anew: an edit outlives a deletion
///               |           |                          | (in a container that is absent: asks)
///  new          | create    |                          |
///  removed      | remove    | restore, and change      | forget
///
/// A container takes its content along, on both sides; so does an update that resets it. An item
/// whose kind or container changed here is removed and created anew, under the next generation.
/// Without `rules.pull` the middle column counts as agreed, and "same" / "gone" means nothing. Laws
/// (tests/unit/core/reconcile_test.cpp): carrying everything out and reconciling again gives
/// nothing; equal inputs give equal lists; no key is created twice; a refused list is never empty:
/// it removes something, here or there, or makes anew what may only be hidden.
ChangeList reconcile(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base,
                     const News& news, const ReconcileRules& rules);

/// Something at the service that no pair knows.
struct Stranger {
  std::string kind;
  JsonText fields;
};

/// Which wanted items that are about to be created exist there already: equal in every field of
/// `alike` (by kind; kinds without are never linked), first come first served. Answers key ->
/// index.
std::map<std::string, std::size_t> link_alike(
    const std::vector<WantedItem>& created, const std::vector<Stranger>& strangers,
    const std::map<std::string, std::vector<std::string>>& alike);

/// The key that makes a creation happen once: 32 lower-case hex digits, the same for every attempt
/// at the same generation of the same item.
std::string once_key(std::string_view installation, std::string_view connection_id,
                     std::string_view key, std::int64_t generation);

/// "12 create, 3 update, 0 delete", for people.
std::string summary(const ChangeList& changes);

}  // namespace mortise::core
