// What the readers of both plan shapes share. Internal to core: plan_document.cpp, roadmap.cpp.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/json_reader.hpp"
#include "core/plan_shapes.hpp"

namespace mortise::core {

/// What a document may say once only, and how many tasks there are so far.
class PlanReading {
 public:
  PlanReading(ImportedPlan& plan, const NewId& ids, std::vector<Problem>& complaints)
      : imported(plan), new_id(ids), problems(complaints) {}

  ImportedPlan& imported;
  const NewId& new_id;
  std::vector<Problem>& problems;

  /// Gives the record at `reader` its id, noting the one that the document names, if any.
  std::string id_of(ObjectReader& reader, std::string_view prefix);
  /// Reads `external_id` and complains if an earlier task has it.
  void external_id(ObjectReader& reader, std::string& out);
  /// Complains if an earlier week has this number.
  void week_number(ObjectReader& reader, std::string_view name, std::int64_t number);
  /// False, with a problem at `pointer`, when one task more would be too many.
  bool room_for_task(const std::string& pointer);
  /// Adds a task: id, plan and position are set here; `derived` is its external id if it has none.
  void add(Task task, std::string_view derived);

 private:
  std::set<std::string> external_ids_;
  std::set<std::string> named_;
  std::set<std::int64_t> weeks_;
  std::size_t task_count_ = 0;
};

void read_roadmap(const Json& document, PlanReading& reading);
void read_canonical(const Json& document, PlanReading& reading);

}  // namespace mortise::core
