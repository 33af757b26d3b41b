// Values of settings that would do nothing, or harm, are refused when they are loaded.
#include <catch2/catch.hpp>
#include <fstream>

#include "app/setting_checks.hpp"
#include "app/variables.hpp"
#include "fakes/temporary_directory.hpp"

namespace mortise::tests {
namespace {

using app::Settings;
using Catch::Contains;

/// What is said about a file with this line; empty if nothing is.
std::string refusal(const std::string& line) {
  const fakes::TemporaryDirectory directory;
  std::ofstream(directory.file("mortise.properties")) << line << '\n';
  const auto loaded =
      Settings::load(directory.file("mortise.properties"), environment_of({}), names_of({}));
  return loaded ? std::string() : loaded.error().message;
}

}  // namespace

TEST_CASE("settings: addresses, origins, colours, networks and hours make sense",
          "[app][settings]") {
  for (const char* bad : {"server.cors_origins = app.example",
                          "server.cors_origins = https://app.example/",
                          "server.cors_origins = https://a.example, *",
                          "server.cors_origins = https://App.example",
                          "server.cors_origins = null",
                          "app.return_to = nope",
                          "app.return_to = /settings",
                          "app.return_to = https://a.example/?x",
                          "app.return_to = https://a.example, b.example",
                          "app.return_to = javascript:alert(1)",
                          "app.logo_url = ftp://x",
                          "app.logo_url = http://a.example/logo.svg",
                          "app.color = blueish",
                          "app.color = #12345",
                          "app.color = 2456c7",
                          "app.color = #24 6c7",
                          "app.upgrade_url = javascript:alert(1)",
                          "app.upgrade_url = upgrade",
                          "outbound.proxy = proxy:3128",
                          "server.address = 300.1.2.3",
                          "server.address = 127.0.0.1:80",
                          "server.address = [::1]",
                          "server.address =",
                          "server.trusted_proxies = abc",
                          "server.trusted_proxies = 10.0.0.0/33",
                          "planning.hours = late",
                          "connector.notion.origin.api = foo",
                          "connector.notion.origin.api = ftp://x",
                          "connector.notion.origin.api = https://",
                          "connector.notion.origin.api = https://a b",
                          "connector.notion.origin.api = https://u@x",
                          "connector.notion.origin.api = https://x/?y",
                          "connector.notion.origin.api ="}) {
    CAPTURE(bad);
    const std::string line(bad);
    CHECK_THAT(refusal(line), Contains(line.substr(0, line.find(' '))));
  }
  for (const char* good :
       {"server.cors_origins = https://a.example, http://127.0.0.1:8080",
        "server.cors_origins =", "app.return_to = https://a.example/, http://localhost:3000/back",
        "app.color = #2456c7", "app.color = #ABC", "app.logo_url = https://a.example/logo.svg?v=2",
        "app.upgrade_url = https://a.example/upgrade?from=mortise#plans",
        "outbound.proxy = http://proxy:3128", "server.address = 0.0.0.0", "server.address = ::1",
        "server.address = localhost", "server.trusted_proxies = 127.0.0.1, fd00::/8",
        "planning.hours = 09:00-12:00, 14:00-24:00",
        "connector.notion.origin.api = http://127.0.0.1:4010/v2/"}) {
    CAPTURE(good);
    CHECK(refusal(good) == "");
  }
}

TEST_CASE("settings: the password in an address is not in what is said of it", "[app][settings]") {
  for (const char* line : {"outbound.proxy = http://user:hunter2@proxy.example:3128",
                           "app.return_to = https://user:hunter2@a.example/",
                           "server.public_url = https://user:hunter2@a.example",
                           "connector.notion.origin.api = https://user:hunter2@a.example"}) {
    CAPTURE(line);
    const std::string said = refusal(line);
    CHECK_THAT(said, Contains("...@") && !Contains("hunter2") && !Contains("user:h"));
  }
  CHECK_THAT(refusal("outbound.proxy = http://user:hunter2@proxy.example:3128"),
             Contains("is not supported"));
}

}  // namespace mortise::tests
