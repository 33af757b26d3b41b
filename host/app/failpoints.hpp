// Where tests kill the process: MORTISE_DEBUG_FAILPOINT=<name>:<n> stops it, as kill -9 would, at
// the n-th passage of the named step of the journal.
#pragma once

#include "app/settings.hpp"
#include "sync/ports.hpp"

namespace mortise::app {

/// Does nothing unless the variable is set.
sync::Failpoint failpoint_from(const Environment& environment);

}  // namespace mortise::app
