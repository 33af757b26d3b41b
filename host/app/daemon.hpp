// `mortise serve`: the host as a Poco server application, from start to SIGINT or SIGTERM.
#pragma once

#include "app/command.hpp"

namespace mortise::app {

Command serve_command();

}  // namespace mortise::app
