#include "api/echo_server.hpp"

#include <stdexcept>

namespace mortise::tests {

namespace {

using api::Request;
using api::Response;

Response text(std::string body) {
  Response response;
  response.body = std::move(body);
  response.set("Content-Type", "text/plain");
  return response;
}

api::Router make_router(std::vector<api::Route> more) {
  api::Router router;
  router.add({"GET", "/", "root", api::Access::open, [](const Request&) { return text("hello"); }});
  router.add(
      {"POST", "/echo", "echo", api::Access::open, [](const Request& r) { return text(r.body); }});
  router.add({"GET", "/things/{thing}", "thing", api::Access::open,
              [](const Request& r) { return text(r.param("thing")); }});
  router.add({"DELETE", "/things/{thing}", "remove", api::Access::open, [](const Request&) {
                Response response;
                response.status = 204;
                return response;
              }});
  router.add({"GET", "/things/{thing}/parts/{part}", "part", api::Access::open,
              [](const Request& r) { return text(r.param("thing") + "|" + r.param("part")); }});
  router.add({"GET", "/client", "client", api::Access::open,
              [](const Request& r) { return text(r.client_address + " " + r.scheme); }});
  router.add({"GET", "/throws", "throws", api::Access::open,
              [](const Request&) -> Response { throw std::runtime_error("a secret detail"); }});
  for (api::Route& route : more) router.add(std::move(route));
  return router;
}

}  // namespace

EchoServer::EchoServer(api::ServerOptions options, api::EdgeOptions edge,
                       std::vector<api::Route> more)
    : edge_(std::make_unique<api::Edge>(make_router(std::move(more)), std::move(edge),
                                        api::EdgeHooks{})),
      server_(std::make_unique<api::Server>(
          options, api::Server::Callbacks{
                       [this](Request& request) { return edge_->handle(request); },
                       [this](Request& r, Response& response) { edge_->finish(r, response); },
                       [this](const api::ParseFailure& f) { return edge_->refuse(f); }})) {
  if (const auto started = server_->start(); !started)
    throw std::runtime_error(started.error().message);
}

RawAnswer EchoServer::get(std::string_view path, std::string_view lines) const {
  return connect().ask(get_request(path, lines));
}

api::ServerOptions impatient(int milliseconds) {
  api::ServerOptions options;
  const std::chrono::milliseconds deadline(milliseconds);
  options.limits.head_deadline = options.limits.body_deadline = deadline;
  options.limits.idle_deadline = options.limits.write_deadline = deadline;
  options.limits.heartbeat = options.limits.linger = deadline;
  return options;
}

}  // namespace mortise::tests
