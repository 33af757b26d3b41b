// Two sides changed the same thing: what each brings, which field wins, what both then agree on.
// Pure. Works in the item's own fields (docs/kinds.md), one JSON object a side; a field that is
// missing has no value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/records.hpp"

namespace mortise::core {

/// The fields of an occurrence that is called off (docs/kinds.md): it says nothing else, so that
/// against it an edit is decided about as a whole.
inline constexpr const char* kCancelledOccurrence = R"({"status":"cancelled"})";

/// Who wins where both sides changed something (requirements F).
enum class MergePolicy : std::uint8_t {
  merge,   ///< field by field; where both changed one, the newer edit
  newest,  ///< the side that was edited last, with everything
  local,   ///< we, with everything
  remote,  ///< the service, with everything
};

/// Answers the value (JSON) that both sides shall have, or nothing: the policy decides, as it does
/// after an error. All four are JSON texts, "null" for no value.
using Resolve = std::function<Result<std::optional<JsonText>>(
    const std::string& field, const JsonText& base, const JsonText& here, const JsonText& there)>;

struct MergeRules {
  MergePolicy policy = MergePolicy::merge;
  /// Fields that make sense only together (start, duration and zone of an event): one conflict.
  std::vector<std::vector<std::string>> together;
  /// Fields that say where among others the item stands: others move it. No edit that outlives a
  /// deletion there, and whatever the policy no part of what else was edited.
  std::vector<std::string> placing;
  /// Of the service's edit times: within it we win.
  std::int64_t precision_ms = 0;
  Resolve resolve;  ///< may be empty
};

struct MergeInput {
  JsonText sent = "{}";   ///< as last agreed, in our form
  JsonText seen;          ///< as last agreed, in the service's form; empty = unknown: like `sent`
  JsonText here = "{}";   ///< now, in our form
  JsonText there = "{}";  ///< now, in the service's form
  Instant here_ms = 0;    ///< when each side was edited last; 0 = unknown: the other one is newer,
  Instant there_ms = 0;   ///< of two unknown ones, ours
};

enum class Kept : std::uint8_t { here, there, both };

struct FieldConflict {
  std::string field;
  JsonText base = "null", here = "null", there = "null";
  Kept kept = Kept::here;  ///< both: a script made one value of the two
  friend bool operator==(const FieldConflict&, const FieldConflict&) = default;
};

struct Merged {
  JsonText take = "{}";             ///< what to change here: item field -> value, null = none
  std::vector<std::string> insist;  ///< fields whose value there is not taken: written there again
  std::vector<FieldConflict> conflicts;
  bool nothing_new = false;  ///< the service holds what it held when both last agreed
  std::string unresolved;    ///< the first error of MergeRules::resolve, or empty
  friend bool operator==(const Merged&, const Merged&) = default;
};

/// Laws (tests/unit/core/merge_test.cpp): what only one side changed is what that side says; equal
/// changes are no conflict; every value that is dropped stands in a conflict; `take` holds only
/// values that differ from ours.
Merged merge(const MergeInput& input, const MergeRules& rules);

/// What to remember as agreed once `merged.take` was applied here and mapped to `after`: fields
/// that are still to be written there keep differing from `after`, all others are equal to it. To
/// be written are ours that won, ours that lost to a value which no field of the task can hold,
/// what became of a value in `taken` (those that the task did take) by what else changed here: a
/// rule that ends by an instant, of a task that is all-day by now; and what became of `following`
/// fields by that: a rule that ends with a day, in another zone. All else that follows from what
/// somebody changed there (which reminders an all-day task has, say) stays there as it is.
JsonText agreed_after(const MergeInput& input, const Merged& merged, const JsonText& after,
                      const std::vector<std::string>& taken = {},
                      const std::vector<std::string>& following = {});

/// Both sides' forms of what was last agreed (`seen` empty: like `sent`).
struct Agreement {
  JsonText sent, seen;
};

/// A write of `attempted` may have been carried out, nobody knows: what the service holds of it is
/// agreed on, and no edit of the service.
Agreement with_echo(const Agreement& before, const JsonText& attempted, const JsonText& there);

/// What is agreed of an occurrence that is like the others of its series: our form, and the
/// service's, which is ours but for what it spells otherwise in the whole series. `now`, `plain`:
/// the series and the occurrence as we say them now; what has changed of the series since both last
/// agreed is not agreed of its occurrences either.
Agreement agreed_in(const Agreement& series, const JsonText& now, const JsonText& plain);

/// The service's form of an item after `changed` fields of it were written, where its edits are not
/// taken over: of its answer only those are known, the rest stays news for whoever looks again.
JsonText seen_after_write(const JsonText& before, const std::vector<std::string>& changed,
                          const JsonText& answer);

/// What is to be told when one side's edit of what the other one does not have any more is dropped:
/// a conflict for each field that differs between `was` and `is`, the edited side's forms. `sent`:
/// as last agreed, in our form; `kept`: the side that stays without it.
std::vector<FieldConflict> dropped_edit(const JsonText& sent, const JsonText& was,
                                        const JsonText& is, Kept kept);

/// Nothing of an edit there is taken, as the item shall not be there: all of it is told, and
/// written otherwise should it be wanted there again.
Merged refused(const MergeInput& input);

/// The names whose values differ between two JSON objects, missing ones included; sorted.
std::vector<std::string> changed_fields(const JsonText& before, const JsonText& after);

}  // namespace mortise::core
