// Spellings that HTTP and OAuth need. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mortise::net {

/// RFC 3986: everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// application/x-www-form-urlencoded, also good as a query string.
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields);

/// RFC 4648 section 4, with padding.
std::string base64(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
/// Nothing when `text` is not base64url without padding.
std::optional<std::string> from_base64url(std::string_view text);

/// PKCE (RFC 7636 section 4.2): BASE64URL(SHA256(verifier)).
std::string s256_challenge(std::string_view verifier);

}  // namespace mortise::net
