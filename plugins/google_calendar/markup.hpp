// Descriptions: plain text with us, a little HTML at Google.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace google_calendar {

/// Tags taken off, entities resolved. Text without markup stays as it is, whatever '<' and '&' it
/// has.
std::string plain_of(std::string_view description);
/// What to write so that plain_of() gives `plain` back: the same, or escaped where it would be
/// taken for markup; cut at a code point after `most` characters.
std::string description_of(std::string_view plain, std::size_t most);
/// The first `most` code points.
std::string_view first_characters(std::string_view text, std::size_t most);

}  // namespace google_calendar
