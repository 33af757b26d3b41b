// `mortise doctor`: looks at an installation as `serve` would, and changes nothing.
#pragma once

#include "app/command.hpp"

namespace mortise::app {

Command doctor_command();

}  // namespace mortise::app
