#include "api/slow_lane.hpp"

namespace mortise::api {

SlowLane::SlowLane(std::size_t waiting) : waiting_(waiting), thread_([this] { run(); }) {}

SlowLane::~SlowLane() {
  stop();
}

bool SlowLane::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || queue_.size() + (busy_ ? 1 : 0) > waiting_) return false;
    queue_.push_back(std::move(work));
  }
  posted_.notify_one();
  return true;
}

void SlowLane::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
  }
  posted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SlowLane::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    busy_ = true;
    {
      const std::function<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
    busy_ = false;
  }
}

}  // namespace mortise::api
