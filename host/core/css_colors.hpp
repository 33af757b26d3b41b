// The names of colours that tasks may have (CSS Color Module Level 4, section 6.1; RFC 7986, 5.9).
#pragma once

#include <span>
#include <string_view>

namespace mortise::core {

/// All 148, in order.
std::span<const std::string_view> css_colors();

}  // namespace mortise::core
