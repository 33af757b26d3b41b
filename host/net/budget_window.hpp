// One declared limit ("180 requests per 60 s") as a sliding window. Pure: time is given, in steady
// milliseconds that never go back. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>

namespace mortise::net {

/// Keeps below what the service counts: 1/90 fewer requests over a window half a second longer (at
/// most a tenth longer), because requests do not arrive in the rhythm in which they are sent. For
/// 180 per 60 s: 178 sends in any 60.5 s.
class BudgetWindow {
 public:
  BudgetWindow(std::int64_t requests, std::int64_t window_ms);

  /// The earliest moment, not before `now_ms`, at which one more request may be sent.
  std::int64_t opens_ms(std::int64_t now_ms) const;
  void sent(std::int64_t now_ms);

  /// The service refused a request that was sent at `sent_ms`: the window shrinks by a quarter
  /// (never below a quarter of the limit) and grows back by a tenth of the limit per window.
  /// Refusals of requests sent before the last shrinking are its echoes and change nothing.
  void narrow(std::int64_t now_ms, std::int64_t sent_ms);

  std::int64_t used(std::int64_t now_ms) const;
  std::int64_t limit() const { return limit_; }
  std::int64_t window_ms() const { return window_ms_; }
  /// Nothing to remember: forgetting this window changes no later answer.
  bool idle(std::int64_t now_ms) const;

 private:
  std::int64_t capacity(std::int64_t now_ms) const;

  std::int64_t limit_;
  std::int64_t window_ms_;
  std::deque<std::int64_t> sent_;  ///< oldest first, at most limit_ of them
  std::int64_t narrowed_to_;
  std::int64_t narrowed_ms_ = 0;
  bool narrowed_ = false;
};

}  // namespace mortise::net
