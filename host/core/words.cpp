#include "core/words.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace mortise::core {
namespace {

constexpr std::size_t kLongestWord = 64;  // hostile words are not worth a comparison
constexpr int kMostCompared = 1000;       // nor are hostile numbers of them

// Of two words that differ more than this, one is no slip of the other.
std::size_t allowed_distance(std::string_view a, std::string_view b) {
  return std::max(a.size(), b.size()) / 3;
}

bool worth_comparing(std::string_view a, std::string_view b) {
  if (std::max(a.size(), b.size()) > kLongestWord) return false;
  return std::max(a.size(), b.size()) - std::min(a.size(), b.size()) <= allowed_distance(a, b);
}

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
}

// Optimal string alignment over three rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  int compared = 0;
  for (const std::string_view candidate : candidates) {
    if (!worth_comparing(word, candidate)) continue;
    if (++compared > kMostCompared) break;
    const std::size_t apart = distance(word, candidate);
    if (apart > allowed_distance(word, candidate) || (best && apart >= best_distance)) continue;
    best = candidate;
    best_distance = apart;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto near = nearest_word(word, candidates);
  return near ? fmt::format("; did you mean \"{}\"?", *near) : std::string();
}

}  // namespace mortise::core
