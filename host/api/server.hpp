// The HTTP server of the host: cpp-httplib, tamed (ADR 0008). The library accepts connections and
// writes answers; the poller collects and validates requests before the library sees them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "api/http.hpp"
#include "api/poller.hpp"

namespace mortise::api {

struct ServerOptions {
  std::string address = "127.0.0.1";
  int port = 0;  ///< 0: any free one, see Server::port()
  unsigned workers = 2;
  /// Requests at or below these paths have a worker of their own: no slow answer stands before
  /// them.
  std::vector<std::string> express_paths = {"/hooks/", "/v1/health", "/v1/ready"};
  std::size_t waiting_requests = 1024;  ///< more than these are answered with 503
  PollerLimits limits;
};

class Server {
 public:
  struct Callbacks {
    /// Makes the answer, on a worker's thread. Must not throw.
    std::function<Response(Request&)> handle;
    /// Puts the finishing touches to an answer that came later.
    std::function<void(Request&, Response&)> finish;
    /// Makes the answer to what the parser refused, on the poller's thread: quick, no I/O.
    std::function<Response(const ParseFailure&)> refuse;
  };

  Server(ServerOptions options, Callbacks callbacks);
  ~Server();  ///< stops at once if still running
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and begins to accept. `unavailable` says which address could not be bound and why.
  /// Raises the process's soft limit of open files to what the connection limit needs.
  Status start();
  int port() const;

  /// Takes no more connections, lets what is under way finish for at most `drain`, then closes.
  void stop(std::chrono::milliseconds drain);

  /// Any thread: sends an event to the streams open on a topic.
  void publish(std::string topic, Event event);
  /// Any thread: ends the streams of a credential, of an owner (StreamLease), or of a topic, and
  /// those that were asked for before and are not open yet.
  void end_streams(std::string name);
  /// Any thread: see Stream::since.
  std::uint64_t now() const;
  std::size_t connections() const;

 private:
  class Tamed;
  std::unique_ptr<Tamed> tamed_;
};

}  // namespace mortise::api
