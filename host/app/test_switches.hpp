// Where tests kill the process: MORTISE_DEBUG_FAILPOINT=<name>:<n> stops it, as kill -9 would, at
// the n-th passage of the named step of the journal.
#pragma once

#include "app/settings.hpp"
#include "sync/ports.hpp"

namespace mortise::app {

/// Does nothing unless the variable is set.
sync::Failpoint failpoint_from(const Environment& environment);

/// How far the wall clock is to be ahead of the machine's; 0 unless the variable is set.
std::int64_t clock_ahead_ms(const Environment& environment);

}  // namespace mortise::app
