// Runs as JSON: what progress listeners and the outbox are told.
#pragma once

#include "core/reconcile.hpp"

namespace mortise::sync {

/// core/record_json.hpp's to_json(), as text.
core::JsonText run_json(const core::Run& run);

/// That requests of a run wait for a budget's turn or before they are repeated.
core::JsonText wait_json(const std::string& run_id, core::RunWait wait, core::Instant until_ms);

/// A refusal as stored in Run::guard.
core::JsonText guard_json(const core::Refuse& refuse);

/// How many removals a stored refusal names; 0 if it is none.
std::int64_t guarded_removals(const core::JsonText& guard);

}  // namespace mortise::sync
