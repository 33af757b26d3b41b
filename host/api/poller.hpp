// One thread that waits for all connections (epoll): collects requests, hands whole ones on, sends
// answers, keeps event streams open, and ends what takes too long. It never runs a handler and
// never blocks, so that any number of slow or idle clients costs no thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <mortise/result.hpp>

#include "api/event_hub.hpp"
#include "api/http_parser.hpp"

namespace mortise::api {

struct PollerLimits {
  HttpLimits http;
  HubLimits hub;
  std::chrono::milliseconds head_deadline{10'000};   ///< from the first byte of a head to its last
  std::chrono::milliseconds body_deadline{30'000};   ///< from the head to the end of the body
  std::chrono::milliseconds idle_deadline{75'000};   ///< between two requests
  std::chrono::milliseconds write_deadline{30'000};  ///< an answer, or a pause of a stream's reader
  std::chrono::milliseconds linger{2'000};  ///< reading on after a refusal, so that it arrives
  std::chrono::milliseconds heartbeat{15'000};
  std::size_t connections = 10'000;               ///< beyond it, idle ones make room for new ones
  std::size_t buffered_bytes = 16 * 1024 * 1024;  ///< of all unfinished requests together
  std::size_t stream_backlog_bytes = 256 * 1024;  ///< a slower reader is cut off
};

class Poller {
 public:
  using ConnectionId = EventHub::ConnectionId;

  struct Callbacks {
    /// A whole request; called on the poller's thread, must not block. False: too busy, answer 503.
    std::function<bool(ConnectionId, Request&&)> on_request;
    /// The bytes of a whole answer for a request that never reaches a handler.
    std::function<std::string(const ParseFailure&)> refuse;
  };

  /// What happens to a connection after an answer.
  enum class After { next_request, close };

  Poller(PollerLimits limits, std::string epoch, Callbacks callbacks);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  Status start();

  /// Any thread. Takes ownership of an accepted socket.
  void adopt(int socket, std::string peer);
  /// Any thread. The answer to the request handed out for `id`; sends it.
  void answer(ConnectionId id, std::string bytes, After after);
  /// Any thread. Sends `head`, then keeps the connection as a listener of `stream.topic` for as
  /// long as its lease says; 429 if its owner has too many.
  void answer(ConnectionId id, std::string head, Stream stream);
  /// Any thread. An event for the listeners of a topic.
  void publish(std::string topic, Event event);
  /// Any thread. Ends the streams of a credential, an owner or a topic of this name, and lets none
  /// open that was asked for before.
  void end_streams(std::string name);
  /// Any thread. The number of the newest event; see Stream::since.
  std::uint64_t now() const { return sequence_.load(); }

  /// Closes idle connections and streams, lets requests and answers under way finish, returns when
  /// none is left or the time is over. Ends the thread.
  void drain(std::chrono::milliseconds at_most);

  bool draining() const { return draining_.load(); }
  std::size_t connections() const { return open_.load(); }

 private:
  struct Connection;
  struct Adopt {
    int socket;
    std::string peer;
  };
  struct Answer {
    ConnectionId id;
    std::string bytes;
    After after;
  };
  struct OpenStream {
    ConnectionId id;
    std::string head;
    Stream stream;
  };
  struct Publish {
    std::string topic;
    std::uint64_t sequence;
    Event event;
  };
  struct EndStreams {
    std::string name;
  };
  struct Drain {
    std::chrono::steady_clock::time_point until;
  };
  using Command = std::variant<Adopt, Answer, OpenStream, Publish, EndStreams, Drain>;
  class Loop;

  void post(Command command);

  PollerLimits limits_;
  Callbacks callbacks_;
  std::string epoch_;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<std::uint64_t> sequence_{0};
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> open_{0};
  std::mutex mutex_;
  std::vector<Command> commands_;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace mortise::api
