// A transport with a door: once closed, what is under way ends and nothing more leaves.
#pragma once

#include <memory>
#include <mutex>

#include "ports/clock.hpp"
#include "ports/transport.hpp"

namespace mortise::app {

/// Thread-safe. close() ends requests under way with `unavailable`; so does every later send().
class GatedTransport final : public ports::Transport {
 public:
  GatedTransport(std::unique_ptr<ports::Transport> inner, ports::Executor& executor)
      : inner_(std::move(inner)), executor_(executor) {}

  void send(ports::HttpRequest request, std::function<void(ports::HttpOutcome)> done) override {
    if (const std::shared_ptr<ports::Transport> inner = open()) {
      inner->send(std::move(request), std::move(done));
      return;
    }
    executor_.post([done = std::move(done)] {
      done({Error{Code::unavailable, "the host is stopping", "closing"}, false});
    });
  }

  void close() {
    std::shared_ptr<ports::Transport> last;  // ends here, unless another thread is sending with it
    {
      const std::lock_guard lock(mutex_);
      last.swap(inner_);
    }
  }

 private:
  std::shared_ptr<ports::Transport> open() const {
    const std::lock_guard lock(mutex_);
    return inner_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<ports::Transport> inner_;
  ports::Executor& executor_;
};

}  // namespace mortise::app
