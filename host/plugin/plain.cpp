#include "plugin/plain.hpp"

#include <algorithm>

#include <mortise/text.hpp>

namespace mortise::plugin {

std::string one_line(mt_str raw, std::size_t most) {
  if (raw.data == nullptr) return {};
  std::string out(raw.data, std::min(raw.size, most));
  if (raw.size > out.size()) {  // the cut may go through a character
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U)
      out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();
  }
  const bool clean = is_utf8(out);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7F) c = ' ';
    if (byte > 0x7F && !clean) c = '?';
  }
  return out;
}

std::string in_quotes(std::string_view word) {
  constexpr std::size_t kMost = 100;
  const std::string shown = one_line({word.data(), word.size()}, kMost);
  return "'" + shown + (word.size() > shown.size() ? "...'" : "'");
}

}  // namespace mortise::plugin
