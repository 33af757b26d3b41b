// The two primitives that OAuth needs: PKCE's hash and the id token's signature.
#pragma once

#include <string>
#include <string_view>

namespace mortise::simulators::google {

std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace mortise::simulators::google
