// The HTTP server: stock cpp-httplib, plus connections that can be cut, held and slowed down on
// purpose. The only place that sees the library's server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "simulators/common/http.hpp"

namespace mortise::simulators {

class Server {
 public:
  /// Called from many threads at once.
  using Handler = std::function<Response(Request&)>;

  explicit Server(Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and serves on threads of its own. Port 0 takes any free one. Answers the port, 0 if it
  /// could not be bound.
  int start(const std::string& host, int port);
  /// Lets every held answer go.
  void release_holds();
  /// How many answers are being held.
  int held() const;
  /// Closes every connection and ends. Idempotent.
  void stop();

 private:
  class Tamed;
  std::unique_ptr<Tamed> tamed_;
};

}  // namespace mortise::simulators
