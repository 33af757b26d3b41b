#include "script/words.hpp"

#include <fmt/format.h>

#include "core/words.hpp"

namespace mortise::script {

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kMostListed = 12;
  if (const auto nearest = core::nearest_word(word, known)) {
    return fmt::format("; did you mean '{}'?", *nearest);
  }
  if (known.empty()) return {};
  const auto listed = known.first(std::min(known.size(), kMostListed));
  return fmt::format("; known: {}{}", fmt::join(listed, ", "),
                     known.size() > kMostListed ? ", ..." : "");
}

}  // namespace mortise::script
