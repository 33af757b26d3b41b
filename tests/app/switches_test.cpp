// The switches of tests: killing at a step of the journal, and a wall clock that is ahead.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

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
    const sync::Failpoint passed = app::failpoint_from(environment_of(variables));
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
  if (WIFEXITED(status)) return 0;
  CHECK(WTERMSIG(status) == SIGKILL);
  return passages;
}

}  // namespace

TEST_CASE("switches: without the variable there is no failpoint", "[app][switches]") {
  const Variables none;
  CHECK_FALSE(app::failpoint_from(environment_of(none)));
}

TEST_CASE("switches: a failpoint kills at the n-th passage of its step", "[app][switches]") {
  CHECK(dies_at("act.sent:3", "act.sent") == 3);
  CHECK(dies_at("act.sent", "act.sent") == 1);
  CHECK(dies_at("act.sent:1", "act.sent") == 1);
  CHECK(dies_at("act.sent:x", "act.sent") == 1);
  CHECK(dies_at("act.sent:0", "act.sent") == 0);
  CHECK(dies_at("act.sent:11", "act.sent") == 0);
  CHECK(dies_at("act.sen:1", "act.sent") == 0);
  CHECK(dies_at("", "act.sent") == 0);
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
