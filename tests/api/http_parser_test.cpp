#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "api/http_parser.hpp"

using mortise::api::HttpLimits;
using mortise::api::HttpParser;
using State = HttpParser::State;

namespace {

struct Outcome {
  State state;
  int status;
  std::string reason;
};

Outcome feed(const std::string& bytes) {
  HttpParser parser{HttpLimits{}};
  const State state = parser.feed(bytes);
  return {state, state == State::failed ? parser.failure().status : 0, parser.failure().reason};
}

const std::string kHost = "Host: h\r\n";

}  // namespace

TEST_CASE("parser: a request is the same however its bytes are cut", "[api][parser]") {
  const std::string bytes =
      "POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-Thing:  one \r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=1\r\nWiki\r\nA\r\npedia in 2\r\n0\r\nTrailer: t\r\n\r\n"
      "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    HttpParser parser{HttpLimits{}};
    std::vector<mortise::api::Request> seen;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      parser.feed(std::string_view(bytes).substr(at, cut));
      while (parser.state() == State::complete) seen.push_back(parser.take());
    }
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].method == "POST");
    CHECK(seen[0].path == "/a");
    CHECK(seen[0].query == "b=c");
    CHECK(seen[0].header("x-thing") == "one");
    CHECK(seen[0].body == "Wikipedia in 2");
    CHECK(seen[1].path == "/next");
    CHECK(seen[1].body.empty());
    CHECK(parser.state() == State::idle);
    CHECK(parser.buffered() < 64);
  }
}

TEST_CASE("parser: what two servers could read in two ways is refused", "[api][parser]") {
  struct Case {
    const char* what;
    std::string bytes;
    int status;
  };
  const std::string line = "POST / HTTP/1.1\r\n";
  const std::vector<Case> cases = {
      {"CL and TE", line + kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"TE and CL", line + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
      {"CL twice, equal", line + kHost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
      {"CL twice, unequal", line + kHost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"CL list", line + kHost + "Content-Length: 3, 3\r\n\r\n", 400},
      {"CL signed", line + kHost + "Content-Length: +3\r\n\r\n", 400},
      {"CL negative", line + kHost + "Content-Length: -3\r\n\r\n", 400},
      {"CL hex", line + kHost + "Content-Length: 0x3\r\n\r\n", 400},
      {"CL empty", line + kHost + "Content-Length:\r\n\r\n", 400},
      {"CL wraps", line + kHost + "Content-Length: 18446744073709551617\r\n\r\n", 400},
      {"TE twice",
       line + kHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"TE unknown", line + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"TE hidden", line + kHost + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"TE in 1.0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n", 400},
      {"blank before colon", line + kHost + "Content-Length : 3\r\n\r\n", 400},
      {"blank in name", line + kHost + "Content Length: 3\r\n\r\n", 400},
      {"no name", line + kHost + ": 3\r\n\r\n", 400},
      {"no colon", line + kHost + "Content-Length\r\n\r\n", 400},
      {"folded field", line + kHost + "X: a\r\n b\r\n\r\n", 400},
      {"folded first field", line + " X: a\r\n" + kHost + "\r\n", 400},
      {"bare LF in head", line + "Host: h\nX: y\r\n\r\n", 400},
      {"bare LF ends head", line + kHost + "\n", 400},
      {"bare CR in value", line + kHost + "X: a\rb\r\n\r\n", 400},
      {"NUL in value", line + kHost + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"ESC in value", line + kHost + "X: \x1b[31m\r\n\r\n", 400},
      {"DEL in value", line + kHost + "X: \x7f\r\n\r\n", 400},
      {"no host", line + "\r\n", 400},
      {"two hosts", line + kHost + kHost + "\r\n", 400},
      {"two authorizations", line + kHost + "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
      {"compressed body", line + kHost + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n",
       415},
      {"odd expectation", line + kHost + "Expect: a-miracle\r\n\r\n", 417},
      {"two blanks", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"no target", "GET HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"HTTP/0.9", "GET /\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\n" + kHost + "\r\n", 505},
      {"lower-case version", "GET / http/1.1\r\n" + kHost + "\r\n", 400},
      {"tab in line", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"relative target", "GET a HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"raw UTF-8 in target", "GET /\xc3\xa9 HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"CONNECT", "CONNECT h:1 HTTP/1.1\r\n" + kHost + "\r\n", 501},
      {"TLS hello", "\x16\x03\x01\x02\n", 400},
      {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n", 400},
  };
  for (const Case& each : cases) {
    INFO(each.what);
    const Outcome outcome = feed(each.bytes);
    CHECK(outcome.state == State::failed);
    CHECK(outcome.status == each.status);
  }
}

TEST_CASE("parser: chunks are what they say they are", "[api][parser]") {
  const std::string head = "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> bad = {
      "g\r\n",          "\r\n",           "-1\r\n",          "0x4\r\nWiki\r\n",  " 4\r\nWiki\r\n",
      "4 \r\nWiki\r\n", "4\nWiki\r\n",    "4\r\nWikip\r\n",  "4\r\nWiki\n0\r\n", "123456789\r\n",
      "4;a=\x01\r\n",   "0\r\nT : x\r\n", "0\r\n folded\r\n"};
  for (const std::string& body : bad) {
    INFO(body);
    CHECK(feed(head + body).status == 400);
  }
  CHECK(feed(head + "4;" + std::string(300, 'x')).status == 400);
  CHECK(feed(head + "ffffffff\r\n").status == 413);
  CHECK(feed(head + "0\r\n\r\n").state == State::complete);
}

TEST_CASE("parser: heads and bodies have bounds", "[api][parser]") {
  const std::string line = "GET / HTTP/1.1\r\n" + kHost;
  std::string many = line;
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  CHECK(feed(many + "\r\n").status == 431);
  CHECK(feed(line + "X: " + std::string(17 * 1024, 'a')).status == 431);
  CHECK(feed("GET /" + std::string(9 * 1024, 'a')).status == 414);
  CHECK(feed(line + "Content-Length: 4194305\r\n\r\n").status == 413);
  CHECK(feed(line + "Content-Length: 4194304\r\n\r\n").state == State::body);
}

TEST_CASE("parser: random bytes neither crash it nor make it keep memory", "[api][parser]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string valid =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = valid;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    }
    HttpParser parser{HttpLimits{}};
    for (int repeat = 0; repeat < 3; ++repeat) {
      parser.feed(bytes);
      while (parser.state() == State::complete) parser.take();
    }
    CHECK(parser.buffered() < 64 * 1024);
  }
}

TEST_CASE("parser: 100-continue is due once, and only before the body", "[api][parser]") {
  const std::string head =
      "POST / HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  HttpParser waits{HttpLimits{}};
  waits.feed(head);
  CHECK(waits.take_continue());
  CHECK_FALSE(waits.take_continue());
  HttpParser impatient{HttpLimits{}};
  impatient.feed(head + "h");
  CHECK_FALSE(impatient.take_continue());
  CHECK(impatient.feed("i") == State::complete);
}
