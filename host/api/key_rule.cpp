#include "api/key_rule.hpp"

#include <algorithm>

#include "api/url.hpp"

namespace mortise::api {
namespace {

constexpr std::size_t kLongestName = 128;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Status check_key(std::string_view name, const std::vector<std::string>& scopes) {
  if (std::any_of(name.begin(), name.end(), is_control) || name.size() > kLongestName ||
      !is_utf8(name)) {
    return Error{Code::invalid,
                 "a key's name is one line of at most 128 bytes without control characters"};
  }
  for (const std::string& scope : scopes) {
    if (scope != "read" && scope != "write" && scope != "admin") {
      return Error{Code::invalid,
                   "there is no scope '" + scope + "'; scopes are read, write, admin"};
    }
  }
  if (scopes.empty()) return Error{Code::invalid, "a key needs at least one scope"};
  return {};
}

}  // namespace mortise::api
