// The document type of the whole host, and its canonical text.
#pragma once

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

/// Parses JSON text of at most `max_bytes`; depth is bounded at 64. Error: `invalid`, with line and
/// column in the message. Never throws.
Result<Json> parse_json(std::string_view text, std::size_t max_bytes = 16 * 1024 * 1024);

/// The canonical text. Non-integer numbers are refused with `invalid`: quantities have units that make
/// them integers (seconds, minutes, cents).
Result<JsonText> canonical_json(const Json& document);

}  // namespace mortise::core
