// ports::EraseAccount over maps.
#pragma once

#include <string>
#include <vector>

#include "fakes/memory_tables.hpp"

namespace mortise::fakes {

/// Erases all but pairs, whose keys it answers: they have indexes of their own.
std::vector<MemoryTables::Three> erase_memory(MemoryTables& tables, Undo& undo,
                                              const std::string& account_id);

}  // namespace mortise::fakes
