// Hours in which tests plan.
#pragma once

#include "core/timing.hpp"

namespace mortise::fakes {

/// The same window every day.
inline core::Availability every_day(core::DayWindow window = {18 * 3'600, 21 * 3'600}) {
  core::Availability availability;
  availability.days.fill({window});
  return availability;
}

}  // namespace mortise::fakes
