#include "api/address.hpp"

#include <arpa/inet.h>

#include <array>

namespace mortise::api {

std::string address_bytes(std::string_view text) {
  std::array<char, 16> bytes{};
  const std::string address(text);
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return {};
  const std::string v6(bytes.data(), 16);
  const std::string mapped = std::string(10, '\0') + "\xff\xff";
  return v6.compare(0, 12, mapped) == 0 ? v6.substr(12) : v6;
}

std::string address_group(std::string_view text) {
  std::string bytes = address_bytes(text);
  if (bytes.empty()) return std::string(text);
  if (bytes.size() == 16) bytes.resize(8);
  return bytes;
}

}  // namespace mortise::api
