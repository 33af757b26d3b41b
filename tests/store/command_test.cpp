// The program that prints the key.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "store/command.hpp"
#include "store/fixture.hpp"
#include "store/key.hpp"

using namespace mortise;
using namespace mortise::store;

namespace {

constexpr std::int64_t kLongMs = 20'000;
const std::vector<std::string> kEnvironment = {"PATH=/usr/bin:/bin"};

Result<core::Secret> run(const std::string& script, std::int64_t timeout_ms = kLongMs) {
  return run_key_command({"/bin/sh", "-c", script}, kEnvironment, timeout_ms);
}

}  // namespace

TEST_CASE("key command: what it prints is the key", "[store][key]") {
  const std::string hex(64, 'a');
  KeySources sources;
  sources.command = {"/bin/sh", "-c", "echo " + hex};
  CHECK(find_master_key(sources).value().hex().equals(hex));
  sources.command = {"/bin/echo", "not a key; echo " + hex};  // no shell looks at it
  CHECK(find_master_key(sources).error().reason == "bad_key");
}

TEST_CASE("key command: it sees no input and no environment but its own", "[store][key]") {
  ::setenv("MORTISE_TEST_CANARY", "canary-7f3a", 1);
  const auto seen = run("cat; env; cat /proc/self/environ");
  ::unsetenv("MORTISE_TEST_CANARY");
  REQUIRE(seen);
  CHECK_FALSE(holds(std::string(seen->reveal_for_use()), "canary"));
  CHECK(holds(std::string(seen->reveal_for_use()), "PATH=/usr/bin:/bin"));
}

TEST_CASE("key command: it inherits no descriptor of the host", "[store][key]") {
  const fakes::TemporaryDirectory directory;
  write_file(directory.file("secret"), "x");
  FILE* const open = std::fopen(directory.file("secret").c_str(), "r");  // not close-on-exec
  const auto seen = run("ls -l /proc/$$/fd");
  std::fclose(open);
  REQUIRE(seen);
  CHECK_FALSE(holds(std::string(seen->reveal_for_use()), "secret"));
}

TEST_CASE("key command: failing, being killed and not existing are told apart", "[store][key]") {
  const auto failing = run("exit 3");
  REQUIRE_FALSE(failing);
  CHECK(failing.error().reason == "key_command");
  CHECK(holds(failing.error().message, "exit code 3"));
  const auto killed = run("kill -9 $$");
  REQUIRE_FALSE(killed);
  CHECK(holds(killed.error().message, "signal"));
  const auto missing = run_key_command({"/no/such/program"}, kEnvironment, kLongMs);
  REQUIRE_FALSE(missing);
  CHECK(holds(missing.error().message, "/no/such/program"));
}

TEST_CASE("key command: one that prints without end is cut off", "[store][key]") {
  const auto endless = run("while :; do echo 0123456789; done");
  REQUIRE_FALSE(endless);
  CHECK(holds(endless.error().message, "4096"));
}

TEST_CASE("key command: one that overstays is killed with all it started", "[store][key]") {
  for (const char* script :
       {"cat /dev/zero >/dev/null & echo $!; wait", "exec >&-; cat /dev/zero >/dev/null"}) {
    INFO(script);
    const auto slow = run(script, 200);
    REQUIRE_FALSE(slow);
    CHECK(holds(slow.error().message, "too long"));
    CHECK(slow.error().code == Code::unavailable);
  }
}

TEST_CASE("key command: what it left in the background does not hold the host up", "[store][key]") {
  const auto quick = run("cat /dev/zero >/dev/null 2>&1 & echo done");
  REQUIRE(quick);
  CHECK(quick->equals("done\n"));
}
