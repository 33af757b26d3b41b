// The place where a listing goes on: opaque to clients, safe in a URL without encoding.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/hex.hpp"

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
  return std::to_string(number) + '.' + hex(id);
}

/// Nothing if `text` is not the text of a cursor. Clients send what they like.
inline std::optional<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, cursor.number);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '.') return std::nullopt;
  auto id = unhex(text.substr(static_cast<std::size_t>(number.ptr + 1 - text.data())));
  if (!id) return std::nullopt;
  cursor.id = *std::move(id);
  return cursor;
}

}  // namespace mortise::core
