// The document type of the whole host, and its canonical text.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include <mortise/result.hpp>

namespace mortise::core {

/// A JSON document. Include <nlohmann/json.hpp> in the .cpp that takes it apart; never in a header.
using Json = nlohmann::json;

/// JSON text in canonical form (RFC 8785, integers only): equal content is equal bytes. Most of the
/// host passes documents as this text and only codecs take them apart.
using JsonText = std::string;

/// Nesting that is accepted, in documents read and in documents written.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// Parses JSON text (RFC 8259) of at most `max_bytes`, nested at most kMaxJsonDepth deep, without
/// duplicate keys. Errors: `too_large` over max_bytes, else `invalid` with line and column; the
/// message repeats nothing of the text but a duplicate key's name, so the text may hold secrets.
/// Never throws.
Result<Json> parse_json(std::string_view text, std::size_t max_bytes = 16 * 1024 * 1024);

/// The canonical text (RFC 8785): no white space, keys in order of their UTF-16 code units. Numbers
/// must be integers within +-(2^53 - 1), a double of integral value counting as one; others are
/// refused with `invalid`, as are strings that are not UTF-8 and nesting over kMaxJsonDepth:
/// quantities have units that make them integers (seconds, minutes, cents). What it answers,
/// parse_json() accepts.
Result<JsonText> canonical_json(const Json& document);

}  // namespace mortise::core
