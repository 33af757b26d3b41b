// planning.hours: "18:00-21:00", or several windows separated by commas, the same every day.
#pragma once

#include <string>

#include <mortise/result.hpp>

#include "core/timing.hpp"

namespace mortise::app {

/// Error `invalid`, saying what was expected.
Result<core::Availability> working_hours(const std::string& text);

}  // namespace mortise::app
