// The server over real sockets: what it answers, to whom, and when it closes.
#include <catch2/catch.hpp>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "api/echo_server.hpp"

using namespace mortise;
using namespace mortise::tests;

TEST_CASE("server: requests on one connection are answered in order, pipelined or not",
          "[api][server]") {
  EchoServer server;
  RawClient client = server.connect();
  CHECK(client.ask(get_request("/")).body == "hello");
  std::string all;
  for (int i = 0; i < 100; ++i) all += get_request("/things/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 100; ++i) CHECK(client.read_answer().body == std::to_string(i));
  CHECK(client.ask(request("POST", "/echo", "body")).body == "body");
}

TEST_CASE("server: HEAD is GET without the body, 204 has no length", "[api][server]") {
  EchoServer server;
  RawClient client = server.connect();
  client.send("HEAD /things/abc HTTP/1.1\r\nHost: h\r\n\r\n");
  const RawAnswer head = client.read_answer(true);
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "3");
  const RawAnswer removed = client.ask(request("DELETE", "/things/abc", ""));
  CHECK(removed.status == 204);
  CHECK(removed.headers.count("content-length") == 0);
  CHECK(client.ask(get_request("/")).body == "hello");
}

TEST_CASE("server: 404 and 405 are problems, and every answer carries its request id",
          "[api][server]") {
  EchoServer server;
  const RawAnswer missing = server.get("/nowhere");
  CHECK(missing.status == 404);
  CHECK(missing.headers.at("content-type") == "application/problem+json");
  CHECK(missing.body.find("\"request_id\":\"" + missing.headers.at("x-request-id") + "\"") !=
        std::string::npos);
  const RawAnswer wrong = server.connect().ask(request("PUT", "/things/x", ""));
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.at("allow") == "DELETE, GET, HEAD, OPTIONS");
  CHECK(server.connect().ask(request("BREW", "/things/x", "")).status == 501);
  CHECK(server.get("/things/%zz").status == 400);
  CHECK(server.get("/").headers.at("x-content-type-options") == "nosniff");
}

TEST_CASE("server: an escaped exception is a 500 that tells nothing", "[api][server]") {
  EchoServer server;
  const RawAnswer answer = server.get("/throws");
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret detail") == std::string::npos);
  CHECK(server.get("/").status == 200);
}

TEST_CASE("server: an encoded slash stays inside its segment", "[api][server]") {
  EchoServer server;
  CHECK(server.get("/things/a%2Fb/parts/%25").body == "a/b|%");
  CHECK(server.get("/things/a%2Fparts%2Fc").body == "a/parts/c");
  CHECK(server.get("http://test/things/absolute").body == "absolute");
}

TEST_CASE("server: a question mark inside the query is part of it", "[api][server]") {
  EchoServer server;
  RawClient client = server.connect();
  CHECK(client.ask(get_request("/things/a?next=/b?c=d?")).body == "a");
  CHECK(client.ask(get_request("/things/b??")).body == "b");  // the connection stays
}

TEST_CASE("server: HTTP/1.0 and Connection: close end the connection", "[api][server]") {
  EchoServer server;
  RawClient old = server.connect();
  CHECK(old.ask("GET / HTTP/1.0\r\n\r\n").body == "hello");
  CHECK(old.is_closed());
  RawClient polite = server.connect();
  const RawAnswer answer = polite.ask(get_request("/", "Connection: close\r\n"));
  CHECK(answer.headers.at("connection") == "close");
  CHECK(polite.is_closed());
}

TEST_CASE("server: 100-continue comes before the body, a refusal instead of it", "[api][server]") {
  EchoServer server;
  RawClient client = server.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  CHECK(client.read_answer().status == 100);
  CHECK(client.ask("body").body == "body");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  CHECK(client.read_answer().status == 413);
}

TEST_CASE("server: a forged REMOTE_ADDR is a header like any other", "[api][server]") {
  EchoServer server;
  CHECK(server.get("/client", "REMOTE_ADDR: 6.6.6.6\r\n").body == "127.0.0.1 http");
  CHECK(server.get("/client", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n").body ==
        "127.0.0.1 http");
}

TEST_CASE("server: forwarded headers count from trusted proxies only, right to left",
          "[api][server]") {
  api::EdgeOptions edge;
  edge.trusted_proxies = api::Networks::parse({"127.0.0.0/8", "10.0.0.0/8"}).value();
  EchoServer server({}, edge);
  const auto client = [&](const std::string& lines) { return server.get("/client", lines).body; };
  CHECK(client("X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.1.1.1\r\nX-Forwarded-Proto: https\r\n") ==
        "2.2.2.2 https");
  CHECK(client("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 3.3.3.3\r\n") == "3.3.3.3 http");
  CHECK(client("X-Forwarded-For: nonsense\r\n") == "127.0.0.1 http");
  CHECK(client("") == "127.0.0.1 http");
  CHECK(server.get("/", "X-Request-Id: abc-1\r\n").headers.at("x-request-id") == "abc-1");
  CHECK(server.get("/", "X-Request-Id: <b>\r\n").headers.at("x-request-id") != "<b>");
  CHECK_FALSE(api::Networks::parse({"10.0.0.0/33"}));
  CHECK_FALSE(api::Networks::parse({"example.org"}));
}

TEST_CASE("server: CORS lets configured origins in, and only those", "[api][server]") {
  api::EdgeOptions edge;
  edge.cors_origins = {"https://app.example"};
  EchoServer server({}, edge);
  const std::string preflight = "Access-Control-Request-Method: DELETE\r\n";
  const RawAnswer yes = server.connect().ask(
      "OPTIONS /things/x HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n" + preflight +
      "\r\n");
  CHECK(yes.status == 204);
  CHECK(yes.headers.at("access-control-allow-origin") == "https://app.example");
  CHECK(yes.headers.at("access-control-allow-methods") == "DELETE, GET, HEAD, OPTIONS");
  const RawAnswer no = server.get("/", "Origin: https://evil.example\r\n");
  CHECK(no.status == 200);
  CHECK(no.headers.count("access-control-allow-origin") == 0);
  CHECK(no.headers.at("vary") == "Origin");
}

TEST_CASE("server: what no handler answers can be read by configured origins, too",
          "[api][server]") {
  api::EdgeOptions edge;
  edge.cors_origins = {"https://app.example"};
  const std::string origin = GENERATE("https://app.example", "https://evil.example");
  const std::string line = "Origin: " + origin + "\r\n";
  const auto check = [&](const RawAnswer& answer, int status) {
    CHECK(answer.status == status);
    CHECK(answer.headers.at("vary") == "Origin");
    CHECK(answer.headers.count("access-control-allow-origin") ==
          (origin == "https://app.example" ? 1 : 0));
  };
  EchoServer server(impatient(200), edge);
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\n" + line;
  check(server.connect().ask(head + "Content-Length: 99999999\r\n\r\n"), 413);
  check(server.connect().ask(head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400);
  check(server.connect().ask(head + "Content-Length: 100\r\n\r\nabc"), 408);
  check(server.connect().ask("BREW / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n"), 501);
  // One that was answered before says nothing about the next on the same connection.
  RawClient kept = server.connect();
  CHECK(kept.ask(get_request("/", line)).body == "hello");
  CHECK(kept.ask("GET / HTTP/1.1\r\n\r\n").headers.count("access-control-allow-origin") == 0);
  api::ServerOptions options;
  options.waiting_requests = 0;
  check(EchoServer(options, edge).get("/", line), 503);
}

TEST_CASE("server: drain finishes what is under way and then is gone", "[api][server]") {
  std::promise<void> entered;
  std::promise<void> release;
  std::vector<api::Route> routes;
  routes.push_back({"GET", "/slow", "slow", api::Access::open, [&](const api::Request&) {
                      entered.set_value();
                      release.get_future().wait();
                      api::Response response;
                      response.body = "done";
                      return response;
                    }});
  EchoServer server({}, {}, std::move(routes));
  RawClient idle = server.connect();
  CHECK(idle.ask(get_request("/")).status == 200);
  RawClient busy = server.connect();
  busy.send(get_request("/slow"));
  entered.get_future().wait();
  std::thread stopper([&] { server.server().stop(std::chrono::seconds(10)); });
  CHECK(idle.is_closed());
  release.set_value();
  const RawAnswer answer = busy.read_answer();
  CHECK(answer.body == "done");
  CHECK(answer.headers.at("connection") == "close");
  { const RawClient gone = std::move(busy); }  // closes, so that nothing lingers
  stopper.join();
  CHECK_THROWS(server.connect());
}

TEST_CASE("server: a port in use is an error that names it", "[api][server]") {
  EchoServer server;
  api::ServerOptions options;
  options.port = server.port();
  api::Server second(
      options, {[](api::Request&) { return api::Response{}; }, [](api::Request&, api::Response&) {},
                [](const api::ParseFailure&) { return api::Response{}; }});
  const auto started = second.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find(std::to_string(server.port())) != std::string::npos);
}

TEST_CASE("server: an answer that comes later holds no worker", "[api][server]") {
  std::mutex mutex;
  std::vector<api::Response::Done> waiting;
  std::promise<void> all_wait;
  std::vector<api::Route> routes;
  routes.push_back({"GET", "/later", "later", api::Access::open, [&](const api::Request&) {
                      api::Response response;
                      response.later = [&](api::Response::Done done) {
                        const std::lock_guard lock(mutex);
                        waiting.push_back(std::move(done));
                        if (waiting.size() == 10) all_wait.set_value();
                      };
                      return response;
                    }});
  EchoServer server({}, {}, std::move(routes));
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get_request("/later"));
  }
  all_wait.get_future().wait();
  CHECK(server.get("/").body == "hello");
  for (const auto& done : waiting) {
    api::Response response;
    response.status = 202;
    response.body = "at last";
    done(response);
  }
  for (RawClient& client : clients) {
    const RawAnswer answer = client.read_answer();
    CHECK(answer.status == 202);
    CHECK(answer.body == "at last");
    CHECK(answer.headers.count("x-request-id") == 1);
    CHECK(client.ask(get_request("/")).body == "hello");
  }
}
