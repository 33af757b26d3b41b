// Help with misspelt words.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mortise::core {

/// The candidate most like `word` (edit distance without regard to ASCII case, a swap of neighbours
/// counts once), or nothing when none is near: at most a third of the longer word may differ. Quick
/// whatever it is given: words over 64 bytes, and what comes after 1,000 words of like length, are
/// left out.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates);

/// The same as the end of a complaint: `; did you mean "nearest"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace mortise::core
