// One change of a commit, as SQL.
#pragma once

#include <mortise/result.hpp>

#include "core/records.hpp"
#include "ports/store.hpp"
#include "store/database.hpp"
#include "store/seal.hpp"

namespace mortise::store {

/// Runs inside the writer's transaction; each change sees the ones before it. An error means that
/// the commit must be undone.
Status apply_change(Database& database, const Sealer& sealer, const ports::Change& change);

/// Whether a person took a secret away (a disconnect, another client secret): its old form, sealed
/// as it is, must leave the file at once. (A channel's is worth nothing once the channel is gone.)
bool removes_secret(const ports::Change& change);

/// Removes sessions and remembered answers that expired before `before_ms`: nobody asks for them.
Status purge_expired(Database& database, core::Instant before_ms);

}  // namespace mortise::store
