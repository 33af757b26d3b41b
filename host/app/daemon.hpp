// `mortise serve`: the host as a Poco server application, from start to SIGINT or SIGTERM.
#pragma once

#include <string_view>

#include "app/command.hpp"

namespace mortise::app {

Command serve_command();

/// The logger's number of a level of `log.level`: the smaller, the graver.
int log_priority(std::string_view level);

}  // namespace mortise::app
