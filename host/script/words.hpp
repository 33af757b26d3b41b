// "Did you mean ...?": the nearest of the known words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mortise::script {

/// The known word with the fewest edits (insert, delete, replace, swap of neighbours; case counts
/// half) from `word`, if it is near enough to be meant: at most a third of its letters, and at
/// least one edit. Otherwise empty. Ties: the first of `known`.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean 'x'?" or, with none near, "; known: a, b, c" (at most 12), or empty.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace mortise::script
