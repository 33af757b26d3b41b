#include "sync/waits.hpp"

#include <vector>

namespace mortise::sync {

Waits::Waits(ports::Timers& timers, ports::Executor& executor)
    : timers_(timers), executor_(executor) {}

Callback<bool> Waits::sleep(std::string key, std::int64_t delay_ms, ports::CancelFlag cancel) {
  return Callback<bool>([this, key = std::move(key), delay_ms,
                         cancel = std::move(cancel)](std::function<void(bool)> done) {
    std::uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      if (!stopped_) {
        id = next_++;
        waiting_[id] = {key, 0, std::move(done)};
      }
    }
    if (id == 0) {
      executor_.post([done = std::move(done)] { done(false); });
      return;
    }
    const ports::Timers::Id timer = timers_.after(delay_ms, [this, id] { finish(id, true); });
    {
      const std::lock_guard lock(mutex_);
      auto found = waiting_.find(id);
      if (found != waiting_.end()) found->second.timer = timer;
    }
    if (cancel->load()) finish(id, true);
  });
}

void Waits::finish(std::uint64_t id, bool passed) {
  Waiting waiting;
  {
    const std::lock_guard lock(mutex_);
    auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    waiting = std::move(found->second);
    waiting_.erase(found);
  }
  timers_.cancel(waiting.timer);
  executor_.post([done = std::move(waiting.done), passed] { done(passed); });
}

void Waits::wake(const std::string& key) {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, waiting] : waiting_) {
      if (waiting.key == key) ids.push_back(id);
    }
  }
  for (std::uint64_t id : ids) finish(id, true);
}

void Waits::stop() {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [id, waiting] : waiting_) ids.push_back(id);
  }
  for (std::uint64_t id : ids) finish(id, false);
}

bool Waits::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

}  // namespace mortise::sync
