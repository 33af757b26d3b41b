// How a server process is asked to end, and that it then does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

namespace mortise::app {

/// Called before any thread is made, so that all of them hold SIGINT, SIGTERM and SIGQUIT back for
/// Termination to take.
void hold_termination_signals();

struct Patience {
  std::int64_t limit_ms = 0;  ///< from the first signal until the process has ended
  /// Signals so close to the first are one with it: a terminal sends its own to all that run in
  /// it, and the program that started us passes it on.
  std::int64_t together_ms = 1'000;
};

/// Takes these signals on a thread of its own. From the first one on the process has `limit_ms` to
/// end, in whatever it is: starting, serving or stopping. After that, or when it is asked again,
/// `give_up` is called on that thread with the reason; it is expected not to return.
class Termination {
 public:
  using GiveUp = std::function<void(std::string_view why)>;
  Termination(Patience patience, GiveUp give_up);
  ~Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  /// Until the process is asked to end; at once if it was.
  void wait();

 private:
  void take();
  const Patience patience_;
  const GiveUp give_up_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool over_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace mortise::app
