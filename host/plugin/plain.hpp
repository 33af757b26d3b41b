// What a plugin said, made fit for one line of a log or of an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <mortise/abi.h>

namespace mortise::plugin {

/// At most `most` bytes of `raw`, cut between characters; control characters become blanks, and
/// what is not ASCII a '?' where the text is not UTF-8.
std::string one_line(mt_str raw, std::size_t most);

/// A plugin's own word within a sentence: 'word', at most 100 bytes of it.
std::string in_quotes(std::string_view word);

}  // namespace mortise::plugin
