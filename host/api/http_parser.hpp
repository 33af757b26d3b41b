// Bytes to requests, strictly (RFC 9112). Pure: no socket, no clock. Everything two parsers could
// read in two ways is refused, because that is what request smuggling is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http.hpp"

namespace mortise::api {

struct HttpLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t headers = 100;
  std::size_t request_line_bytes = 8 * 1024;
  std::size_t body_bytes = 4 * 1024 * 1024;  ///< after de-chunking
};

/// Why a request was refused before any handler saw it.
struct ParseFailure {
  int status = 400;
  std::string reason;       ///< stable, for programs: `bad_chunk`
  std::string detail;       ///< one sentence, for people; never echoes input
  std::string origin = {};  ///< the request's Origin field, as far as it was read
};

/// Collects one request after another from one connection. Used by one thread at a time.
class HttpParser {
 public:
  enum class State { idle, head, body, complete, failed };

  explicit HttpParser(HttpLimits limits) : limits_(limits) {}

  /// Takes more bytes and goes as far as they allow. Bytes past a complete request are kept for the
  /// next one (pipelining).
  State feed(std::string_view bytes);

  State state() const { return state_; }
  const ParseFailure& failure() const { return failure_; }

  /// The Origin field of the request that is being collected, if it was read already.
  std::string origin() const { return std::string(request_.header("origin").value_or("")); }

  /// True once, after a head with `Expect: 100-continue` whose body has not begun to arrive.
  bool take_continue();

  /// Hands out the complete request and begins the next one with what is left over; look at
  /// `state()`.
  Request take();

  /// Bytes of memory held for this connection.
  std::size_t buffered() const { return input_.capacity() + request_.body.capacity(); }

 private:
  enum class Step {
    request_line,
    headers,
    fixed_body,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers
  };

  void run();
  bool step();
  bool next_line(std::string_view& line);
  bool on_request_line(std::string_view line);
  bool on_target();
  bool on_header(std::string_view line);
  bool on_head_complete();
  bool on_framing();
  bool on_chunk_size(std::string_view line);
  bool on_trailer(std::string_view line);
  bool append_body();
  bool finish();
  bool fail(int status, std::string_view reason, std::string_view detail);
  bool head_too_large();

  HttpLimits limits_;
  State state_ = State::idle;
  Step step_ = Step::request_line;
  ParseFailure failure_;
  Request request_;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
  std::string input_;
  std::size_t consumed_ = 0;  ///< bytes of `input_` already dealt with
  std::size_t searched_ = 0;  ///< no line feed before this offset
  std::size_t head_bytes_ = 0;
  std::size_t fields_ = 0;
  std::uint64_t missing_ = 0;  ///< bytes still to come of the body or of the chunk
};

}  // namespace mortise::api
