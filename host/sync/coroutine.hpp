// Linear code for things that wait: a lazily started coroutine, and a way to await a callback. A
// waiting coroutine holds no thread, and may go on on another one than it started on (unlike the
// SDK's Task, whose operations are driven by one thread at a time).
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace mortise::sync {

/// A lazily started coroutine with one value and one awaiter, which owns it.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    enum Phase { running, awaited, finished };
    std::optional<T> value;
    std::coroutine_handle<> continuation;
    std::atomic<int> phase = running;

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Back {
        bool await_ready() noexcept { return false; }
        void await_suspend(Handle self) noexcept {
          // The awaiter may free this frame from here on: nothing may be touched after resume().
          auto& promise = self.promise();
          const auto next = promise.continuation;
          if (promise.phase.exchange(finished, std::memory_order_acq_rel) == awaited) next.resume();
        }
        void await_resume() noexcept {}
      };
      return Back{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    // The host reports through Result; an exception here is a bug.
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  // Runs the awaited task on this stack frame and goes on at once if it ended without waiting, so
  // that a loop over such tasks does not grow the stack. Whoever comes second goes on: this one, or
  // the task's end on another thread.
  bool await_suspend(std::coroutine_handle<> awaiting) {
    auto& promise = handle_.promise();
    promise.continuation = awaiting;
    handle_.resume();
    return promise.phase.exchange(promise_type::awaited, std::memory_order_acq_rel) !=
           promise_type::finished;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

/// Starts at once and frees itself at its end.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };
};

/// Awaits `start(done)`: goes on, on whatever thread calls `done(value)`, once. `done` may be
/// called before start() has returned, but only from another thread.
template <class T>
class Callback {
 public:
  using Done = std::function<void(T)>;
  explicit Callback(std::function<void(Done)> start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    // The coroutine may go on and end on another thread while start() still runs here.
    auto start = std::move(start_);
    start([this, awaiting](T value) {
      value_.emplace(std::move(value));
      awaiting.resume();
    });
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::function<void(Done)> start_;
  std::optional<T> value_;
};

}  // namespace mortise::sync
