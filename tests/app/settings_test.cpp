// The configuration: every key with its default, file, environment, and what is refused.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "app/settings.hpp"
#include "app/variables.hpp"
#include "fakes/temporary_directory.hpp"

namespace mortise::tests {
namespace {

using app::Settings;
using Catch::Contains;

Result<Settings> load(const std::string& file, const Variables& variables = {}) {
  return Settings::load(file, environment_of(variables), names_of(variables));
}

/// Settings of a file with this text.
Result<Settings> load_text(const std::string& text, const Variables& variables = {}) {
  const fakes::TemporaryDirectory directory;
  std::ofstream(directory.file("mortise.properties"), std::ios::binary) << text;
  return load(directory.file("mortise.properties"), variables);
}

/// Why it is refused; "" if it is not.
std::string refusal(const std::string& text, const Variables& variables = {}) {
  const auto settings = load_text(text, variables);
  if (settings.ok()) return {};
  CHECK(settings.error().code == Code::invalid);
  return settings.error().message;
}

}  // namespace

TEST_CASE("settings: without a file and variables every key has its default", "[app][settings]") {
  const auto settings = load("");
  REQUIRE(settings.ok());
  for (const app::SettingKey& key : app::setting_keys()) {
    CAPTURE(key.name);
    CHECK(settings->text(key.name) == key.fallback);
    CHECK_FALSE(key.says.empty());
  }
  CHECK(settings->number("server.port") == 8080);
  CHECK(settings->text("no.such") == "");
  CHECK(settings->origins().empty());
  CHECK(settings->budgets().empty());
}

TEST_CASE("settings: the template is the file that is shipped, byte for byte", "[app][settings]") {
  std::ifstream file(MORTISE_SOURCE_DIR "/config/mortise.properties", std::ios::binary);
  REQUIRE(file.good());
  const std::string shipped{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  CHECK(shipped == app::settings_template());
}

TEST_CASE("settings: the template loads, and says the defaults", "[app][settings]") {
  const auto settings = load_text(app::settings_template());
  REQUIRE(settings.ok());
  for (const app::SettingKey& key : app::setting_keys()) {
    CAPTURE(key.name);
    CHECK(settings->text(key.name) == key.fallback);
  }
}

TEST_CASE("settings: the environment overrides the file, the file the default", "[app][settings]") {
  const std::string text =
      "server.port = 9000\r\nserver.threads=4\n# a comment\n\napp.name : Learn\n";
  const auto settings =
      load_text(text, {{"MORTISE_SERVER_PORT", " 9001 "}, {"MORTISE_APP_COLOR", "#123456"}});
  REQUIRE(settings.ok());
  CHECK(settings->number("server.port") == 9001);
  CHECK(settings->number("server.threads") == 4);
  CHECK(settings->text("app.name") == "Learn");
  CHECK(settings->text("app.color") == "#123456");
  CHECK(settings->number("scripts.poll_ms") == 1000);
}

TEST_CASE("settings: an unknown key is refused with the nearest", "[app][settings]") {
  CHECK_THAT(refusal("server.prot = 1\n"),
             Contains("mortise.properties: there is no setting \"server.prot\"; did you mean "
                      "\"server.port\"?"));
  CHECK_THAT(refusal("sync.debounce_msec = 1\n"), Contains("did you mean \"sync.debounce_ms\"?"));
  CHECK_THAT(refusal("quite.something.else = 1\n"),
             Contains("there is no setting \"quite.something.else\"") && !Contains("did you mean"));
  CHECK_THAT(refusal("server = 1\n"), Contains("there is no setting \"server\""));
  CHECK_THAT(refusal("server.port.more = 1\n"), Contains("there is no setting"));
  CHECK_THAT(refusal("Server.Port = 1\n"), Contains("did you mean \"server.port\"?"));
}

TEST_CASE("settings: a variable that stands for nothing is refused with the nearest",
          "[app][settings]") {
  CHECK_THAT(refusal("", {{"MORTISE_SERVER_PROT", "1"}}),
             Contains("MORTISE_SERVER_PROT stands for no setting; did you mean "
                      "MORTISE_SERVER_PORT?"));
  CHECK_THAT(refusal("", {{"MORTISE_XYZZY", "1"}}),
             Contains("MORTISE_XYZZY") && !Contains("did you mean"));
  CHECK_THAT(refusal("", {{"MORTISE_", "1"}}), Contains("stands for no setting"));
}

TEST_CASE("settings: secrets, switches of tests and other programs' variables are let be",
          "[app][settings]") {
  CHECK(refusal("", {{"MORTISE_KEY", "00"},
                     {"MORTISE_CONFIG", "x"},
                     {"MORTISE_NOTION_CLIENT_ID", "x"},
                     {"MORTISE_GOOGLE_CALENDAR_CLIENT_SECRET", "x"},
                     {"MORTISE_DEBUG_NOW", "x"},
                     {"MORTISE_TEST_SEED", "1"},
                     {"PATH", "/bin"},
                     {"MORTISEX", "1"}}) == "");
}

TEST_CASE("settings: what Kubernetes tells of services is let be", "[app][settings]") {
  CHECK(refusal("", {{"MORTISE_PORT", "tcp://10.0.0.1:8080"},
                     {"MORTISE_SERVICE_HOST", "10.0.0.1"},
                     {"MORTISE_SERVICE_PORT", "8080"},
                     {"MORTISE_SERVICE_PORT_HTTP", "8080"},
                     {"MORTISE_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                     {"MORTISE_PORT_8080_TCP_ADDR", "10.0.0.1"},
                     {"MORTISE_SERVER_PORT", "tcp://10.0.0.2:8080"}}) == "");
  CHECK_THAT(refusal("", {{"MORTISE_PORT", "8080"}}), Contains("stands for no setting"));
}

TEST_CASE("settings: text that is not UTF-8 is refused, wherever it comes from",
          "[app][settings]") {
  CHECK_THAT(refusal("app.name = Caf\xe9\n"), Contains("app.name is not UTF-8"));
  CHECK_THAT(refusal("", {{"MORTISE_APP_NAME", "Caf\xe9"}}),
             Contains("MORTISE_APP_NAME: app.name is not UTF-8"));
  CHECK_THAT(refusal("connector.notion.origin.api = http://x/\xe9\n"), Contains("is not UTF-8"));
  CHECK(load_text("app.name = Caf\xc3\xa9\n")->text("app.name") == "Caf\xc3\xa9");
}

TEST_CASE("settings: the default zone exists", "[app][settings]") {
  CHECK(load_text("planning.zone = Asia/Tokyo\n")->text("planning.zone") == "Asia/Tokyo");
  CHECK_THAT(refusal("planning.zone = Europe/Madird\n"),
             Contains("planning.zone = \"Europe/Madird\" is no time zone; did you mean "
                      "\"Europe/Madrid\"?"));
  CHECK_THAT(refusal("planning.zone =\n"), Contains("is no time zone"));
}

TEST_CASE("settings: the public address is one, and links can be built on it", "[app][settings]") {
  const auto url = [](const std::string& text) {
    return load_text("server.public_url = " + text + "\n")->text("server.public_url");
  };
  CHECK(url("https://sync.example.org/") == "https://sync.example.org");
  CHECK(url("https://example.org/sync/") == "https://example.org/sync");
  CHECK_THAT(refusal("server.public_url = sync.example.org\n"),
             Contains("server.public_url = \"sync.example.org\": expected an address like"));
  CHECK_THAT(refusal("server.public_url = ftp://sync.example.org\n"),
             Contains("expected an address"));
}

TEST_CASE("settings: what must be a number is one, within sense", "[app][settings]") {
  for (const char* bad :
       {"server.port = http", "server.port =", "server.port = -1", "server.port = 1e3",
        "server.port = 0x50", "server.port = 80 80", "server.port = 65536",
        "server.port = 99999999999999999999", "server.threads = 0", "server.threads = 100000",
        "sync.threads = 0", "sync.threads = 2.5", "scripts.poll_ms = 0", "sync.debounce_ms = -5",
        "sync.debounce_ms = 9223372036854775807", "server.drain_ms = 9223372036854775807",
        "sync.remove_percent = 101", "sync.remove_at_least = +1"}) {
    CAPTURE(bad);
    const std::string key = std::string(bad).substr(0, std::string(bad).find(' '));
    CHECK_THAT(refusal(std::string(bad) + "\n"), Contains(key));
  }
  for (const char* good : {"server.port = 0", "server.port = 65535", "sync.remove_percent = 100",
                           "sync.debounce_ms = 0", "server.drain_ms = 0", "sync.threads = 64"}) {
    CAPTURE(good);
    CHECK(refusal(std::string(good) + "\n") == "");
  }
  CHECK_THAT(refusal("", {{"MORTISE_SERVER_PORT", "http"}}), Contains("server.port"));
}

TEST_CASE("settings: a level of the log that there is not is refused", "[app][settings]") {
  CHECK_THAT(refusal("log.level = informational\n"),
             Contains("log.level") && Contains("did you mean \"information\"?"));
  CHECK_THAT(refusal("log.level =\n"), Contains("log.level"));
  for (const char* level :
       {"trace", "debug", "information", "notice", "warning", "error", "critical"}) {
    CHECK(refusal(std::string("log.level = ") + level + "\n") == "");
  }
}

TEST_CASE("settings: origins and budgets of connectors", "[app][settings]") {
  const auto settings = load_text(
      "connector.notion.origin.api = http://127.0.0.1:4010\n"
      "connector.notion.origin.auth = http://127.0.0.1:4011/x=${z}\n"
      "connector.notion.budget.connection = 600/60\n"
      "connector.google_calendar.budget.application = 1/1\n");
  REQUIRE(settings.ok());
  REQUIRE(settings->origins().size() == 1);
  CHECK(settings->origins().at("notion").at("api") == "http://127.0.0.1:4010");
  CHECK(settings->origins().at("notion").at("auth") == "http://127.0.0.1:4011/x=${z}");
  CHECK(settings->budgets().at("notion").at("connection").requests == 600);
  CHECK(settings->budgets().at("notion").at("connection").window_ms == 60'000);
  CHECK(settings->budgets().at("google_calendar").at("application").window_ms == 1'000);
}

TEST_CASE("settings: connector keys that say nothing are refused", "[app][settings]") {
  for (const char* key :
       {"connector.notion", "connector.notion.origin", "connector.notion.origin.api.more",
        "connector.notion.orgin.api", "connector.notion.budget.person", "connector..origin.api",
        "connector.notion.origin."}) {
    CAPTURE(key);
    CHECK_FALSE(refusal(std::string(key) + " = 1/1\n").empty());
  }
  for (const char* budget :
       {"", "600", "600/", "/60", "0/60", "600/0", "-1/60", "600/-60", "600 / 60", "600/60/60",
        "6e2/60", "99999999999999999999/1", "1/9223372036854775807", "9223372036854775807/1"}) {
    CAPTURE(budget);
    CHECK_THAT(refusal(std::string("connector.notion.budget.connection = ") + budget + "\n"),
               Contains("expected requests/seconds, like 600/60"));
  }
}

TEST_CASE("settings: relative paths are relative to the file", "[app][settings]") {
  const fakes::TemporaryDirectory directory;
  std::ofstream(directory.file("a.properties"))
      << "store.path = ../x/./mortise.db\nplugins.path = one, /opt/two ,, three\n"
         "scripts.path = /etc/mortise/scripts\n";
  const auto settings = load(directory.file("a.properties"));
  REQUIRE(settings.ok());
  const std::string parent = directory.path().substr(0, directory.path().rfind('/'));
  CHECK(settings->path("store.path") == parent + "/x/mortise.db");
  CHECK(settings->path("scripts.path") == "/etc/mortise/scripts");
  CHECK(settings->path("store.key_file") == "");  // not set: not the directory itself
  CHECK(settings->list("plugins.path") == std::vector<std::string>{"one", "/opt/two", "three"});
  CHECK(settings->paths("plugins.path") ==
        std::vector<std::string>{directory.file("one"), "/opt/two", directory.file("three")});
}

TEST_CASE("settings: a list may be empty, and commas alone name nothing", "[app][settings]") {
  CHECK(load_text("app.return_to =\n")->list("app.return_to").empty());
  CHECK(load_text("app.return_to = , ,,\n")->list("app.return_to").empty());
}

TEST_CASE("settings: a file that cannot be read is an error that names it", "[app][settings]") {
  const fakes::TemporaryDirectory directory;
  for (const std::string& file : {directory.file("none"), directory.path()}) {
    const auto settings = load(file);
    REQUIRE_FALSE(settings.ok());
    CHECK_THAT(settings.error().message, Contains(file));
  }
}

TEST_CASE("settings: hostile files are refused or harmless", "[app][settings]") {
  CHECK_FALSE(refusal(std::string("\0\x01\xff\xfe = 1\n", 9)).empty());
  CHECK_FALSE(refusal(std::string(100'000, 'a') + " = 1\n").empty());
  CHECK_FALSE(refusal("= 1\n").empty());
  const std::string long_name(1'000'000, 'n');
  CHECK(load_text("app.name = " + long_name + "\n")->text("app.name") == long_name);
  // Nothing in a value is expanded: not from the environment, not from other keys.
  const auto settings = load_text("app.name = ${app.color} ${system.env.HOME} $(id)\n");
  REQUIRE(settings.ok());
  CHECK(settings->text("app.name") == "${app.color} ${system.env.HOME} $(id)");
  // The last of two lines counts, and the end of the file ends a line.
  CHECK(load_text("app.name = a\napp.name = b")->text("app.name") == "b");
}

}  // namespace mortise::tests
