// Retention in MemoryStore (ports::Prune).
#pragma once

#include <vector>

#include "fakes/memory_tables.hpp"

namespace mortise::fakes {

/// Removes what is due; answers the pairs that are, for their indexes are the writer's.
std::vector<MemoryTables::Three> prune_memory(MemoryTables& tables, Undo& undo,
                                              const ports::Prune& prune);

}  // namespace mortise::fakes
