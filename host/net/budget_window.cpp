#include "net/budget_window.hpp"

#include <algorithm>

namespace mortise::net {

BudgetWindow::BudgetWindow(std::int64_t requests, std::int64_t window_ms)
    : limit_(std::max<std::int64_t>(requests - requests / 90, 1)),
      window_ms_(window_ms + std::min<std::int64_t>(500, window_ms / 10)),
      narrowed_to_(limit_) {}

std::int64_t BudgetWindow::capacity(std::int64_t now_ms) const {
  if (!narrowed_) return limit_;
  const std::int64_t step = std::max<std::int64_t>(limit_ / 10, 1);
  const std::int64_t grown = (now_ms - narrowed_ms_) / window_ms_ * step;
  return std::min(limit_, narrowed_to_ + grown);
}

std::int64_t BudgetWindow::opens_ms(std::int64_t now_ms) const {
  const auto room = static_cast<std::size_t>(capacity(now_ms));
  if (sent_.size() < room) return now_ms;
  // The send that must have left the window before there is room for one more.
  return std::max(now_ms, sent_[sent_.size() - room] + window_ms_);
}

void BudgetWindow::sent(std::int64_t now_ms) {
  sent_.push_back(now_ms);
  while (static_cast<std::int64_t>(sent_.size()) > limit_) sent_.pop_front();
}

void BudgetWindow::narrow(std::int64_t now_ms, std::int64_t sent_ms) {
  if (narrowed_ && sent_ms < narrowed_ms_) return;
  const std::int64_t floor = std::max<std::int64_t>(limit_ / 4, 1);
  narrowed_to_ = std::max(capacity(now_ms) * 3 / 4, floor);
  narrowed_ms_ = now_ms;
  narrowed_ = true;
}

std::int64_t BudgetWindow::used(std::int64_t now_ms) const {
  const auto first = std::upper_bound(sent_.begin(), sent_.end(), now_ms - window_ms_);
  return sent_.end() - first;
}

bool BudgetWindow::idle(std::int64_t now_ms) const {
  return used(now_ms) == 0 && capacity(now_ms) == limit_;
}

}  // namespace mortise::net
