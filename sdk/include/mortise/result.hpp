// What a call returns when it can fail: a value or an error that says what happened, in one line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <mortise/abi.h>

namespace mortise {

/// The error classes of the whole product. Spelled once, in abi.h; the same words in C, C++, Lua,
/// JSON and SQL. `code_name()` and `code_from_name()` translate.
enum class Code : std::int32_t {
  invalid = MT_INVALID,                  ///< the caller's input is wrong (400)
  unauthenticated = MT_UNAUTHENTICATED,  ///< no or dead credentials (401)
  forbidden = MT_FORBIDDEN,              ///< known, but not allowed (403)
  not_found = MT_NOT_FOUND,              ///< no such thing, or not visible (404)
  conflict = MT_CONFLICT,                ///< somebody else changed it first (409)
  stale = MT_STALE,                      ///< a cursor is gone: list everything (410)
  too_large = MT_TOO_LARGE,              ///< over a size bound (413)
  rate_limited = MT_RATE_LIMITED,        ///< asked to wait (429)
  cancelled = MT_CANCELLED,              ///< given up on request (503)
  unavailable = MT_UNAVAILABLE,          ///< try again later (503)
  unsupported = MT_UNSUPPORTED,          ///< not something this side can do (501)
  internal = MT_INTERNAL,                ///< a bug on our side (500)
};

constexpr std::string_view code_name(Code code) noexcept {
  switch (code) {
    case Code::invalid:
      return "invalid";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::forbidden:
      return "forbidden";
    case Code::not_found:
      return "not_found";
    case Code::conflict:
      return "conflict";
    case Code::stale:
      return "stale";
    case Code::too_large:
      return "too_large";
    case Code::rate_limited:
      return "rate_limited";
    case Code::cancelled:
      return "cancelled";
    case Code::unavailable:
      return "unavailable";
    case Code::unsupported:
      return "unsupported";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

constexpr std::optional<Code> code_from_name(std::string_view name) noexcept {
  for (std::int32_t value = MT_INVALID; value <= MT_INTERNAL; ++value) {
    if (code_name(static_cast<Code>(value)) == name) return static_cast<Code>(value);
  }
  return std::nullopt;
}

/// The HTTP status that stands for a class (RFC 9110 section 15).
constexpr int http_status(Code code) noexcept {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::stale:
      return 410;
    case Code::too_large:
      return 413;
    case Code::rate_limited:
      return 429;
    case Code::cancelled:
    case Code::unavailable:
      return 503;
    case Code::unsupported:
      return 501;
    case Code::internal:
      return 500;
  }
  return 500;
}

/// What went wrong. `message` says what was tried, on what, what came back, in one line and without
/// a secret; `reason` is the stable detail a program may switch on (`quota_exceeded`,
/// `needs_reconnect`), empty or lower-case letters, digits and '_', at most 64; `retry_after_ms`
/// how long the other side asked to be left alone.
struct [[nodiscard]] Error {
  Code code = Code::internal;
  std::string message;
  std::string reason = {};
  std::optional<std::int64_t> retry_after_ms = {};

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an `Error`. `Result<void>` (alias `Status`) has no value. Reading the wrong side
/// throws std::bad_variant_access, which is a bug in the caller.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  Error& error() & { return error_.value(); }
  const Error& error() const& { return error_.value(); }
  Error&& error() && { return std::move(error_).value(); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace mortise
