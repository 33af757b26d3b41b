// A server process ends when it is asked to, however it hangs.
#include <catch2/catch.hpp>
#include <csignal>
#include <future>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "app/daemon.hpp"
#include "app/termination.hpp"

namespace mortise::tests {
namespace {

/// Holds the signals back for one test.
struct Held {
  Held() {
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    app::hold_termination_signals();
  }
  ~Held() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  sigset_t before{};
};

constexpr std::int64_t kLong = 3'600'000;

}  // namespace

TEST_CASE("termination: each signal ends the wait, also one that came before", "[app][daemon]") {
  const Held held;
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    CAPTURE(signal);
    ::kill(::getpid(), signal);
    bool gave_up = false;
    {
      app::Termination termination({.limit_ms = kLong}, [&](std::string_view) { gave_up = true; });
      termination.wait();
    }
    CHECK_FALSE(gave_up);  // it ended in time
  }
}

TEST_CASE("termination: what does not stop in time, or is asked again, is given up",
          "[app][daemon]") {
  const Held held;
  for (const bool again : {false, true}) {
    CAPTURE(again);
    std::promise<std::string> why;
    app::Termination termination({.limit_ms = again ? kLong : 5, .together_ms = 0},
                                 [&](std::string_view said) { why.set_value(std::string(said)); });
    ::kill(::getpid(), SIGTERM);
    termination.wait();
    if (again) ::kill(::getpid(), SIGTERM);
    CHECK(why.get_future().get() == (again ? "asked_again" : "too_slow"));
  }
}

TEST_CASE("termination: a signal that comes twice at once is one", "[app][daemon]") {
  const Held held;
  std::promise<std::string> why;
  app::Termination termination({.limit_ms = 50, .together_ms = kLong},
                               [&](std::string_view said) { why.set_value(std::string(said)); });
  ::kill(::getpid(), SIGINT);
  termination.wait();
  ::kill(::getpid(), SIGTERM);
  CHECK(why.get_future().get() == "too_slow");
}

TEST_CASE("termination: a process that is not asked ends by itself", "[app][daemon]") {
  const Held held;
  const app::Termination termination({.limit_ms = 5}, [](std::string_view) { FAIL("given up"); });
}

TEST_CASE("log: a line that cannot be written is lost, and no other with it", "[app][daemon]") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const std::string filling(1'000, 'x');
  std::string read(1 << 20, '\0');
  for (int i = 0; i < 100; ++i) app::write_line(ends[1], filling);  // more than a pipe holds
  REQUIRE(::read(ends[0], read.data(), read.size()) > 60'000);
  app::write_line(ends[1], "event=after");
  const ssize_t got = ::read(ends[0], read.data(), read.size());
  REQUIRE(got > 0);
  CHECK(read.substr(0, static_cast<std::size_t>(got)) == "event=after\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace mortise::tests
