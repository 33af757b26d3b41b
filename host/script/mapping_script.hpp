// A mapping script: what a plan becomes in one service, and how fields travel both ways.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/mapper.hpp"
#include "script/known_connectors.hpp"
#include "script/script_text.hpp"
#include "script/settings.hpp"
#include "script/state_pool.hpp"

namespace mortise::script {

/// One immutable revision. Thread-safe. Borrows the pool, which must outlive it.
class MappingScript final : public ports::Mapping {
 public:
  /// Loads the text, compares it with the connector that it names, if that is known, and runs its
  /// examples, in states that nothing else is answered from. A name that is nearly that of a known
  /// connector is refused.
  static Checked<MappingScript> load(ScriptText text, StatePool& pool,
                                     const KnownConnectors& known = {});

  const ScriptText& text() const { return text_; }
  const std::string& connector() const { return connector_; }

  const std::string& revision() const override { return text_.checksum; }
  Status check_settings(const core::JsonText& given) const override;
  core::JsonText settings(const core::JsonText& stored) const override;
  core::JsonText settings_schema() const override;

  /// Containers in one call of plan(), tasks one call each. Where the kind recurs, the edited
  /// occurrences of a task follow it as items of their own. A task that errs is parked. Errors:
  /// what plan() raised; a key or task that it places twice; `script_budget` when tasks keep
  /// running into a wall.
  Result<ports::Desired> desired(const ports::MappingInput& input) const override;

  /// What one task becomes as an item of this kind; an empty text when it becomes none.
  Result<core::JsonText> item_fields(const std::string& kind, const core::Task& task,
                                     const ports::MappingInput& input) const override;

  std::map<std::string, ports::KindRules> kinds() const override { return kinds_; }

  /// The mapping's `resolve`, if it has one, in a state that no other call sees. nil: the policy
  /// decides.
  Result<std::optional<core::JsonText>> resolve(const std::string& field,
                                                const core::JsonText& base,
                                                const core::JsonText& here,
                                                const core::JsonText& there) const override;

  /// What one occurrence of a recurring task becomes: {"status":"cancelled"} for one that is
  /// cancelled, or that would become no item.
  Result<core::JsonText> occurrence_fields(const std::string& kind, const core::Task& series,
                                           const std::string& slot,
                                           const ports::MappingInput& input) const;

  /// Lines whose item field changed are asked for their way back, in the order of the script, each
  /// seeing the task as the lines before left it. What came back is mapped forward again and must
  /// give what was read: a field of which it does not is dropped, with those that are decided with
  /// it; so is one whose way back answers nil, unless it maps to what was read all the same. If
  /// nothing is left: `invalid`, reason `lossy_mapping`. `null` in `changed` is a field that was
  /// cleared.
  Result<ports::TaskChange> task_change(const std::string& kind, const core::JsonText& changed,
                                        const core::Task& task,
                                        const ports::MappingInput& input) const override;

 private:
  MappingScript(ScriptText text, StatePool& pool) : text_(std::move(text)), pool_(&pool) {}
  Status read();
  Findings compare(const KnownConnectors& known);

  ScriptText text_;
  StatePool* pool_;
  std::string connector_;
  std::vector<Setting> settings_;
  std::map<std::string, ports::KindRules> kinds_;
  bool resolves_ = false;
  std::optional<Kinds> holds_;  ///< what its connector can hold, if that is known
};

/// Runs the examples of a mapping; what they complain about.
Findings run_examples(const MappingScript& mapping, StatePool& pool);

}  // namespace mortise::script
