// A value in a line of the log (`key=value`), which must not be taken for more of the line.
#pragma once

#include <string>
#include <string_view>

namespace mortise::core {

/// A plain word as it is; anything else in double quotes, with \" and \\ before what would end or
/// escape, \n, \r and \t for those, and \xNN for other control characters.
std::string log_value(std::string_view text);

}  // namespace mortise::core
