// Base64 in the URL alphabet without padding, for tokens (RFC 4648, section 5).
#pragma once

#include <string>
#include <string_view>

namespace mortise::simulators::google {

std::string base64url(std::string_view bytes);

}  // namespace mortise::simulators::google
