// The shapes in which plans arrive (requirements N), read strictly with problems that point into
// the document ("/weeks/3/tasks/1/duration"). Pure, thread-safe; ids come from a parameter.
//
// Canonical: the plan's own fields as in record_json.hpp, and
//   {"external_id"?, "title", ..., "modules": [{"title", "weeks": [{"number", "milestone"?,
//   "tasks": [...]}]}],
//    "tasks"?: [tasks that belong to no week]}
// Ids may stand in it; what else the API answers of plans and tasks (revisions, times) is ignored.
//
// Roadmap: {topic, skill_level?, weekly_time?, deadline?, learning_style?, timezone?, source?,
// start?, title?, external_id?, weeks: [{week, milestone?, module?, tasks: [{day, task, duration,
// resource?, external_id?}]}]}. `weekly_time` and `duration` are hours and may have fractions: 1.6
// is 5,760 s (rounded to whole seconds). `week` and `day` give the order and nothing else.
// Consecutive weeks of one module name make a module; a week without one is of the module named
// after the topic. A `resource` that is no URL ("chapter 3 of the book") becomes the task's notes.
//
// Identity for the next import: `external_id`; for a task without one its title in its week, and
// for one that was renamed its place, kept as the external id
// "<plan id>:w<week>d<day>n<ordinal>" (roadmap; ordinal among the tasks of that day) or
// "<plan id>:w<week>n<ordinal>" (canonical; "n<ordinal>" outside weeks). The plan's id stands in
// front because external ids are unique per account, and week 1 is in every plan.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/problem.hpp"
#include "core/records.hpp"

namespace mortise::core {

/// Answers a new id with the prefix (core/ids.hpp).
using NewId = std::function<std::string(std::string_view prefix)>;

enum class PlanShape : std::uint8_t { canonical, roadmap };

/// A plan as a document says it. All ids are new; `account_id`, revisions and instants are the
/// caller's.
struct ImportedPlan {
  PlanShape shape = PlanShape::canonical;
  Plan plan;
  std::vector<Task> tasks;  ///< in order, positions kPositionStep apart
  /// New id -> the id that the document named for this task, week or module; it counts only if a
  /// plan that is merged with has it (plan_merge.hpp).
  std::unordered_map<std::string, std::string> named_ids;
};

/// Reads either shape; `weeks` at the top tells a roadmap, or a `topic` without `title` and
/// `modules`. Bounds as in core/bounds.hpp.
Read<ImportedPlan> read_plan_document(const Json& document, const NewId& new_id);

/// The distance between neighbours when positions are given out afresh.
inline constexpr std::int64_t kPositionStep = 1'024;

/// A position after `before` and ahead of `after` (each empty at an end), or nothing when there is
/// no room and the neighbours must be renumbered.
std::optional<std::int64_t> position_between(std::optional<std::int64_t> before,
                                             std::optional<std::int64_t> after);

/// Whether a task's external id was derived from its place in the document of `plan_id`.
bool is_derived_external_id(std::string_view external_id, std::string_view plan_id);

}  // namespace mortise::core
