#include "core/public_url.hpp"

#include <algorithm>

namespace mortise::core {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

}  // namespace

Result<std::string> public_url_from(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.empty()) return std::string();
  const bool is_web = url.starts_with(kHttp) || url.starts_with(kHttps);
  const std::string_view rest = is_web ? url.substr(url.find("//") + 2) : std::string_view();
  const std::string_view host = rest.substr(0, rest.find('/'));
  const bool odd = std::any_of(rest.begin(), rest.end(), [](char c) {
    return c <= ' ' || c > '~' || std::string_view("?#@\\\"<>").find(c) != std::string_view::npos;
  });
  if (!is_web || host.empty() || host.front() == ':' || odd) {
    return Error{Code::invalid, "expected an address like https://sync.example.org"};
  }
  return std::string(url);
}

std::string push_trouble(std::string_view public_url) {
  if (public_url.empty()) return "no_public_url";
  if (public_url.starts_with(kHttps)) return {};
  for (const std::string_view loopback : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (!public_url.starts_with(loopback)) continue;
    const std::string_view rest = public_url.substr(loopback.size());
    if (rest.empty() || rest[0] == ':' || rest[0] == '/') return {};
  }
  return "public_url_not_https";
}

}  // namespace mortise::core
