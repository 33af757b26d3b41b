// Bytes as lower-case hex digits, two a byte, and back. Pure.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mortise::core {

/// Allocates nothing if `out` has room: who spells a secret reserves first and leaves no copies.
inline void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
}

inline std::string hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  append_hex(text, bytes);
  return text;
}
inline std::string hex(std::span<const std::byte> bytes) {
  return hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
inline std::string hex(std::span<const unsigned char> bytes) {
  return hex(std::as_bytes(bytes));
}

/// Nothing if `text` is not hex digits, two a byte. Upper-case ones are understood, too.
inline std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (; !text.empty(); text.remove_prefix(2)) {
    unsigned byte = 0;
    const auto read = std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (read.ec != std::errc{} || read.ptr != text.data() + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace mortise::core
