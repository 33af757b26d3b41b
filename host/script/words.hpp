// "Did you mean ...?" in the messages of scripts.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mortise::script {

/// "; did you mean 'x'?" or, with none near, "; known: a, b, c" (at most 12), or empty.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace mortise::script
