// A plan that arrives again: what is the same keeps its id, its progress and its times. Pure.
//
// What is the same: a task by the id that the document names, else by external id (derived ones
// included, plan_shapes.hpp); a week by named id, else by number; a module by named id, else by
// title (the n-th of a title is the n-th).
//
// What the document decides: the plan's fields, modules and weeks, the order, and of a task what
// its shape can say: title, duration, link, notes for a roadmap, all content for the canonical
// shape. What it does not: ids, `status` (progress is ticked, not imported), a time that a person
// set, a computed time unless the document brings one of its own, and the edited occurrences of a
// series unless the document brings some (which of them still happen is the caller's to ask:
// settle_series()). Fields of the plan that a
// document may leave out (start, zone, a roadmap's title) stay as they are then.
//
// What goes: tasks that an import brought and this document has no more. A task that was added by
// itself (no external id) stays; if its week went, it is of no week.
#pragma once

#include <cstddef>
#include <vector>

#include "core/plan_shapes.hpp"

namespace mortise::core {

struct MergedPlan {
  Plan plan;
  bool plan_changed = false;         ///< the plan's own fields or its modules differ
  std::vector<Task> tasks;           ///< all that live on, in order
  std::vector<std::size_t> added;    ///< indices into `tasks`
  std::vector<std::size_t> changed;  ///< content differs
  std::vector<std::size_t> moved;  ///< only position or week differ; to be stored, not worth a word
  std::vector<Task> removed;       ///< as they were
};

/// `tasks`: the live ones of `plan`, by position. Ids of new records are the ones in `imported`.
/// Revisions and instants of what exists are kept, so the answer can be compared with the store.
MergedPlan merge_import(const Plan& plan, const std::vector<Task>& tasks, ImportedPlan imported);

}  // namespace mortise::core
