// The transport over TLS: whoever cannot prove to be the host that was asked for gets no byte.
#include <curl/curl.h>
#include <openssl/tls1.h>

#include <catch2/catch.hpp>
#include <future>
#include <optional>
#include <string>

#include "fakes/executor.hpp"
#include "net/curl_transport.hpp"
#include "net/tls_server.hpp"

using namespace mortise;
using net::CurlTransport;
using test::Identity;
using test::Subject;
using test::TlsServer;

namespace {

/// The authority that the next handles trust instead of the system's; none when it is empty. The
/// host has no setting for it (it trusts what the system trusts), so it comes in below the host.
std::string trusted_pem;

}  // namespace

extern "C" {
CURL* __real_curl_easy_init();  // NOLINT(bugprone-reserved-identifier): the linker's names
CURL* __wrap_curl_easy_init();  // NOLINT(bugprone-reserved-identifier)

CURL* __wrap_curl_easy_init() {  // NOLINT(bugprone-reserved-identifier)
  CURL* const easy = __real_curl_easy_init();
  if (easy == nullptr || trusted_pem.empty()) return easy;
  curl_blob pem{trusted_pem.data(), trusted_pem.size(), CURL_BLOB_COPY};
  curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &pem);
  return easy;
}
}

namespace {

struct Trust {
  explicit Trust(const Identity& authority) { trusted_pem = authority.pem(); }
  ~Trust() { trusted_pem.clear(); }
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;
};

struct Seen {
  ports::HttpOutcome outcome{Error{Code::internal, "no outcome"}, true};
  std::string request;  ///< what the server got to read
  int connections = 0;
  int handshakes = 0;
};

/// Sends one request with a secret to `origin`.
ports::HttpOutcome send(const std::string& origin) {
  fakes::PoolExecutor executor(1);
  net::CurlOptions options;
  options.origins = {origin};
  CurlTransport transport(options, executor);
  ports::HttpRequest request;
  request.method = "POST";
  request.url = origin + "/";
  request.headers = {{"Authorization", "Bearer secret"}};
  request.body = "{}";
  request.deadline_ms = 10'000;
  std::promise<ports::HttpOutcome> answered;
  transport.send(request,
                 [&](ports::HttpOutcome outcome) { answered.set_value(std::move(outcome)); });
  return answered.get_future().get();
}

/// Sends it to a server with this certificate.
Seen send_to(const Identity& identity, int version) {
  Seen seen;
  TlsServer server(identity, version, [&](test::RawConnection& connection) {
    seen.request = connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  seen.outcome = send(server.origin());
  seen.connections = server.connections();
  seen.handshakes = server.handshakes();
  return seen;  // the server's thread has ended
}

const Subject kRight{"IP:127.0.0.1"};

}  // namespace

TEST_CASE("transport: a host with a certificate of a trusted authority is spoken to",
          "[net][tls]") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Identity authority = test::make_authority();
  const Trust trust(authority);
  const Seen seen = send_to(test::signed_by(authority, kRight), version);
  INFO((seen.outcome.reply.ok() ? std::string() : seen.outcome.reply.error().message));
  REQUIRE(seen.outcome.reply.ok());
  CHECK(seen.outcome.reply->body == "ok");
  CHECK(seen.handshakes == 1);
  CHECK(seen.request.find("Authorization: Bearer secret\r\n") != std::string::npos);
}

TEST_CASE("transport: a certificate that does not prove the host gets no byte of the request",
          "[net][tls]") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Identity authority = test::make_authority();
  Identity shown;
  std::optional<Trust> trust;
  SECTION("signed by itself") {
    trust.emplace(authority);
    shown = test::signed_by_itself(kRight);
  }
  SECTION("signed by an authority that the system does not know") {
    shown = test::signed_by(authority, kRight);
  }
  SECTION("signed by another authority of the same name") {
    trust.emplace(authority);
    shown = test::signed_by(test::make_authority(), kRight);
  }
  SECTION("for another host") {
    trust.emplace(authority);
    shown = test::signed_by(authority, {"DNS:localhost, IP:127.0.0.2"});
  }
  SECTION("for no host") {
    trust.emplace(authority);
    shown = test::signed_by(authority, {});
  }
  SECTION("expired") {
    trust.emplace(authority);
    shown = test::signed_by(authority, {kRight.names, -7200, -3600});
  }
  SECTION("not valid yet") {
    trust.emplace(authority);
    shown = test::signed_by(authority, {kRight.names, 3600, 7200});
  }
  const Seen seen = send_to(shown, version);
  REQUIRE_FALSE(seen.outcome.reply.ok());
  INFO(seen.outcome.reply.error().message);
  CHECK(seen.outcome.reply.error().code == Code::unavailable);
  CHECK(seen.outcome.reply.error().reason == "bad_tls");
  CHECK_FALSE(seen.outcome.maybe_sent);
  CHECK(seen.connections == 1);
  CHECK(seen.request.empty());
}

TEST_CASE("transport: a host that speaks no TLS gets no byte of the request", "[net][tls]") {
  std::string read;
  test::RawServer server([&](test::RawConnection& connection) {
    char bytes[4096];
    const ssize_t got = ::recv(connection.fd(), bytes, sizeof bytes, 0);
    if (got > 0) read.assign(bytes, static_cast<std::size_t>(got));
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const ports::HttpOutcome outcome = send("https" + server.origin().substr(4));
  REQUIRE_FALSE(outcome.reply.ok());
  INFO(outcome.reply.error().message);
  CHECK(outcome.reply.error().code == Code::unavailable);
  CHECK(outcome.reply.error().reason == "bad_tls");
  CHECK_FALSE(outcome.maybe_sent);
  CHECK(read.find("secret") == std::string::npos);
}
