#include "store/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "store/files.hpp"

namespace mortise::store {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kOutputLimit = 4096;

Error failed(const std::string& program, const std::string& why) {
  return {Code::invalid, "run the key command '" + program + "': " + why, "key_command"};
}

/// It may answer in time when it is asked again.
Error too_slow(const std::string& program) {
  return {Code::unavailable, "run the key command '" + program + "': it took too long",
          "key_command"};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Answers the process id; its standard output goes to `output`.
Result<pid_t> start(const std::vector<std::string>& argv,
                    const std::vector<std::string>& environment, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  const int code = posix_spawnp(&child, argv.front().c_str(), &actions, &attributes,
                                pointers(argv).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return failed(argv.front(), std::strerror(code));
  return child;
}

int left_ms(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

/// Reads until the other end closes.
Result<core::Secret> read_all(const std::string& program, int input, Deadline deadline) {
  std::string text(kOutputLimit + 1, '\0');
  std::size_t size = 0;
  const auto answer = [&]() {
    const core::Secret whole(std::move(text));
    return core::Secret(std::string(whole.reveal_for_use().substr(0, size)));
  };
  for (;;) {
    pollfd waiting{input, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, left_ms(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      const core::Secret wiped = answer();
      return ready == 0 ? too_slow(program) : failed(program, std::strerror(errno));
    }
    const ssize_t got = ::read(input, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return answer();
    size += static_cast<std::size_t>(got);
    if (size > kOutputLimit) {
      const core::Secret wiped = answer();
      return failed(program, "it printed more than 4096 bytes");
    }
  }
}

/// Waits for the process to end, and leaves it unreaped: its group keeps its number until then.
bool wait_for_end(pid_t child, Deadline deadline) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        ended.si_pid == child) {
      return true;
    }
    if (left_ms(deadline) == 0) return false;
    ::poll(nullptr, 0, 1);
  }
}

/// Kills the process and whatever it started, and answers how it ended.
int finish(pid_t child) {
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<core::Secret> run_key_command(const std::vector<std::string>& argv,
                                     const std::vector<std::string>& environment,
                                     std::int64_t timeout_ms) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(argv.front(), std::strerror(errno));
  const FileDescriptor input(ends[0]);
  FileDescriptor output(ends[1]);
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto child = start(argv, environment, output.get());
  output.close();
  if (!child) return child.error();
  auto printed = read_all(argv.front(), input.get(), deadline);
  const bool ended = printed.ok() && wait_for_end(*child, deadline);
  const int status = finish(*child);
  if (!printed) return printed;
  if (!ended) return too_slow(argv.front());
  if (!WIFEXITED(status)) return failed(argv.front(), "it was killed by a signal");
  if (WEXITSTATUS(status) != 0) {
    return failed(argv.front(), "it ended with exit code " + std::to_string(WEXITSTATUS(status)));
  }
  return printed;
}

}  // namespace mortise::store
