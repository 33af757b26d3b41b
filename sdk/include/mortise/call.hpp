// One operation as its author sees it. Included by connector.hpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mortise/convert.hpp>
#include <mortise/values.hpp>

namespace mortise {

namespace detail {
class RunningOperation;
}

/// One operation under way, as its author sees it: the input, the way to send requests, and where
/// results go. Lives as long as the operation; pass it on by reference.
class Call {
 public:
  Operation operation() const noexcept { return input_.operation; }
  /// When the operation began, in ms since 1970 UTC: after a wait it is that much behind.
  std::int64_t now_ms() const noexcept { return input_.now_ms; }
  /// JSON object: the connector's settings with defaults filled in.
  const std::string& settings() const noexcept { return input_.settings; }
  const std::string& target_id() const noexcept { return input_.target_id; }
  const std::string& target_kind() const noexcept { return input_.target_kind; }
  /// list: only the children of this container, which may be the target; empty: everything. find:
  /// only among the children of this container; never empty, may be the target.
  const std::string& container_id() const noexcept { return input_.container_id; }
  /// list: the kind of that container, or the target's. find: empty.
  const std::string& container_kind() const noexcept { return input_.container_kind; }
  /// list: where the last listing ended; empty: everything.
  const std::string& cursor() const noexcept { return input_.cursor; }
  /// get: ids; find: keys.
  const std::vector<std::string>& ids() const noexcept { return input_.ids; }
  const std::vector<Write>& writes() const noexcept { return input_.writes; }
  /// make_target: its name, and a key that is the same for every attempt.
  const std::string& title() const noexcept { return input_.title; }
  const std::string& once_key() const noexcept { return input_.once_key; }
  /// identity: the token endpoint's answer, secret members removed.
  const std::string& token_reply() const noexcept { return input_.token_reply; }

  /// open_channel, close_channel: our id of the channel, and where it notifies.
  const std::string& channel_id() const noexcept { return input_.channel_id; }
  const std::string& channel_address() const noexcept { return input_.channel_address; }
  /// close_channel: what open_channel reported.
  const std::string& channel_resource() const noexcept { return input_.channel_resource; }
  /// open_channel: the life asked for; 0: the service's choice.
  std::int64_t channel_expires_ms() const noexcept { return input_.channel_expires_ms; }

  class SendOne;
  class SendAll;
  /// Suspends until the reply is there: `Reply reply = co_await call.send(request);`
  SendOne send(const Request& request);
  /// The same for several requests that do not depend on each other; replies in the same order.
  SendAll send_all(const std::vector<Request>& requests);
  // GCC 12 destroys temporaries of an awaited expression twice (seen with `send({.target = ...})`):
  // only named requests compile.
  SendOne send(Request&& request) = delete;
  SendAll send_all(std::vector<Request>&& requests) = delete;

  void emit(const Item& item) {
    const mt_item lent = lend(item);
    sink_->item(sink_->context, &lent);
  }
  /// What became of a write, as soon as known. One outcome for each write.
  void report(const Outcome& outcome) {
    const mt_outcome lent = lend(outcome);
    sink_->outcome(sink_->context, &lent);
  }
  void offer(const Target& target) {
    const mt_target lent = lend(target);
    sink_->target(sink_->context, &lent);
  }
  /// list: every present child of this container has been emitted. Empty: of the whole target.
  void complete(std::string_view container_id = {}) {
    sink_->complete(sink_->context, lend(container_id));
  }
  /// list: what the next listing goes on from; at most MT_CURSOR_MAX bytes.
  void next_cursor(std::string_view cursor) { sink_->cursor(sink_->context, lend(cursor)); }
  /// identity: JSON {"id", "email"?, "name"?, "workspace_id"?, "workspace_name"?}.
  void identify(std::string_view json) { sink_->identity(sink_->context, lend(json)); }
  /// estimate: how many requests the writes would take.
  void estimate(std::uint32_t write_requests, std::uint32_t read_requests) {
    sink_->estimate(sink_->context, write_requests, read_requests);
  }

  /// open_channel: it is open. (A host before 1.1 never asks for a channel.)
  void opened(const Channel& channel) {
    const mt_channel lent = lend(channel);
    if (MT_HAS(sink_, channel)) sink_->channel(sink_->context, &lent);
  }

  Call(CallInput input, const mt_sink* sink) : input_(std::move(input)), sink_(sink) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  friend class detail::RunningOperation;

  void wait(std::coroutine_handle<> waiting, std::vector<Request> requests) {
    waiting_ = waiting;
    requests_ = std::move(requests);
  }

  CallInput input_;
  const mt_sink* sink_;
  std::coroutine_handle<> waiting_;
  std::vector<Request> requests_;
  std::vector<Reply> replies_;
};

class Call::SendAll {
 public:
  SendAll(Call& call, std::vector<Request> requests)
      : call_(call), requests_(std::move(requests)), nothing_(requests_.empty()) {}
  bool await_ready() const noexcept { return nothing_; }
  void await_suspend(std::coroutine_handle<> waiting) { call_.wait(waiting, std::move(requests_)); }
  std::vector<Reply> await_resume() {
    return nothing_ ? std::vector<Reply>() : std::move(call_.replies_);
  }

 private:
  Call& call_;
  std::vector<Request> requests_;
  bool nothing_;
};

class Call::SendOne {
 public:
  SendOne(Call& call, Request request) : call_(call), request_(std::move(request)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    std::vector<Request> requests;
    requests.push_back(std::move(request_));
    call_.wait(waiting, std::move(requests));
  }
  Reply await_resume() { return std::move(call_.replies_.front()); }

 private:
  Call& call_;
  Request request_;
};

inline Call::SendOne Call::send(const Request& request) {
  return {*this, request};
}
inline Call::SendAll Call::send_all(const std::vector<Request>& requests) {
  return {*this, requests};
}

}  // namespace mortise
