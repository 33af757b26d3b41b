// The inbox's journal without a file.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "ports/inbox_journal.hpp"

namespace mortise::fakes {

class MemoryInboxJournal final : public ports::InboxJournal {
 public:
  Status append(const ports::Received& received) override {
    const std::lock_guard lock(mutex_);
    if (full) return Error{Code::unavailable, "the inbox's journal is full", "inbox_full"};
    received_.push_back(received);
    return {};
  }
  Pending pending() const override {
    const std::lock_guard lock(mutex_);
    return {received_, dropped_ + received_.size()};
  }
  void drop(std::uint64_t mark) override {
    const std::lock_guard lock(mutex_);
    for (; dropped_ < mark && !received_.empty(); ++dropped_) received_.erase(received_.begin());
  }
  bool full = false;

 private:
  mutable std::mutex mutex_;
  std::uint64_t dropped_ = 0;
  std::vector<ports::Received> received_;
};

}  // namespace mortise::fakes
