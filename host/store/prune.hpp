// Retention, as SQL.
#pragma once

#include <mortise/result.hpp>

#include "ports/store.hpp"
#include "store/database.hpp"

namespace mortise::store {

/// Inside the writer's transaction; what goes, and in which order: ports::Prune.
Status prune(Database& database, const ports::Prune& prune);

}  // namespace mortise::store
