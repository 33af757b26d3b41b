// What a script remembers. The same inputs must give the same answers, from whichever state of the
// pool, so a script may not keep anything from one call to the next: examples are run, and if a
// local variable or table of the script is different afterwards, it is refused.
#pragma once

#include <map>
#include <string>

#include "script/script_text.hpp"
#include "script/state_pool.hpp"

namespace mortise::script {

/// Names of variables and table fields that the script's functions can reach, with their values.
using KeptState = std::map<std::string, std::string>;

/// Takes it from a state of the pool, the one last used for this script.
Result<KeptState> kept_state(const ScriptText& text, StatePool& pool);

/// The finding for the first difference, or none.
Findings state_findings(const KeptState& before, const KeptState& after, const ScriptText& text);

}  // namespace mortise::script
