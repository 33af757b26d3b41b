// What a script remembers. The same inputs must give the same answers, from whichever state of the
// pool, so a script may not keep anything from one call to the next: examples are run, and if a
// local variable or table of the script is different afterwards, it is refused.
#pragma once

#include <map>
#include <string>

#include "script/script_text.hpp"
#include "script/state_pool.hpp"

namespace mortise::script {

struct KeptValue {
  std::string name;  ///< as the script names it: "seen.a"
  std::string
      value;  ///< a text, number or flag, a long text as its hash; else what and which it is
  friend bool operator==(const KeptValue&, const KeptValue&) = default;
};

/// The variables and table fields that the script's functions can reach, by the way to them: from
/// what the script returned, key by key and upvalue by upvalue.
using KeptState = std::map<std::string, KeptValue>;

/// Takes it from a state of the pool, the one last used for this script. Errors: what the script
/// holds is more than can be looked through.
Result<KeptState> kept_state(const ScriptText& text, StatePool& pool);

/// The finding for the first difference, or none. What could not be looked through is one, too.
Findings state_findings(const Result<KeptState>& before, const Result<KeptState>& after,
                        const ScriptText& text);

}  // namespace mortise::script
