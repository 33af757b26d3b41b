// The two primitives behind PKCE, id tokens and signed notifications.
#pragma once

#include <string>
#include <string_view>

namespace mortise::simulators {

/// The bytes of the digest.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace mortise::simulators
