// Runs as JSON: what progress listeners and the outbox are told.
#pragma once

#include "core/reconcile.hpp"

namespace mortise::sync {

/// core/record_json.hpp's to_json(), as text.
core::JsonText run_json(const core::Run& run);

/// That requests of a run wait for a budget's turn or before they are repeated.
core::JsonText wait_json(const std::string& run_id, core::RunWait wait, core::Instant until_ms);

/// That a plan or one of its tasks changed.
core::JsonText plan_json(const std::string& plan_id);

/// A refusal as stored in Run::guard. `script`: the revision of the mapping that it came from.
core::JsonText guard_json(const core::Refuse& refuse, const std::string& plan_id,
                          const std::string& script);

/// The plan whose tasks a stored refusal keeps from being removed here; empty if it is about
/// removals at the service.
std::string guarded_plan(const core::JsonText& guard);

/// Whether a stored refusal is about this plan.
bool is_about(const core::JsonText& guard, const std::string& plan_id);

/// Whether a person who was shown the stored refusal was shown this one: of the same plan, by the
/// same script, for the same reason, with no more removals.
bool covers(const core::JsonText& guard, const std::string& plan_id, const std::string& script,
            const core::Refuse& refuse);

}  // namespace mortise::sync
