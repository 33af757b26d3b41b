// The host's own address: its one form, and whether services can be told it.
#include <catch2/catch.hpp>

#include "core/public_url.hpp"

using namespace mortise;
using core::push_trouble;

namespace {

std::string form(std::string_view url) {
  const auto answer = core::public_url_from(url);
  return answer ? *answer : std::string(code_name(answer.error().code));
}

}  // namespace

TEST_CASE("public_url: has one form, without a slash at its end", "[core][public_url]") {
  CHECK(form("") == "");
  CHECK(form("https://sync.example.org") == "https://sync.example.org");
  CHECK(form("https://sync.example.org/") == "https://sync.example.org");
  CHECK(form("https://example.org/sync//") == "https://example.org/sync");
  CHECK(form("http://127.0.0.1:8080/") == "http://127.0.0.1:8080");
  CHECK(form("http://[::1]:8080") == "http://[::1]:8080");
}

TEST_CASE("public_url: what links cannot be built on is refused", "[core][public_url]") {
  for (const char* bad :
       {"sync.example.org", "ftp://sync.example.org", "https:", "https://", "https:///x",
        "http://:80", "//sync.example.org", "HTTPS//sync", "https://a b.org", "https://a.org/?x=1",
        "https://a.org/#x", "https://me@a.org", "https://a.org\\b", "https://a.org/\x7f",
        "https://\xc3\xbc.org", "javascript:alert(1)"}) {
    CAPTURE(bad);
    CHECK(form(bad) == "invalid");
  }
}

TEST_CASE("public_url: services are told https addresses, and what does not leave this machine",
          "[core][public_url]") {
  CHECK(push_trouble("") == "no_public_url");
  CHECK(push_trouble("https://sync.example.org") == "");
  CHECK(push_trouble("http://sync.example.org") == "public_url_not_https");
  for (const char* local :
       {"http://127.0.0.1", "http://127.0.0.1:8080", "http://localhost/sync", "http://[::1]:80"}) {
    CHECK(push_trouble(local) == "");
  }
  CHECK(push_trouble("http://127.0.0.1.example.org") == "public_url_not_https");
  CHECK(push_trouble("http://localhost.example.org") == "public_url_not_https");
}
