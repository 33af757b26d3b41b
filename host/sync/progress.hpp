// Runs as JSON: what progress listeners and the outbox are told.
#pragma once

#include "core/reconcile.hpp"

namespace mortise::sync {

/// The run's state and counts as the API shows them (docs/openapi.yaml, schema Run).
core::JsonText run_json(const core::Run& run);

/// A refusal as stored in Run::guard.
core::JsonText guard_json(const core::Refuse& refuse);

}  // namespace mortise::sync
