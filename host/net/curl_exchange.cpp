#include "net/curl_exchange.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace mortise::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

/// Addresses that no public service has: this machine and its link. A name in the allow list that
/// suddenly resolves to one of them is somebody's attempt to reach in.
bool is_inside_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    const std::uint32_t host = ntohl(v4->sin_addr.s_addr);
    return (host >> 24) == 127 || (host >> 24) == 0 || (host >> 16) == 0xa9fe;
  }
  if (address->sa_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      sockaddr_in mapped{};
      mapped.sin_family = AF_INET;
      std::memcpy(&mapped.sin_addr, v6.s6_addr + 12, 4);
      return is_inside_address(reinterpret_cast<const sockaddr*>(&mapped));
    }
    return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6);
  }
  return true;
}

bool is_inside_literal(const std::string& host) {
  return is_loopback_host(host) || host == "0.0.0.0" || host.rfind("169.254.", 0) == 0 ||
         host.rfind("[fe80:", 0) == 0;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

}  // namespace

CurlExchange::CurlExchange(ports::HttpRequest request, ParsedUrl url, const CurlOptions& options,
                           Done done)
    : request_(std::move(request)), url_(std::move(url)), done_(std::move(done)) {
  easy_.reset(curl_easy_init());
  if (easy_) configure(options);
}

bool CurlExchange::add_header(const std::string& line) {
  curl_slist* grown = curl_slist_append(headers_.get(), line.c_str());
  if (grown == nullptr) return false;
  static_cast<void>(headers_.release());
  headers_.reset(grown);
  return true;
}

void CurlExchange::configure(const CurlOptions& options) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_CURLU, url_.get());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  // Set even when empty: an unset proxy would be taken from the environment.
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,[::1]");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(request_.deadline_ms, 1)));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  // Idle connections are dropped before services usually drop them: fewer requests meet a dead one.
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 50L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlExchange::on_request_start);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  if (options.proxy.empty() && !is_inside_literal(host_of(url_))) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlExchange::on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  }
  configure_body();
}

void CurlExchange::configure_body() {
  CURL* easy = easy_.get();
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    add_header(value.empty() ? name + ";" : name + ": " + value);
    has_type = has_type || strcasecmp(name.c_str(), "content-type") == 0;
  }
  add_header("Expect:");
  const bool carries_body = request_.method != "GET" && request_.method != "DELETE";
  if (carries_body || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
    if (!has_type) add_header("Content-Type:");  // else libcurl claims it to be a form
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t bytes = size * count;
  exchange.header_bytes_ += bytes;
  if (exchange.header_bytes_ > kMaxHeaderBytes) {
    exchange.too_large_ = true;
    return 0;
  }
  const std::string_view line = trim({data, bytes});
  if (line.rfind("HTTP/", 0) == 0) {  // an interim answer (1xx) came before this one
    exchange.reply_.headers.clear();
    return bytes;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  exchange.reply_.headers.emplace_back(std::move(name), std::string(trim(line.substr(colon + 1))));
  return bytes;
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t bytes = size * count;
  if (bytes > exchange.request_.max_reply_bytes - exchange.reply_.body.size()) {
    exchange.too_large_ = true;
    return 0;
  }
  exchange.reply_.body.append(data, bytes);
  return bytes;
}

int CurlExchange::on_request_start(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (exchange.request_started_) {
    // A second start is libcurl's own repeat after a reused connection died. If the first start put
    // bytes on the wire, the service may have acted on them: whoever asked must decide.
    curl_off_t sent = 0;
    long request_bytes = 0;
    curl_easy_getinfo(exchange.easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(exchange.easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
    if (sent > 0 || request_bytes > 0) {
      exchange.repeat_refused_ = true;
      return CURL_PREREQFUNC_ABORT;
    }
  }
  exchange.request_started_ = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t CurlExchange::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  if (is_inside_address(&address->addr)) {
    static_cast<CurlExchange*>(self)->address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Error CurlExchange::failure(CURLcode code) const {
  const std::string what = request_.method + " " + origin_of(url_) + ": ";
  if (too_large_) {
    return {Code::too_large, what + "the answer is larger than " +
                                 std::to_string(request_.max_reply_bytes) +
                                 " bytes or its head is"};
  }
  if (address_refused_) {
    return {Code::invalid, what + "the name resolves to an address inside this machine",
            "address_refused"};
  }
  if (repeat_refused_) return {Code::unavailable, what + "the connection closed without an answer"};
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::unavailable, what + "no complete answer in time", "timeout"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Code::unavailable, what + "the name does not resolve", "no_connection"};
    case CURLE_COULDNT_CONNECT:
      return {Code::unavailable, what + "no connection", "no_connection"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Code::unavailable, what + "the certificate is not valid for this host", "bad_tls"};
    case CURLE_SSL_CONNECT_ERROR:  // also a certificate whose signature is wrong
      return {Code::unavailable, what + "no TLS connection came about", "bad_tls"};
    default:
      return {Code::unavailable, what + curl_easy_strerror(code)};
  }
}

ports::HttpOutcome CurlExchange::outcome(CURLcode code) {
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    return {std::move(reply_), true};
  }
  long request_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  return {failure(code), repeat_refused_ || (request_started_ && request_bytes > 0)};
}

}  // namespace mortise::net
