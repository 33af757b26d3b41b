// Fingerprints of content. Thread-safe, pure.
#pragma once

#include <string>
#include <string_view>

#include "core/json.hpp"
#include "core/secret.hpp"

namespace mortise::core {

/// Schema version of hashed content: the byte in front of what content_hash() digests. Raising it
/// makes every stored hash differ once, so that items written under an older meaning are compared
/// anew.
inline constexpr char kContentVersion = 1;

/// What tells two contents apart: SHA-256 of kContentVersion and the canonical text, cut to 16
/// bytes, as 32 hex digits. `text` must come from canonical_json(): equal content is then an equal
/// hash.
std::string content_hash(const JsonText& text);

/// SHA-256 (FIPS 180-4) of any bytes, as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104) of any bytes, as 64 lower-case hex digits.
std::string hmac_sha256_hex(const Secret& key, std::string_view bytes);

}  // namespace mortise::core
