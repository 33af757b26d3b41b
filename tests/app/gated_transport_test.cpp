// The transport's door: what happens to requests when the host stops.
#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/gated_transport.hpp"
#include "app/system.hpp"
#include "fakes/executor.hpp"

namespace mortise::tests {
namespace {

using Done = std::function<void(ports::HttpOutcome)>;

/// Holds every request until it is destroyed, and then ends it, as the real transport does.
class HeldTransport final : public ports::Transport {
 public:
  explicit HeldTransport(ports::Executor& executor) : executor_(executor) {}
  ~HeldTransport() override {
    for (Done& done : held_) {
      executor_.post([done = std::move(done)] {
        done({Error{Code::unavailable, "closed under way", "closing"}, true});
      });
    }
  }
  void send(ports::HttpRequest, Done done) override {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::move(done));
  }

 private:
  ports::Executor& executor_;
  std::mutex mutex_;
  std::vector<Done> held_;
};

}  // namespace

TEST_CASE("gated transport: closing ends what is under way, once", "[app][transport]") {
  fakes::QueueExecutor executor;
  app::GatedTransport transport(std::make_unique<HeldTransport>(executor), executor);
  int ended = 0;
  bool maybe_sent = false;
  transport.send({}, [&](ports::HttpOutcome outcome) {
    ++ended;
    maybe_sent = outcome.maybe_sent;
    CHECK(outcome.reply.error().code == Code::unavailable);
  });
  executor.run_until_idle();
  CHECK(ended == 0);
  transport.close();
  transport.close();
  executor.run_until_idle();
  CHECK(ended == 1);
  CHECK(maybe_sent);  // it may have reached the other side
}

TEST_CASE("gated transport: nothing leaves once closed, and send() never answers inside",
          "[app][transport]") {
  fakes::QueueExecutor executor;
  app::GatedTransport transport(std::make_unique<HeldTransport>(executor), executor);
  transport.close();
  int ended = 0;
  transport.send({}, [&](ports::HttpOutcome outcome) {
    ++ended;
    CHECK_FALSE(outcome.maybe_sent);
    CHECK(outcome.reply.error().code == Code::unavailable);
    CHECK(outcome.reply.error().reason == "closing");
  });
  CHECK(ended == 0);
  executor.run_until_idle();
  CHECK(ended == 1);
}

TEST_CASE("gated transport: every request ends once when many threads send while it closes",
          "[app][transport]") {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::atomic<int> ended{0};
  {
    app::Workers workers(2);
    app::GatedTransport transport(std::make_unique<HeldTransport>(workers), workers);
    std::atomic<int> sent{0};
    std::vector<std::thread> senders;
    for (int i = 0; i < kThreads; ++i) {
      senders.emplace_back([&] {
        for (int j = 0; j < kEach; ++j) {
          transport.send({}, [&](const ports::HttpOutcome& outcome) {
            if (!outcome.reply.ok()) ++ended;
          });
          ++sent;
        }
      });
    }
    while (sent < kThreads * kEach / 4) std::this_thread::yield();
    transport.close();
    for (std::thread& sender : senders) sender.join();
  }  // the workers run what is queued
  CHECK(ended == kThreads * kEach);
}

}  // namespace mortise::tests
