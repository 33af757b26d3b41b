// The keys by which both sides of a sync name a task's item: "task:<id>", and for one occurrence of
// a recurring task "task:<id>/<slot>". Other keys ("week:...") name containers. Pure.
#pragma once

#include <string>

namespace mortise::core {

/// The task's id; empty for other keys.
std::string task_id_of(const std::string& key);

/// The occurrence's slot (core/occurrence.hpp); empty for whole tasks.
std::string slot_of(const std::string& key);

/// Whether it is one occurrence's: no item by itself, for whoever counts them.
bool names_occurrence(const std::string& key);

}  // namespace mortise::core
