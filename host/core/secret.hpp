// A secret as a type: no operator<<, no JSON, wiped on destruction, compared in constant time.
#pragma once

#include <string>
#include <string_view>

namespace mortise::core {

class Secret {
 public:
  Secret() = default;
  /// Copies `text` and wipes the copy it was given; pass a moved string so that none is left
  /// behind.
  explicit Secret(std::string text);
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const noexcept { return text_.empty(); }
  /// The plain text. The name is long so that each use is seen in review.
  std::string_view reveal_for_use() const noexcept { return text_; }
  /// Constant time in the length of both.
  bool equals(std::string_view other) const noexcept;

 private:
  void wipe() noexcept;
  std::string text_;
};

/// Constant-time comparison of two byte strings (length differences are not hidden).
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

}  // namespace mortise::core
