// Server-sent events over real sockets.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "api/echo_server.hpp"

using namespace mortise;
using namespace mortise::tests;

namespace {

std::vector<api::Route> stream_routes(std::atomic<EchoServer*>* server) {
  std::vector<api::Route> routes;
  routes.push_back(
      {"GET", "/events/{topic}", "events", api::Access::open, [server](const api::Request& r) {
         api::Response response;
         api::Stream stream;
         stream.since = server->load()->server().now();
         stream.topic = r.param("topic");
         stream.last_event_id = r.header("last-event-id").value_or("");
         stream.first = api::Event{"state", "{\"n\":0}", api::Event::Last::no};
         response.stream = std::move(stream);
         return response;
       }});
  return routes;
}

}  // namespace

TEST_CASE("streams: events arrive in order, the last one ends the stream", "[api][streams]") {
  std::atomic<EchoServer*> self = nullptr;
  EchoServer server({}, {}, stream_routes(&self));
  self = &server;
  RawClient client = server.connect();
  client.send(get_request("/events/run_1"));
  const std::string head = client.read_until("\r\n\r\n");
  CHECK(head.find("HTTP/1.1 200 OK\r\n") == 0);
  CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(head.find("X-Request-Id: ") != std::string::npos);
  CHECK(client.read_until("\n\n").find("data: {\"n\":0}\n") != std::string::npos);
  server.server().publish("run_1", {"state", "{\"n\":1}", api::Event::Last::no});
  server.server().publish("run_2", {"state", "{\"n\":9}", api::Event::Last::no});
  server.server().publish("run_1", {"state", "{\"n\":2}", api::Event::Last::yes});
  const std::string one = client.read_until("\n\n");
  CHECK(one.find("data: {\"n\":1}\n") != std::string::npos);
  CHECK(client.read_until("\n\n").find("data: {\"n\":2}\n") != std::string::npos);
  CHECK(client.is_closed());
  // Coming back with the first event's id: only the second is sent again.
  const std::string id = one.substr(4, one.find('\n') - 4);
  RawClient again = server.connect();
  again.send(get_request("/events/run_1", "Last-Event-ID: " + id + "\r\n"));
  again.read_until("\r\n\r\n");
  CHECK(again.read_until("\n\n").find("data: {\"n\":2}\n") != std::string::npos);
  CHECK(again.is_closed());
}

TEST_CASE("streams: a quiet stream has heartbeats", "[api][streams]") {
  std::atomic<EchoServer*> self = nullptr;
  EchoServer server(impatient(30), {}, stream_routes(&self));
  self = &server;
  RawClient client = server.connect();
  client.send(get_request("/events/x"));
  client.read_until("\n\n");
  for (int i = 0; i < 3; ++i)
    CHECK(client.read_until("\n\n").find(": heartbeat") != std::string::npos);
}

TEST_CASE("streams: two hundred of them leave the workers free, slow readers are cut off",
          "[api][streams]") {
  std::atomic<EchoServer*> self = nullptr;
  EchoServer server({}, {}, stream_routes(&self));
  self = &server;
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get_request("/events/all"));
    clients.back().read_until("\n\n");
  }
  CHECK(server.get("/").body == "hello");
  // One client reads nothing while 16 MB pass; the hub gives it up and keeps the others.
  for (int i = 0; i < 256; ++i) {
    server.server().publish("slow", {"", std::string(65'536, 'x'), api::Event::Last::no});
    if (i > 0) continue;
    clients.front().send("ignored");
    clients.push_back(server.connect());
    clients.back().send(get_request("/events/slow"));
    clients.back().read_until("data: {\"n\":0}");
  }
  server.server().publish("all", {"", "everyone", api::Event::Last::no});
  for (int i = 0; i < 200; ++i) {
    CHECK(clients[static_cast<std::size_t>(i)].read_until("everyone\n").find("everyone") !=
          std::string::npos);
  }
  std::size_t got = 0;
  while (true) {
    const std::string part = clients.back().read_until("\n\n");
    got += part.size();
    if (part.size() < 65'000) break;
  }
  CHECK(got < 256 * 65'536);
}
