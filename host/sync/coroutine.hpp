// Linear code for things that wait: a lazily started coroutine, and a way to await a callback. A
// waiting coroutine holds no thread.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace mortise::sync {

/// A lazily started coroutine with one value and one awaiter. Destroying it abandons it.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> continuation = std::noop_coroutine();

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Back {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(Handle self) noexcept {
          return self.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Back{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    // The host's own code reports through Result; an exception here is a bug.
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

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle.promise().continuation = awaiting;
        return handle;
      }
      T await_resume() { return std::move(*handle.promise().value); }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

struct Nothing {};

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
  explicit Callback(std::function<void(std::function<void(T)>)> start) : start_(std::move(start)) {}
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
  std::function<void(std::function<void(T)>)> start_;
  std::optional<T> value_;
};

}  // namespace mortise::sync
