// One exchange as libcurl sees it: an easy handle, what was received, and how it ended.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>

#include "net/curl_transport.hpp"
#include "net/origins.hpp"

namespace mortise::net {

/// Lives on the transport's thread from start() to finish(). The easy handle keeps a pointer to it,
/// so it never moves.
class CurlExchange {
 public:
  using Done = std::function<void(ports::HttpOutcome)>;

  /// `options` must outlive the exchange.
  CurlExchange(ports::HttpRequest request, ParsedUrl url, const CurlOptions& options, Done done);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  /// Null when libcurl has no memory left.
  CURL* easy() const { return easy_.get(); }
  /// What came back, once libcurl has said `code`.
  ports::HttpOutcome outcome(CURLcode code);
  Done take_done() { return std::move(done_); }

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  };

  void configure(const CurlOptions& options);
  void configure_body();
  bool add_header(const std::string& line);
  Error failure(CURLcode code) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_request_start(void* self, char*, char*, int, int);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  ports::HttpRequest request_;
  ParsedUrl url_;
  Done done_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  ports::HttpReply reply_;
  std::size_t header_bytes_ = 0;
  bool request_started_ = false;
  bool repeat_refused_ = false;
  bool too_large_ = false;
  bool address_refused_ = false;
};

}  // namespace mortise::net
