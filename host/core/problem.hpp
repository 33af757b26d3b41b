// Complaints about a document, all of them at once, each pointing at its place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mortise::core {

/// What is wrong where. `pointer` is an RFC 6901 JSON pointer into the caller's document ("" is the
/// whole of it), `detail` a sentence without a full stop that a person can act on.
struct Problem {
  std::string pointer;
  std::string detail;
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// No more than this many are collected: a document can have a million faults.
inline constexpr std::size_t kMaxProblems = 100;

/// A value read from a document, or everything that is wrong with the document. `value` is set
/// exactly when `problems` is empty.
template <class T>
struct Read {
  std::optional<T> value;
  std::vector<Problem> problems;

  bool ok() const noexcept { return value.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
};

/// Adds a problem while there are fewer than kMaxProblems.
void add_problem(std::vector<Problem>& problems, std::string pointer, std::string detail);

/// `pointer` one step further: a member (escaped as RFC 6901 says) or an array's element.
std::string pointer_to(std::string_view pointer, std::string_view member);
std::string pointer_to(std::string_view pointer, std::size_t index);

}  // namespace mortise::core
