// What the doctor finds before the host would.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "app/console.hpp"
#include "app/host.hpp"

namespace mortise::tests {
namespace {

using Catch::Contains;

void copy(const std::string& from, const std::string& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

/// An installation whose one connector needs a client id and a secret.
void install_with_sign_in(Console& console) {
  install(console);
  std::filesystem::create_directories(console.file("plugins/notion"));
  copy(MORTISE_SOURCE_DIR "/plugins/notion/manifest.json",
       console.file("plugins/notion/manifest.json"));
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
}

}  // namespace

TEST_CASE("doctor: without a policy every export would be denied", "[app][doctor]") {
  Console console;
  install(console);
  copy(MORTISE_SOURCE_DIR "/scripts", console.file("scripts"));
  CHECK_THAT(console.run({"doctor"}).out, !Contains("policy "));
  std::filesystem::remove_all(console.file("scripts/policies"));
  const Said said = console.run({"doctor"});
  CHECK(said.exit == app::kFound);
  CHECK_THAT(said.out, Contains("FAIL  policy      none in policies/ that loads"));
}

TEST_CASE("doctor: a directory of the store that the host would refuse", "[app][doctor]") {
  Console console;
  install(console);
  CHECK_THAT(console.run({"doctor"}).out, Contains("ok    store       none yet"));
  std::filesystem::create_directory(console.file("data"));
  REQUIRE(::chmod(console.file("data").c_str(), 0770) == 0);
  CHECK_THAT(console.run({"doctor"}).out, Contains("FAIL  store") && Contains("store_directory"));
  console.variables["MORTISE_STORE_PATH"] = console.file("no/such/mortise.db");
  CHECK_THAT(console.run({"doctor"}).out, Contains("FAIL  store") && Contains("store_directory"));
}

TEST_CASE("doctor: where client ids and secrets come from", "[app][doctor]") {
  Console console;
  install_with_sign_in(console);
  const Said none = console.run({"doctor"});
  CHECK_THAT(none.out, Contains("note  secret      notion.client_id is not set") &&
                           Contains("note  secret      notion.client_secret is not set"));
  REQUIRE(console.run({"secret", "set", "notion.client_id"}, "x\n").exit == app::kOk);
  console.variables["MORTISE_NOTION_CLIENT_SECRET"] = "y";
  CHECK_THAT(console.run({"doctor"}).out,
             Contains("ok    secret      notion.client_id from the store") &&
                 Contains("notion.client_secret from MORTISE_NOTION_CLIENT_SECRET"));
}

TEST_CASE("doctor: a variable that is read for no connector is said", "[app][doctor]") {
  Console console;
  install_with_sign_in(console);
  console.variables["MORTISE_NOTOIN_CLIENT_SECRET"] = "x";
  const Said said = console.run({"doctor"});
  CHECK_THAT(said.out, Contains("note  variable    MORTISE_NOTOIN_CLIENT_SECRET is read for no "
                                "installed connector; did you mean MORTISE_NOTION_CLIENT_SECRET?"));
}

TEST_CASE("doctor: says how the host is reached", "[app][doctor]") {
  Console console;
  install(console);
  CHECK_THAT(console.run({"doctor"}).out, Contains("reached directly, as http://127.0.0.1:8080"));
  CHECK(app::local_url("::1", 8080) == "http://[::1]:8080");
  CHECK(app::local_url("localhost", 80) == "http://localhost:80");
  // Nobody can be sent to "all addresses".
  CHECK(app::local_url("0.0.0.0", 8080) == "http://127.0.0.1:8080");
  CHECK(app::local_url("::", 8080) == "http://127.0.0.1:8080");
}

}  // namespace mortise::tests
