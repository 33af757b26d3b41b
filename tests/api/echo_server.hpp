// A server with a few routes that show what a handler was given.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/edge.hpp"
#include "api/raw_client.hpp"
#include "api/server.hpp"

namespace mortise::tests {

class EchoServer {
 public:
  explicit EchoServer(api::ServerOptions options = {}, api::EdgeOptions edge = {},
                      std::vector<api::Route> more = {});

  int port() const { return server_->port(); }
  api::Server& server() { return *server_; }
  RawClient connect() const { return RawClient(port()); }
  RawAnswer get(std::string_view path, std::string_view lines = {}) const;

 private:
  std::unique_ptr<api::Edge> edge_;
  std::unique_ptr<api::Server> server_;
};

/// Deadlines short enough for a test to wait for.
api::ServerOptions impatient(int milliseconds);

}  // namespace mortise::tests
