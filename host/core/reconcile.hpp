// The decision at the heart of sync: from what both sides last agreed on, what is wanted now and
// what is known of the other side, to a printable list of actions. Pure: no clock, no I/O. Doing
// the actions is the runner's job (sync/). The table is that of design section 5.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/sync_records.hpp"

namespace mortise::core {

/// What one record should be at the service. Parents come before their children.
struct WantedItem {
  std::string key;
  std::string kind;
  std::string parent_key;  ///< empty: directly in the target
  std::string after_key;
  std::string title;      ///< for people
  JsonText fields;        ///< canonical
  std::string slot = {};  ///< of one occurrence of a series, whose key is parent_key
};

/// What is known of an item at the service. Unknown ones count as last agreed.
enum class RemoteNews : std::uint8_t {
  as_agreed,
  gone,  ///< the service says that it does not exist any more
};

struct ReconcileRules {
  /// Refuse a run that would remove more than this share of the items ...
  std::int64_t remove_percent = 20;
  /// ... and at least this many. Both count removals of the last 24 hours, too.
  std::int64_t remove_at_least = 10;
  std::int64_t removed_last_day = 0;
  bool approved = false;  ///< a person has seen the refusal and said: do it
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

  friend bool operator==(const Action&, const Action&) = default;
};

/// Why the run must stop and ask a person.
struct Refuse {
  std::string reason;  ///< "mass_removal"
  std::string message;
  std::int64_t removals = 0;
  std::int64_t items = 0;

  friend bool operator==(const Refuse&, const Refuse&) = default;
};

/// What reconcile() answers: data that can be printed, stored, compared.
struct ChangeList {
  std::vector<Action>
      actions;  ///< removals first, then creations and updates, parents before children
  std::int64_t unchanged = 0;
  std::optional<Refuse> refuse;

  bool empty() const { return actions.empty(); }
};

/// Decides. `base` holds the pairs of one plan in one connection, tombstones and set-aside ones
/// included.
///  same / as agreed   nothing            edited / as agreed  update
///  new  / -           create             gone / as agreed    remove (a container takes its content
///  along) same / gone        nothing            edited / gone       create anew: an edit outlives
///  a deletion gone / gone        forget
/// An item whose kind or container changed is removed and created anew, under the next generation.
/// Laws (tests/unit/reconcile_test.cpp): carrying the actions out and reconciling again gives none;
/// equal inputs give equal lists; no key is created twice; a refused list is never empty of
/// removals.
ChangeList reconcile(const std::vector<WantedItem>& wanted, const std::vector<Pair>& base,
                     const std::map<std::string, RemoteNews>& news, const ReconcileRules& rules);

/// The names whose values differ between two JSON objects, missing ones included; sorted.
std::vector<std::string> changed_fields(const JsonText& before, const JsonText& after);

/// The key that makes a creation happen once: 32 lower-case hex digits, the same for every attempt
/// at the same generation of the same item.
std::string once_key(std::string_view installation, std::string_view connection_id,
                     std::string_view key, std::int64_t generation);

/// "12 create, 3 update, 0 delete", for people.
std::string summary(const ChangeList& changes);

}  // namespace mortise::core
