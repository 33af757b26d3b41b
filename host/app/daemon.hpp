// `mortise serve`: the host as a process, from start to SIGINT or SIGTERM.
#pragma once

#include <string>
#include <string_view>

#include "app/command.hpp"

namespace mortise::app {

Command serve_command();

/// The logger's number of a level of `log.level`: the smaller, the graver.
int log_priority(std::string_view level);

/// Writes a line, in one call where the system takes it so. One that cannot be written is lost, and
/// no other with it: a log on a disk that was full goes on when it is not.
void write_line(int file, std::string line);

}  // namespace mortise::app
