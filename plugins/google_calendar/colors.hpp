// Google's eleven event colours and the CSS names that stand for them (docs/kinds.md).
#pragma once

#include <string>
#include <string_view>

namespace google_calendar {

/// Google's id of the colour, or of the nearest that it has; empty for what is no CSS colour name.
std::string color_id(std::string_view name);
/// The name that stands for Google's id, or empty.
std::string color_name(std::string_view id);

}  // namespace google_calendar
