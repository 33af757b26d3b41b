// Addresses of clients, as numbers.
#pragma once

#include <string>
#include <string_view>

namespace mortise::api {

/// The 4 or 16 bytes of an address; an IPv4 address seen through an IPv6 socket is the IPv4
/// address. Empty if `text` is none.
std::string address_bytes(std::string_view text);

/// What one client counts as: its IPv4 address, or the /64 of its IPv6 address, of which whoever
/// has one has as many as they like. Any other text stands for itself.
std::string address_group(std::string_view text);

}  // namespace mortise::api
