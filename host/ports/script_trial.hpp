// What an edited script would change, before anybody activates it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ports/gate.hpp"
#include "ports/mapper.hpp"
#include "ports/service.hpp"

namespace mortise::ports {

struct TrialRequest {
  std::string name;  ///< "mappings/notion.lua": the folder says what it is
  std::string source;
  std::string connection_id;  ///< of a mapping: tried there. Empty: the script is only checked
  std::string plan_id;        ///< this plan only; empty: all that the connection keeps in step
};

/// One plan, by the active mapping and by the edited one.
struct PlanTrial {
  std::string plan_id;
  std::string title;
  Result<Preview> now;     ///< what a run would do today
  Result<Preview> edited;  ///< and with the edit
  /// Items of `edited` that a run today would not do, or not so.
  std::vector<PreviewItem> differs;
};

/// One question, answered by the active policy and by the edited one.
struct DecisionTrial {
  Ask ask;  ///< without an account: anybody of that tier who used nothing yet
  Used used;
  Decision before;
  Decision after;
};

struct Trial {
  std::vector<ScriptFinding> findings;  ///< if there are any, nothing was tried
  // Of a mapping that was tried at a connection:
  std::string connection_id;  ///< empty: it was not
  std::vector<PlanTrial> plans;
  std::int64_t plans_left_out = 0;  ///< because all of them would take too long
  // Of a policy:
  std::vector<DecisionTrial> tiers;     ///< every tier that either text names, every action
  std::vector<DecisionTrial> accounts;  ///< what is answered otherwise now; at most 1,000
  std::int64_t accounts_asked = 0;
  std::int64_t accounts_changed = 0;
  bool accounts_left_out = false;  ///< there are more than were asked
};

/// Thread-safe. Reads the store only; activates nothing.
class ScriptTrials {
 public:
  virtual ~ScriptTrials() = default;
  /// Refuses: `invalid` (a connection of another service; a plan without a connection; a policy
  /// with a connection), `not_found`.
  virtual Answer<Trial> run(const TrialRequest& request) = 0;
};

}  // namespace mortise::ports
