// The place where a listing goes on: opaque to clients, safe in a URL without encoding.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mortise::core {

/// The sort key of the last item of a page: a number (a time, a position), then the id, which may
/// hold any byte because some ids are the app's own.
struct Cursor {
  std::int64_t number = 0;
  std::string id;
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

/// "<number>.<id in hex>".
inline std::string cursor_text(std::int64_t number, std::string_view id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = std::to_string(number) + '.';
  text.reserve(text.size() + 2 * id.size());
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

/// Nothing if `text` is not the text of a cursor. Clients send what they like.
inline std::optional<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, cursor.number);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '.') return std::nullopt;
  std::string_view hex = text.substr(static_cast<std::size_t>(number.ptr + 1 - text.data()));
  if (hex.size() % 2 != 0) return std::nullopt;
  for (; !hex.empty(); hex.remove_prefix(2)) {
    unsigned byte = 0;
    const auto parsed = std::from_chars(hex.data(), hex.data() + 2, byte, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != hex.data() + 2) return std::nullopt;
    cursor.id += static_cast<char>(byte);
  }
  return cursor;
}

}  // namespace mortise::core
