// Trying an edited script on what is there: plans through the ordinary preview, accounts through
// the policy's decisions.
#pragma once

#include "ports/clock.hpp"
#include "ports/script_trial.hpp"
#include "ports/store.hpp"

namespace mortise::service {

class StoredTrials final : public ports::ScriptTrials {
 public:
  StoredTrials(const ports::Store& store, ports::Scripts& scripts, ports::Gate& active,
               ports::Exports& exports, const ports::Clock& clock)
      : store_(store), scripts_(scripts), active_(active), exports_(exports), clock_(clock) {}

  ports::Answer<ports::Trial> run(const ports::TrialRequest& request) override;

 private:
  ports::Answer<ports::Trial> try_mapping(const ports::TrialRequest& request,
                                          const ports::CheckedScript& script) const;
  Result<std::vector<core::Plan>> plans_of(const core::Connection& connection,
                                           const std::string& plan_id) const;
  ports::PlanTrial try_plan(const core::Connection& connection, const core::Plan& plan,
                            std::shared_ptr<const ports::Mapping> mapping) const;
  ports::Answer<ports::Trial> try_policy(const ports::CheckedScript& script) const;
  Status ask_account(const core::Account& account, ports::Gate& edited, ports::Trial& trial) const;

  const ports::Store& store_;
  ports::Scripts& scripts_;
  ports::Gate& active_;
  ports::Exports& exports_;
  const ports::Clock& clock_;
};

}  // namespace mortise::service
