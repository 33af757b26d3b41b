// The transport against a server that misbehaves in every way a test can think of.
#include <catch2/catch.hpp>

#include <future>

#include "fakes/executor.hpp"
#include "net/curl_transport.hpp"
#include "net/raw_server.hpp"

using mortise::Code;
using mortise::fakes::PoolExecutor;
using mortise::net::CurlOptions;
using mortise::net::CurlTransport;
using mortise::ports::HttpOutcome;
using mortise::ports::HttpRequest;
using mortise::test::RawConnection;
using mortise::test::RawServer;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\n\r\nok";

CurlOptions only(const std::string& origin) {
  CurlOptions options;
  options.origins = {origin};
  return options;
}

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.deadline_ms = 10'000;
  return request;
}

HttpOutcome send(CurlTransport& transport, HttpRequest request) {
  auto promise = std::make_shared<std::promise<HttpOutcome>>();
  auto future = promise->get_future();
  transport.send(std::move(request),
                 [promise](HttpOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

/// Sends one request to a server that does `script` with every connection.
HttpOutcome exchange(RawServer::Script script, HttpRequest request = get("/")) {
  PoolExecutor executor(1);
  RawServer server(std::move(script));
  CurlTransport transport(only(server.origin()), executor);
  request.url = server.origin() + request.url;
  return send(transport, std::move(request));
}

}  // namespace

TEST_CASE("transport: an answer comes back with status, lower-case headers and body", "[net]") {
  std::string seen;
  auto outcome = exchange([&](RawConnection& connection) {
    seen = connection.read_request();
    connection.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk);
  });
  REQUIRE(outcome.reply.ok());
  CHECK(outcome.reply->status == 200);
  CHECK(outcome.reply->body == "ok");
  CHECK(outcome.reply->headers ==
        mortise::ports::HttpHeaders{{"content-length", "2"}, {"x-two", "a"}});
  CHECK(seen.rfind("GET / HTTP/1.1\r\n", 0) == 0);
  CHECK(seen.find("User-Agent: Mortise") != std::string::npos);
  CHECK(seen.find("Expect") == std::string::npos);
}

TEST_CASE("transport: method, headers and body go out as given", "[net]") {
  std::string seen;
  HttpRequest request = get("/a%2Fb/../c?x=1");
  request.method = "PATCH";
  request.headers = {{"X-Empty", ""}, {"Authorization", "Bearer t"}};
  request.body = std::string("a\0b", 3);
  auto outcome = exchange(
      [&](RawConnection& connection) {
        seen = connection.read_request();
        connection.write(kOk);
      },
      request);
  REQUIRE(outcome.reply.ok());
  CHECK(seen.rfind("PATCH /a%2Fb/../c?x=1 HTTP/1.1\r\n", 0) == 0);
  CHECK(seen.find("X-Empty:\r\n") != std::string::npos);
  CHECK(seen.find("Authorization: Bearer t\r\n") != std::string::npos);
  CHECK(seen.find("Content-Type") == std::string::npos);
  CHECK(seen.substr(seen.size() - 3) == std::string("a\0b", 3));
}

TEST_CASE("transport: a redirect is an answer like any other", "[net]") {
  int requests = 0;
  auto outcome = exchange([&](RawConnection& connection) {
    ++requests;
    connection.read_request();
    connection.write("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  });
  REQUIRE(outcome.reply.ok());
  CHECK(outcome.reply->status == 302);
  CHECK(requests == 1);
}

TEST_CASE("transport: connections are reused", "[net]") {
  PoolExecutor executor(1);
  RawServer server([](RawConnection& connection) {
    while (!connection.read_request().empty()) connection.write(kOk);
  });
  CurlTransport transport(only(server.origin()), executor);
  for (int i = 0; i < 5; ++i) CHECK(send(transport, get(server.origin() + "/")).reply.ok());
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: a reused connection that dies unanswered is not repeated behind our back",
          "[net]") {
  const std::string method = GENERATE("POST", "DELETE", "GET");
  std::atomic<int> requests = 0;
  PoolExecutor executor(1);
  RawServer server([&](RawConnection& connection) {
    while (!connection.read_request().empty()) {
      if (++requests == 2) return;  // takes the request, perhaps acts on it, and is gone
      connection.write(kOk);
    }
  });
  CurlTransport transport(only(server.origin()), executor);
  HttpRequest request = get(server.origin() + "/");
  request.method = method;
  if (method == "POST") request.body = "{}";
  CHECK(send(transport, request).reply.ok());
  auto second = send(transport, request);
  REQUIRE_FALSE(second.reply.ok());
  CHECK(second.reply.error().code == Code::unavailable);
  CHECK(second.maybe_sent);
  CHECK(requests == 2);
}

TEST_CASE("transport: no answer in time is `unavailable` and may have been sent", "[net]") {
  HttpRequest request = get("/");
  request.deadline_ms = 100;
  auto outcome = exchange([](RawConnection& connection) { connection.wait_closed(); }, request);
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::unavailable);
  CHECK(outcome.reply.error().reason == "timeout");
  CHECK(outcome.maybe_sent);
}

TEST_CASE("transport: the deadline is for the whole answer, however busy the line", "[net]") {
  HttpRequest request = get("/");
  request.deadline_ms = 200;
  request.max_reply_bytes = std::size_t{1} << 40;
  auto outcome = exchange(
      [](RawConnection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n\r\n");
        while (connection.write("x")) {
        }
      },
      request);
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().reason == "timeout");
}

TEST_CASE("transport: nobody listening is certainly not sent", "[net]") {
  std::string origin;
  {
    origin = RawServer([](RawConnection&) {}).origin();
  }
  PoolExecutor executor(1);
  CurlTransport transport(only(origin), executor);
  auto outcome = send(transport, get(origin + "/"));
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::unavailable);
  CHECK(outcome.reply.error().reason == "no_connection");
  CHECK_FALSE(outcome.maybe_sent);
}

TEST_CASE("transport: an answer that is cut off or is no HTTP is `unavailable`", "[net]") {
  const std::string answer = GENERATE(
      as<std::string>{}, "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
  auto outcome = exchange([&](RawConnection& connection) {
    connection.read_request();
    connection.write(answer);
  });
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::unavailable);
  CHECK(outcome.maybe_sent);
}

TEST_CASE("transport: an answer over the bound is `too_large`", "[net]") {
  HttpRequest request = get("/");
  request.max_reply_bytes = 1000;
  SECTION("declared") {
    auto outcome = exchange(
        [](RawConnection& connection) {
          connection.read_request();
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" +
                           std::string(1001, 'x'));
        },
        request);
    REQUIRE_FALSE(outcome.reply.ok());
    CHECK(outcome.reply.error().code == Code::too_large);
  }
  SECTION("endless") {
    auto outcome = exchange(
        [](RawConnection& connection) {
          connection.read_request();
          connection.write("HTTP/1.1 200 OK\r\n\r\n");
          while (connection.write(std::string(1000, 'x'))) {
          }
        },
        request);
    REQUIRE_FALSE(outcome.reply.ok());
    CHECK(outcome.reply.error().code == Code::too_large);
  }
  SECTION("endless headers") {
    auto outcome = exchange(
        [](RawConnection& connection) {
          connection.read_request();
          connection.write("HTTP/1.1 200 OK\r\n");
          while (connection.write("X-Header: " + std::string(1000, 'x') + "\r\n")) {
          }
        },
        request);
    REQUIRE_FALSE(outcome.reply.ok());
    CHECK(outcome.reply.error().code == Code::too_large);
  }
  SECTION("exactly at it is fine") {
    auto outcome = exchange(
        [](RawConnection& connection) {
          connection.read_request();
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" +
                           std::string(1000, 'x'));
        },
        request);
    CHECK(outcome.reply.ok());
  }
}

TEST_CASE("transport: only configured origins are spoken to", "[net]") {
  PoolExecutor executor(1);
  RawServer server([](RawConnection& connection) {
    connection.read_request();
    connection.write(kOk);
  });
  CurlTransport transport(only("https://api.example.com"), executor);
  const std::string own = server.origin() + "/";
  const std::string url = GENERATE_REF(
      as<std::string>{}, own, "http://api.example.com/", "https://api.example.com:444/",
      "https://api.example.com.evil.test/", "https://api.example.com@evil.test/",
      "https://user:secret@api.example.com/", "file:///etc/passwd", "gopher://127.0.0.1/",
      "https://evil.test\\@api.example.com/", "https://api.example.com/\r\nX-Evil: 1",
      "api.example.com/", "");
  INFO(url);
  auto outcome = send(transport, get(url));
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::invalid);
  CHECK_FALSE(outcome.maybe_sent);
  CHECK(server.connections() == 0);
}

TEST_CASE("transport: a configured name that resolves to this machine is refused", "[net]") {
  PoolExecutor executor(1);
  RawServer server([](RawConnection& connection) { connection.write(kOk); });
  // Every label under .localhost resolves to the loopback address (RFC 6761).
  const std::string origin =
      "http://rebind.localhost:" + server.origin().substr(server.origin().rfind(':') + 1);
  CurlTransport transport(only(origin), executor);
  auto outcome = send(transport, get(origin + "/"));
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::invalid);
  CHECK(outcome.reply.error().reason == "address_refused");
  CHECK(server.connections() == 0);
}

TEST_CASE("transport: headers that would change the request are refused", "[net]") {
  PoolExecutor executor(1);
  RawServer server([](RawConnection&) {});
  CurlTransport transport(only(server.origin()), executor);
  HttpRequest request = get(server.origin() + "/");
  using Header = std::pair<std::string, std::string>;
  request.headers = {GENERATE(
      Header{"X-A", "1\r\nX-B: 2"}, Header{"X-A", "1\n"}, Header{"X-A", std::string("a\0b", 3)},
      Header{"X-A\r\nX-B", "1"}, Header{"X A", "1"}, Header{"", "1"}, Header{"X-A:", "1"},
      Header{"Host", "evil.test"}, Header{"content-length", "0"},
      Header{"Transfer-Encoding", "chunked"}, Header{"Connection", "close"})};
  auto outcome = send(transport, request);
  REQUIRE_FALSE(outcome.reply.ok());
  CHECK(outcome.reply.error().code == Code::invalid);
  CHECK(server.connections() == 0);
}

TEST_CASE("transport: a method outside the list is refused", "[net]") {
  PoolExecutor executor(1);
  RawServer server([](RawConnection&) {});
  CurlTransport transport(only(server.origin()), executor);
  HttpRequest request = get(server.origin() + "/");
  request.method = GENERATE("get", "TRACE", "CONNECT", "GET / HTTP/1.1\r\nX: ", "");
  CHECK(send(transport, request).reply.error().code == Code::invalid);
}

TEST_CASE("transport: a proxy gets the request of a public origin", "[net]") {
  std::string seen;
  PoolExecutor executor(1);
  RawServer proxy([&](RawConnection& connection) {
    seen = connection.read_request();
    connection.write(kOk);
  });
  CurlOptions options = only("http://api.example.com");
  options.proxy = proxy.origin();
  CurlTransport transport(options, executor);
  CHECK(send(transport, get("http://api.example.com/v1")).reply.ok());
  CHECK(seen.rfind("GET http://api.example.com/v1 HTTP/1.1\r\n", 0) == 0);
}

TEST_CASE("transport: closing ends what is under way, each exactly once", "[net]") {
  std::atomic<int> ended = 0;
  std::atomic<int> closing = 0;
  {
    PoolExecutor executor(2);
    RawServer server([](RawConnection& connection) { connection.wait_closed(); });
    {
      CurlTransport transport(only(server.origin()), executor);
      for (int i = 0; i < 50; ++i) {
        transport.send(get(server.origin() + "/"), [&](HttpOutcome outcome) {
          ++ended;
          if (!outcome.reply.ok() && outcome.reply.error().reason == "closing") ++closing;
        });
      }
    }
  }
  CHECK(ended == 50);
  CHECK(closing == 50);
}

TEST_CASE("transport: many threads send at once and each gets its own answer", "[net]") {
  PoolExecutor executor(2);
  RawServer server([](RawConnection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      const std::string path = request.substr(5, request.find(' ', 5) - 5);
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(path.size()) +
                       "\r\n\r\n" + path);
    }
  });
  CurlOptions options = only(server.origin());
  options.connections_per_host = 1;
  CurlTransport transport(options, executor);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string path = std::to_string(t) + "-" + std::to_string(i);
        auto outcome = send(transport, get(server.origin() + "/" + path));
        if (outcome.reply.ok() && outcome.reply->body == path) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 160);
}
