// The address at which the world reaches the host (`server.public_url`): its one form, and whether
// services can be told it.
#pragma once

#include <string>
#include <string_view>

#include <mortise/result.hpp>

namespace mortise::core {

/// `url` without slashes at its end; the empty one stays empty. Error: `invalid` unless it is http
/// or https with a host and nothing that links could not be built on (user, query, fragment).
Result<std::string> public_url_from(std::string_view url);

/// Why services cannot send notifications to this address, or empty: `no_public_url`,
/// `public_url_not_https`. Plain http will do where it does not leave this machine.
std::string push_trouble(std::string_view public_url);

}  // namespace mortise::core
