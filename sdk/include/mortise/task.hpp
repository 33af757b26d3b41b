// A lazily started coroutine that returns a value: what operations of a connector are written in.
//
// A Task runs on the thread of whoever drives the operation; there is no scheduler. It starts when
// it is awaited and is owned by the frame that awaits it, so destroying the outermost Task frees
// the whole chain, finished or not: that is how an operation is abandoned.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace mortise {

template <class T>
class Task;

namespace detail {

// What is common to the promises of all tasks.
struct TaskPromise {
  std::coroutine_handle<> continuation;  // set only once the awaiting coroutine really is suspended
  std::exception_ptr exception;

  // Goes on with the coroutine that waits, if one does.
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      std::coroutine_handle<> next = done.promise().continuation;
      if (next) return next;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct ValuePromise : TaskPromise {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;
  template <class U = T>
  requires std::is_constructible_v<T, U&&>
  void return_value(U&& result) { value.emplace(std::forward<U>(result)); }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

}  // namespace detail

/// The coroutine's return type. Move-only; the owner frees the frame. Await it once:
/// `Result<Page> page = co_await fetch(call, id);`. An exception inside comes out of the co_await.
/// One that was moved from is empty: awaiting or starting it throws std::logic_error.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::ValuePromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { reset(); }

  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
  bool done() const noexcept { return handle_ && handle_.done(); }
  /// For the driver of an outermost task: runs to the first wait or to the end.
  void start() {
    expect_frame();
    handle_.resume();
  }
  /// For the driver, once done(): the value; rethrows what the coroutine threw.
  T take() { return handle_.promise().take(); }

  bool await_ready() const {
    expect_frame();
    return false;
  }
  // Runs the awaited task on this stack frame and goes on at once if it ended without waiting.
  // (With symmetric transfer instead, a loop over such tasks grows the stack when tail calls are
  // not optimised, as in debug builds.)
  bool await_suspend(std::coroutine_handle<> awaiting) {
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().continuation = awaiting;
    return true;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  void expect_frame() const {
    if (!handle_) throw std::logic_error("an empty task was run: it was moved from");
  }
  void reset() noexcept {
    if (handle_) handle_.destroy();
    handle_ = {};
  }

  Handle handle_;
};

namespace detail {

template <class T>
Task<T> ValuePromise<T>::get_return_object() noexcept {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}

}  // namespace detail
}  // namespace mortise
