// Whether bytes are UTF-8: scripts may cut a text in the middle of a character.
#pragma once

#include <string>
#include <string_view>

namespace mortise::script {

/// The size of the well-formed character (RFC 3629) that `text` begins with, or 0.
std::size_t utf8_character(std::string_view text);

bool is_utf8(std::string_view text);

/// The text with '?' for each byte that belongs to no character.
std::string to_utf8(std::string_view text);

}  // namespace mortise::script
