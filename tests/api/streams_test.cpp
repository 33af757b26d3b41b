// Server-sent events over real sockets.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>

#include "api/echo_server.hpp"

using namespace mortise;
using namespace mortise::tests;

namespace {

std::vector<api::Route> stream_routes(std::atomic<EchoServer*>* server,
                                      api::StreamLease lease = {}) {
  std::vector<api::Route> routes;
  routes.push_back({"GET", "/events/{topic}", "events", api::Access::open,
                    [server, lease](const api::Request& r) {
                      api::Response response;
                      api::Stream stream;
                      stream.since = server->load()->server().now();
                      stream.topic = r.param("topic");
                      stream.lease = lease;
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

TEST_CASE("streams: one ends when its time is over, and when its credential is taken away",
          "[api][streams]") {
  std::atomic<EchoServer*> self = nullptr;
  api::StreamLease lease{"key:1", "", 0, std::chrono::milliseconds(60)};
  EchoServer server({}, {}, stream_routes(&self, lease));
  self = &server;
  RawClient brief = server.connect();
  brief.send(get_request("/events/x"));
  brief.read_until("\n\n");
  CHECK(brief.is_closed());

  lease.life = std::chrono::hours(1);
  EchoServer patient({}, {}, stream_routes(&self, lease));
  self = &patient;
  RawClient first = patient.connect();
  first.send(get_request("/events/x"));
  first.read_until("\n\n");
  patient.server().end_streams("key:2");
  patient.server().publish("x", {"state", "{\"n\":1}", api::Event::Last::no});
  CHECK(first.read_until("\n\n").find("{\"n\":1}") != std::string::npos);
  patient.server().end_streams("key:1");
  CHECK(first.is_closed());
}

TEST_CASE("streams: an owner has so many, and a place again when one has ended", "[api][streams]") {
  std::atomic<EchoServer*> self = nullptr;
  api::EdgeOptions edge;
  edge.cors_origins = {"https://app.example"};
  EchoServer server({}, edge, stream_routes(&self, {"key:1", "key:1", 2, std::chrono::hours(1)}));
  self = &server;
  const auto open = [&] {
    RawClient client = server.connect();
    client.send(get_request("/events/x"));
    client.read_until("\n\n");
    return client;
  };
  RawClient first = open();
  const RawClient second = open();
  const RawAnswer refused = server.get("/events/x", "Origin: https://app.example\r\n");
  CHECK(refused.status == 429);
  CHECK(refused.headers.at("access-control-allow-origin") == "https://app.example");
  CHECK(refused.body.find("\"reason\":\"too_many_streams\"") != std::string::npos);
  server.server().publish("x", {"state", "{}", api::Event::Last::yes});
  first.read_until("\n\n");
  CHECK(first.is_closed());
  RawClient third = server.connect();
  third.send(get_request("/events/x"));
  CHECK(third.read_until("\r\n").find("200") != std::string::npos);
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

TEST_CASE("streams: one whose credential is taken away before it is open does not open",
          "[api][streams]") {
  std::promise<void> asked;
  std::promise<void> go_on;
  std::vector<api::Route> routes;
  routes.push_back({"GET", "/slow", "slow", api::Access::open, [&](const api::Request& r) {
                      asked.set_value();
                      go_on.get_future().wait();
                      api::Response response;
                      api::Stream stream;
                      stream.topic = "run_1";
                      stream.lease.credential = "key:1";
                      stream.lease.asked = r.begin;
                      response.stream = std::move(stream);
                      return response;
                    }});
  EchoServer server({}, {}, std::move(routes));
  RawClient client = server.connect();
  client.send(get_request("/slow"));
  asked.get_future().wait();
  server.server().end_streams("key:1");
  go_on.set_value();
  CHECK(client.read_answer().status == 401);
}
