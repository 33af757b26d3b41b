// A client that sends exactly the bytes it is told to, and reads answers back.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace mortise::tests {

struct RawAnswer {
  int status = 0;  ///< 0: the connection closed before an answer
  std::map<std::string, std::string>
      headers;  ///< names in lower case; repeated ones joined by ", "
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept : socket_(other.socket_) { other.socket_ = -1; }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False once the other side has closed.
  bool send(std::string_view bytes);
  /// Reads one answer with a Content-Length, or until the end. `head_only` for answers to HEAD.
  RawAnswer read_answer(bool head_only = false);
  /// Reads until `text` was seen; what was read so far, or all until the end of the connection.
  std::string read_until(std::string_view text);
  /// True if the other side closes without sending more.
  bool is_closed();
  /// Sends and reads one answer.
  RawAnswer ask(std::string_view bytes);

 private:
  bool fill();

  int socket_ = -1;
  std::string input_;
};

/// `GET /path HTTP/1.1` with a Host and, if given, further lines each ending in CRLF.
std::string get_request(std::string_view path, std::string_view lines = {});
std::string request(std::string_view method, std::string_view path, std::string_view body,
                    std::string_view lines = {});

/// The process's resident memory.
std::size_t resident_bytes();

}  // namespace mortise::tests
