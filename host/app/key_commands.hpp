// The commands about the master key, the app's keys and the connectors' secrets.
#pragma once

#include <vector>

#include "app/command.hpp"

namespace mortise::app {

std::vector<Command> key_commands();

}  // namespace mortise::app
