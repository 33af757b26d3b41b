#include "simulators/demo/host_client.hpp"

#include <httplib.h>

namespace mortise::simulators {

HostClient::Reply HostClient::send(const std::string& method, const std::string& path,
                                   const std::string& body) const {
  httplib::Client client(host_);
  client.set_tcp_nodelay(true);
  client.set_read_timeout(30, 0);
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.headers = {{"Authorization", "Bearer " + key_}, {"Content-Type", "application/json"}};
  const auto result = client.send(request);
  if (!result) return {0, {}};
  return {result->status, result->body};
}

}  // namespace mortise::simulators
