// Where tests kill the process: MORTISE_DEBUG_FAILPOINT=<name>:<n> stops it, as kill -9 would, at
// the n-th passage of the named step of the journal.
#pragma once

#include <mortise/result.hpp>

#include "app/settings.hpp"
#include "sync/ports.hpp"

namespace mortise::app {

/// An empty one unless the variable is set. Code::invalid: no step has that name, or <n> is no
/// whole number from 1; <n> may be left out, and is 1 then.
Result<sync::Failpoint> failpoint_from(const Environment& environment);

/// How far the wall clock is to be ahead of the machine's; 0 unless the variable is set.
std::int64_t clock_ahead_ms(const Environment& environment);

}  // namespace mortise::app
