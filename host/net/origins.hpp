// Which URLs may be called, and which header lines may be sent.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/result.hpp>

#include "ports/transport.hpp"

struct Curl_URL;

namespace mortise::net {

struct UrlDeleter {
  void operator()(Curl_URL* url) const noexcept;
};
/// A URL as libcurl understood it. The same parsed value is checked and then called, so that two
/// parsers can not disagree about the host.
using ParsedUrl = std::unique_ptr<Curl_URL, UrlDeleter>;

/// Parses an absolute http or https URL without user information. Error: `invalid`.
Result<ParsedUrl> parse_url(const std::string& url);

/// "https://host:port", lower case, the port always written out.
std::string origin_of(const ParsedUrl& url);

/// True for "localhost", 127.0.0.0/8, ::1 as they stand in a URL.
bool is_loopback_host(std::string_view host);
/// The host as it stands in the URL.
std::string host_of(const ParsedUrl& url);

/// The origins that a host may speak to. Immutable, so safe to read from any thread.
class AllowedOrigins {
 public:
  /// Entries that are no URLs are left out: nothing can match them.
  explicit AllowedOrigins(const std::vector<std::string>& origins);
  bool contains(const ParsedUrl& url) const;

 private:
  std::set<std::string> origins_;
};

/// Refuses methods and headers that would change the framing or the destination of a request: CR,
/// LF or NUL anywhere, names that are no tokens, and the headers that the transport writes itself.
Status check_request(const ports::HttpRequest& request);

}  // namespace mortise::net
