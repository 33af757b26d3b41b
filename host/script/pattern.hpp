// Lua's patterns (Lua 5.4 manual section 6.4.1) with a budget: every step is paid for, because a
// pattern with three `.-` on 1,000 bytes ran 198 s where only VM instructions were counted.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

struct lua_State;

namespace mortise::script {

/// Matches one pattern against one text. Raises Lua errors for malformed patterns and a spent
/// budget, so it lives inside a protected call. Views must outlive it.
class Matcher {
 public:
  Matcher(lua_State* L, std::string_view text, std::string_view pattern);

  /// Whether the pattern matches at `at` exactly (the anchor is the caller's business). Answers the
  /// end of the match.
  std::optional<std::size_t> match_at(std::size_t at);

  /// Pays for the work since the last payment. Call when done.
  void settle();

  int capture_count() const { return level_; }
  /// Pushes capture `index` (from 0): text, or a position for `()`. With no captures, index 0 is
  /// the whole match from `begin` to `end`.
  void push_capture(int index, std::size_t begin, std::size_t end);
  /// Pushes all captures (the whole match if there are none); returns how many.
  int push_captures(std::size_t begin, std::size_t end);
  std::string_view text() const { return text_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr int kMostCaptures = 32;
  static constexpr int kDeepest = 200;
  enum class Open : unsigned char { closed, open, position };
  struct Capture {
    std::size_t begin = 0;
    std::size_t size = 0;
    Open open = Open::closed;
  };

  std::size_t match(std::size_t at, std::size_t pattern);
  std::size_t match_item(std::size_t at, std::size_t pattern, std::size_t item_end);
  std::size_t expand_most(std::size_t at, std::size_t pattern, std::size_t item_end);
  std::size_t expand_least(std::size_t at, std::size_t pattern, std::size_t item_end);
  std::size_t open_capture(std::size_t at, std::size_t pattern, Open how);
  std::size_t close_capture(std::size_t at, std::size_t pattern);
  std::size_t balanced(std::size_t at, std::size_t pattern);
  std::size_t back_reference(std::size_t at, char digit);
  bool frontier(std::size_t at, std::size_t set, std::size_t set_end);
  bool matches_single(std::size_t at, std::size_t pattern, std::size_t item_end);
  bool matches_set(unsigned char c, std::size_t set, std::size_t last);
  std::size_t item_end(std::size_t pattern);
  void pay(std::size_t steps);
  [[noreturn]] void fail(const char* message);

  lua_State* L_;
  std::string_view text_;
  std::string_view pattern_;
  int level_ = 0;
  int depth_ = 0;
  std::size_t unpaid_ = 0;
  std::array<Capture, kMostCaptures> captures_;
};

}  // namespace mortise::script
