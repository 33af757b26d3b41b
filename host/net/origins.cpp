#include "net/origins.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>

namespace mortise::net {
namespace {

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_token(std::string_view text) {
  // RFC 9110 section 5.6.2.
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

bool has_control_or_space(std::string_view text) {
  return has_control(text) || text.find_first_of(" \t") != std::string_view::npos;
}

}  // namespace

void UrlDeleter::operator()(Curl_URL* url) const noexcept {
  curl_url_cleanup(url);
}

Result<ParsedUrl> parse_url(const std::string& url) {
  if (has_control_or_space(url)) {
    return Error{Code::invalid, "the URL holds a space or a control character"};
  }
  ParsedUrl parsed(curl_url());
  if (!parsed) return Error{Code::internal, "no memory for a URL"};
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
    return Error{Code::invalid, "not an absolute URL"};
  }
  const std::string scheme = part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return Error{Code::invalid, "only http and https are spoken, not '" + scheme + "'"};
  }
  if (!part(parsed.get(), CURLUPART_USER).empty() ||
      !part(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return Error{Code::invalid, "a URL with user information is refused"};
  }
  return parsed;
}

std::string host_of(const ParsedUrl& url) {
  return lower(part(url.get(), CURLUPART_HOST));
}

std::string origin_of(const ParsedUrl& url) {
  return part(url.get(), CURLUPART_SCHEME) + "://" + host_of(url) + ":" +
         part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host == "::1" || host.substr(0, 4) == "127.";
}

AllowedOrigins::AllowedOrigins(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    if (auto url = parse_url(origin); url.ok()) origins_.insert(origin_of(*url));
  }
}

bool AllowedOrigins::contains(const ParsedUrl& url) const {
  return origins_.count(origin_of(url)) != 0;
}

Status check_request(const ports::HttpRequest& request) {
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  constexpr std::array<std::string_view, 6> kOurs = {
      "host", "content-length", "transfer-encoding", "connection", "upgrade", "expect"};
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return Error{Code::invalid, "the method is none of GET, POST, PUT, PATCH, DELETE"};
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return Error{Code::invalid, "a header name is not a token"};
    if (has_control(value)) {
      return Error{Code::invalid, "the value of header '" + name + "' holds a control character"};
    }
    if (std::find(kOurs.begin(), kOurs.end(), lower(name)) != kOurs.end()) {
      return Error{Code::invalid, "header '" + name + "' is written by the host"};
    }
  }
  return {};
}

}  // namespace mortise::net
