// A policy script: who may do how much. Decides inside the sandbox, and denies when that fails.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/gate.hpp"
#include "script/script_text.hpp"
#include "script/state_pool.hpp"

namespace mortise::script {

/// One immutable revision. Thread-safe. Borrows the pool, which must outlive it.
class PolicyScript {
 public:
  /// Loads the text and runs its examples, in states that nothing else is answered from.
  static Checked<PolicyScript> load(ScriptText text, StatePool& pool);

  /// Whether a loaded script returned a policy; for telling the two kinds of scripts apart.
  const ScriptText& text() const { return text_; }

  /// Never fails: what goes wrong denies with reason `policy_error`. A tier that the policy does
  /// not name counts as its default. An action without a function is allowed by a flag of its name
  /// in the tier (`outside_progress = true`), and denied as `not_in_tier` without it.
  ports::Decision decide(const ports::Ask& ask, const ports::Used& used) const;

  std::vector<std::string> tiers() const;  ///< by name

  /// `allow` with the tier's `exports_per_month`; empty limit = unlimited or not stated.
  ports::Decision limits(const std::string& tier) const;

 private:
  struct Tier {
    std::optional<std::int64_t> exports_per_month;
  };
  struct Example {
    ports::Ask ask;
    ports::Used used;
    std::string want;
    std::optional<std::int64_t> cost;
    int number = 0;
  };

  PolicyScript(ScriptText text, StatePool& pool) : text_(std::move(text)), pool_(&pool) {}
  Status read();
  Findings run_examples(const std::vector<Example>& examples) const;
  Result<std::vector<Example>> examples() const;
  const std::string& tier_name(const std::string& tier) const;
  Result<ports::Decision> try_decide(const ports::Ask& ask, const ports::Used& used) const;

  ScriptText text_;
  StatePool* pool_;
  std::map<std::string, Tier> tiers_;
  std::string default_tier_;
};

}  // namespace mortise::script
