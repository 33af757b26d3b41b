// What the replies to one step of an operation may take together. (One alone has a bound of its
// own, HttpRequest::max_reply_bytes; a step may ask for a thousand.)
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "ports/connector.hpp"

namespace mortise::ports {

inline constexpr std::size_t kMostReplyBytes = std::size_t{64} * 1024 * 1024;

/// Counts the replies to one step as they arrive. Thread-safe.
class ReplyRoom {
 public:
  /// The reply; or, if it is too much beside those before it, `too_large` without an answer.
  ConnectorReply keep(ConnectorReply reply) {
    if (reply.error) return reply;
    std::size_t bytes = reply.reply.body.size();
    for (const auto& [name, value] : reply.reply.headers) bytes += name.size() + value.size();
    for (std::size_t so_far = bytes_; so_far + bytes <= kMostReplyBytes;) {
      if (bytes_.compare_exchange_weak(so_far, so_far + bytes)) return reply;
    }
    ConnectorReply none;
    none.error = Error{Code::too_large, "the answers to one step are larger than 64 MiB together"};
    none.maybe_sent = true;
    return none;
  }
  /// The next step begins.
  void clear() { bytes_ = 0; }

 private:
  std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace mortise::ports
