#include "app/termination.hpp"

#include <csignal>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

namespace mortise::app {
namespace {

using Steady = std::chrono::steady_clock;

sigset_t termination_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM}) sigaddset(&signals, signal);
  return signals;
}

/// False: none came in time.
bool signal_came(Steady::time_point deadline) {
  const sigset_t signals = termination_signals();
  for (;;) {
    const auto left = std::max(deadline - Steady::now(), Steady::duration::zero());
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec wait{static_cast<time_t>(ns / 1'000'000'000), ns % 1'000'000'000};
    if (sigtimedwait(&signals, nullptr, &wait) > 0) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace

void hold_termination_signals() {
  const sigset_t signals = termination_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Termination::Termination(Patience patience, GiveUp give_up)
    : patience_(patience), give_up_(std::move(give_up)), thread_([this] { take(); }) {}

Termination::~Termination() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGTERM);  // to that thread alone, which ends by it
  thread_.join();
}

void Termination::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return asked_; });
}

void Termination::take() {
  const sigset_t signals = termination_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    asked_ = true;
  }
  changed_.notify_all();
  const Steady::time_point first = Steady::now();
  const auto same = first + std::chrono::milliseconds(patience_.together_ms);
  bool again = false;
  do {
    again = signal_came(first + std::chrono::milliseconds(patience_.limit_ms));
    const std::lock_guard lock(mutex_);
    if (over_) return;
  } while (again && Steady::now() < same);
  give_up_(again ? "asked_again" : "too_slow");
}

}  // namespace mortise::app
