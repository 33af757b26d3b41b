// What a merge decided against one side is told, with both values and what undoes it. No I/O.
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/ids.hpp"
#include "core/item_key.hpp"
#include "core/names.hpp"
#include "core/occurrence.hpp"
#include "core/record_json.hpp"
#include "sync/execution.hpp"

namespace mortise::sync {
namespace {

using core::Json;
using core::Receive;

/// Today's values of what a patch changes, as a patch.
Json inverse(const Json& patch, const Json& before) {
  Json back = Json::object();
  for (const auto& [name, ignored] : patch.items()) {
    back[name] = before.contains(name) ? before[name] : Json();
  }
  return back;
}

Json conflict_lines(const std::vector<core::FieldConflict>& conflicts) {
  Json lines = Json::array();
  for (const core::FieldConflict& each : conflicts) {
    lines.push_back({{"field", each.field},
                     {"base", Json::parse(each.base, nullptr, false)},
                     {"here", Json::parse(each.here, nullptr, false)},
                     {"there", Json::parse(each.there, nullptr, false)},
                     {"kept", core::name_of(each.kept)}});
  }
  return lines;
}

/// What the item is about: the task, or of a series the task as it is at that slot.
core::Task at_slot(core::Task task, const std::string& slot) {
  if (slot.empty()) return task;
  auto occurrence = core::occurrence_task(task, slot);
  return occurrence ? *std::move(occurrence) : task;
}

}  // namespace

Json parsed(const core::JsonText& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

/// A conflict of this run, but for what undoes it.
core::Conflict Execution::conflict_about(const std::string& key, std::string title,
                                         std::string policy,
                                         const std::vector<core::FieldConflict>& fields) {
  core::Conflict conflict;
  conflict.id = new_id(core::kConflictPrefix);
  conflict.account_id = run_.account_id;
  conflict.connection_id = run_.connection_id;
  conflict.plan_id = plan_id_;
  conflict.task_id = core::task_id_of(key);
  conflict.key = key;
  conflict.title = std::move(title);
  conflict.run_id = run_.id;
  conflict.policy = std::move(policy);
  conflict.fields = conflict_lines(fields).dump();
  conflict.at_ms = ports_.clock.now_ms();
  return conflict;
}

/// Back to the other value, as a patch: what was taken goes, what was not taken comes. What was
/// changed on one side only is no part of it.
Json Execution::undo_of(const Dispute& dispute, const core::Task& now) const {
  Json undo = Json::object();
  Json refused = Json::object();
  Json settled = Json::object();
  const Receive& news = dispute.news;
  const Json take = parsed(news.merged.take);
  for (const core::FieldConflict& each : dispute.conflicts) {
    if (each.kept == core::Kept::here) {
      refused[each.field] = Json::parse(each.there, nullptr, false);
    } else if (take.contains(each.field)) {
      settled[each.field] = take[each.field];
    }
  }
  const std::string slot = core::slot_of(news.key);
  const ports::MappingInput input = dispute.snapshot.mapping_input(options_);
  const ports::Mapping& mapping = *dispute.snapshot.mapping;
  if (!settled.empty() && dispute.before) {
    const core::Task before = at_slot(*dispute.before, slot);
    auto change = mapping.task_change(news.base.kind, settled.dump(), before, input);
    Json patch = change ? parsed(change->patch) : dispute.patch;
    for (auto it = patch.begin(); it != patch.end();) {
      it = dispute.patch.contains(it.key()) ? std::next(it) : patch.erase(it);
    }
    undo = inverse(patch, core::to_json(before));
  }
  if (dispute.unmappable) return undo;
  const core::Task shown = at_slot(now, slot);
  if (!refused.empty()) {
    auto back = mapping.task_change(news.base.kind, refused.dump(), shown, input);
    if (back) undo.update(parsed(back->patch));
  }
  const auto called_off = [](const core::JsonText& side) {
    return side == core::kCancelledOccurrence;
  };
  if (slot.empty() || called_off(news.input.here) == called_off(news.input.there)) return undo;
  // One side called the occurrence off: its item says nothing else.
  if (shown.status != core::TaskStatus::cancelled) return {{"status", "cancelled"}};
  if (!undo.contains("status")) undo["status"] = core::name_of(now.status);
  return undo;
}

}  // namespace mortise::sync
