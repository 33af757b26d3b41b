// The switches of tests: killing at a step of the journal, and a wall clock that is ahead.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "app/system.hpp"
#include "app/test_switches.hpp"
#include "app/variables.hpp"

namespace mortise::tests {
namespace {

/// At which passage of `step` a process with this switch dies; 0 = it survives ten.
int dies_at(const std::string& failpoint, const std::string& step) {
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const Variables variables{{"MORTISE_DEBUG_FAILPOINT", failpoint}};
    const auto wanted = app::failpoint_from(environment_of(variables));
    if (!wanted) _exit(2);
    const sync::Failpoint& passed = *wanted;
    for (int i = 0; i < 10; ++i) {
      if (write(pipe_ends[1], "x", 1) != 1) _exit(1);
      passed("another step");
      passed(step);
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  int passages = 0;
  char one = 0;
  while (read(pipe_ends[0], &one, 1) == 1) ++passages;
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) {
    CHECK(WEXITSTATUS(status) == 0);
    return 0;
  }
  CHECK(WTERMSIG(status) == SIGKILL);
  return passages;
}

}  // namespace

TEST_CASE("switches: without the variable there is no failpoint", "[app][switches]") {
  const Variables none;
  const auto failpoint = app::failpoint_from(environment_of(none));
  REQUIRE(failpoint);
  CHECK_FALSE(*failpoint);
}

TEST_CASE("switches: a failpoint kills at the n-th passage of its step", "[app][switches]") {
  CHECK(dies_at("pulled:3", "pulled") == 3);
  CHECK(dies_at("pulled", "pulled") == 1);
  CHECK(dies_at("pulled:1", "pulled") == 1);
  CHECK(dies_at("pulled:11", "pulled") == 0);
  CHECK(dies_at("pulled:1", "received") == 0);
}

TEST_CASE("switches: a failpoint that would never strike is an error", "[app][switches]") {
  for (const std::string wrong :
       {"", "pull", "pulled ", "Pulled", ":1", "pulled:", "pulled:0", "pulled:-1", "pulled:x",
        "pulled:1x", "pulled:1:2", "pulled:99999999999"}) {
    const Variables variables{{"MORTISE_DEBUG_FAILPOINT", wrong}};
    const auto failpoint = app::failpoint_from(environment_of(variables));
    INFO(wrong);
    REQUIRE_FALSE(failpoint);
    CHECK(failpoint.error().code == Code::invalid);
  }
  const Variables misspelt{{"MORTISE_DEBUG_FAILPOINT", "pull:1"}};
  CHECK(app::failpoint_from(environment_of(misspelt)).error().message ==
        "MORTISE_DEBUG_FAILPOINT = \"pull:1\": expected one of pulled, received, "
        "intents_committed, replies_received, outcomes_committed");
}

TEST_CASE("switches: every step that the runner passes can be named", "[app][switches]") {
  const std::string call = "failpoint(\"";
  std::set<std::string> passed;
  for (const auto& file : std::filesystem::directory_iterator(MORTISE_SOURCE_DIR "/host/sync")) {
    std::ifstream in(file.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (auto at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
      const std::size_t begin = at + call.size();
      passed.insert(text.substr(begin, text.find('"', begin) - begin));
    }
  }
  CHECK(passed.size() == 5);
  for (const std::string& step : passed) {
    INFO(step);
    CHECK(dies_at(step + ":2", step) == 2);
  }
}

TEST_CASE("switches: the wall clock is ahead by the moment wanted", "[app][switches]") {
  const Variables none;
  CHECK(app::clock_ahead_ms(environment_of(none)) == 0);
  const Variables hostile{{"MORTISE_DEBUG_NOW", "tomorrow"}};
  CHECK(app::clock_ahead_ms(environment_of(hostile)) == 0);
  const Variables wanted{{"MORTISE_DEBUG_NOW", "2033-02-01T09:00:00Z"}};
  const app::SystemClock clock(app::clock_ahead_ms(environment_of(wanted)));
  const core::Instant moment = 1'990'861'200'000;  // 2033-02-01T09:00:00Z
  CHECK(clock.now_ms() >= moment);
  CHECK(clock.now_ms() < moment + 60'000);
}

}  // namespace mortise::tests
