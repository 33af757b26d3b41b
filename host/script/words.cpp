#include "script/words.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>

namespace mortise::script {
namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kMostListed = 12;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Damerau-Levenshtein (neighbours may swap), in half edits so that case can count half.
int half_edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<int>> rows(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = static_cast<int>(2 * i);
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = static_cast<int>(2 * j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = a[i - 1], y = b[j - 1];
      const int replace = x == y ? 0 : lower(x) == lower(y) ? 1 : 2;
      int best = std::min({rows[i - 1][j] + 2, rows[i][j - 1] + 2, rows[i - 1][j - 1] + replace});
      if (i > 1 && j > 1 && x == b[j - 2] && y == a[i - 2]) {
        best = std::min(best, rows[i - 2][j - 2] + 2);
      }
      rows[i][j] = best;
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const int most = std::max(2, static_cast<int>(word.size()) * 2 / 3);
  int best = most + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongestWord) continue;
    const int distance = half_edits(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const std::string nearest = nearest_word(word, known); !nearest.empty()) {
    return fmt::format("; did you mean '{}'?", nearest);
  }
  if (known.empty()) return {};
  std::string list;
  for (std::size_t i = 0; i < known.size() && i < kMostListed; ++i) {
    list += (i == 0 ? "" : ", ") + known[i];
  }
  if (known.size() > kMostListed) list += ", ...";
  return fmt::format("; known: {}", list);
}

}  // namespace mortise::script
