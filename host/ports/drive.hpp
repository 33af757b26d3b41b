// Runs a connector operation to its end: sends what each step asks for, hands the replies back.
#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ports/connector.hpp"
#include "ports/reply_room.hpp"

namespace mortise::ports {

/// Sends one request; must call back exactly once and not inside the call.
using SendRequest = std::function<void(ConnectorRequest, std::function<void(ConnectorReply)>)>;

/// Told of every step before its requests are sent (what it reports can be committed, its requests
/// journaled). False abandons the operation: drive() ends with `cancelled`. May be empty.
using OnStep = std::function<bool(const Step&)>;

/// More steps than any operation needs: a connector that never ends is stopped here.
inline constexpr int kMaxSteps = 100'000;

namespace detail {

inline void merge_step(Step& all, Step& step) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(all.items, step.items);
  append(all.outcomes, step.outcomes);
  append(all.targets, step.targets);
  append(all.complete, step.complete);
  if (step.cursor) all.cursor = std::move(step.cursor);
  if (!step.identity.empty()) all.identity = std::move(step.identity);
  if (step.channel) all.channel = std::move(step.channel);
  all.estimated_writes += step.estimated_writes;
  all.estimated_reads += step.estimated_reads;
  all.error = std::move(step.error);
}

/// One operation under way. Steps run one at a time, on the thread that brings the last reply.
class Drive : public std::enable_shared_from_this<Drive> {
 public:
  Drive(std::unique_ptr<ConnectorOperation> operation, SendRequest send,
        std::function<void(Step)> done, OnStep on_step)
      : operation_(std::move(operation)),
        send_(std::move(send)),
        done_(std::move(done)),
        on_step_(std::move(on_step)) {}

  void take(Step step) {
    if (++steps_ > kMaxSteps) {
      step.requests.clear();
      step.error = Error{Code::internal, "the connector's operation does not end"};
    } else if (on_step_ && !on_step_(step)) {
      step.requests.clear();
      step.error = Error{Code::cancelled, "the operation was abandoned"};
    }
    std::vector<ConnectorRequest> requests = std::move(step.requests);
    merge_step(all_, step);
    if (requests.empty()) return finish();
    replies_.assign(requests.size(), ConnectorReply{});
    missing_ = requests.size();
    room_.clear();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      send_(std::move(requests[i]), [self = shared_from_this(), i](ConnectorReply reply) {
        self->put(i, std::move(reply));
      });
    }
  }

 private:
  void put(std::size_t index, ConnectorReply reply) {
    {
      const std::lock_guard lock(mutex_);
      replies_[index] = room_.keep(std::move(reply));
      if (--missing_ > 0) return;
    }
    take(operation_->resume(std::exchange(replies_, {})));
  }

  void finish() {
    operation_.reset();
    // send_ stays: the thread that sent the last request may still be inside it.
    const auto done = std::move(done_);
    done(std::move(all_));
  }

  std::unique_ptr<ConnectorOperation> operation_;
  SendRequest send_;
  std::function<void(Step)> done_;
  OnStep on_step_;
  Step all_;
  int steps_ = 0;
  std::mutex mutex_;  ///< guards the two below while requests are out
  std::vector<ConnectorReply> replies_;
  std::size_t missing_ = 0;
  ReplyRoom room_;
};

}  // namespace detail

/// Drives `started` to its end. `done` gets everything that all steps reported, in order, and the
/// error of the last one; it is called on the thread that brings the last reply, or inside the call
/// when there is nothing to send.
inline void drive(Started started, SendRequest send, std::function<void(Step)> done,
                  OnStep on_step = {}) {
  std::make_shared<detail::Drive>(std::move(started.operation), std::move(send), std::move(done),
                                  std::move(on_step))
      ->take(std::move(started.step));
}

}  // namespace mortise::ports
