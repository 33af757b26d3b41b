// Writing a connector in C++20. Derive from Connector, write each operation as a coroutine, and end
// the file with MT_PLUGIN(YourClass):
//
//   class Acme final : public mortise::Connector {
//     mortise::Task<mortise::Status> get(mortise::Call& call) override {
//       for (const std::string& id : call.ids()) {
//         mortise::Request request{.target = "/things/" + mortise::percent_encode(id)};
//         mortise::Reply reply = co_await call.send(request);
//         if (!reply.success()) co_return error_of(reply);
//         call.emit(item_of(reply.body));
//       }
//       co_return mortise::Status();
//     }
//   };
//   MT_PLUGIN(Acme)
//
// The host does the sending: a co_await suspends the operation, costs no thread, and may never
// return (the operation is then abandoned and its frames are destroyed; destructors run, nothing
// else). A connector object is shared by operations that run on different threads: keep no mutable
// state in it. What an operation throws ends it as FAILED with MT_INTERNAL; nothing is thrown into
// the host.
//
// GCC 12 miscompiles some awaited expressions: give what you pass to an awaited call a name, bind
// its result to a local, and keep co_await out of conditions and of `?:`.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mortise/services.h>
#include <mortise/convert.hpp>
#include <mortise/task.hpp>
#include <mortise/text.hpp>
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
  std::int64_t now_ms() const noexcept { return input_.now_ms; }
  /// JSON object: the connector's settings with defaults filled in.
  const std::string& settings() const noexcept { return input_.settings; }
  const std::string& target_id() const noexcept { return input_.target_id; }
  const std::string& target_kind() const noexcept { return input_.target_kind; }
  /// list: only the children of this container; empty: the whole target.
  const std::string& container_id() const noexcept { return input_.container_id; }
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
  /// identity: JSON {"id", "email"?, "name"?, "workspace_id"?, "workspace_name"?, "extra"?}.
  void identify(std::string_view json) { sink_->identity(sink_->context, lend(json)); }
  /// estimate: how many requests the writes would take.
  void estimate(std::uint32_t write_requests, std::uint32_t read_requests) {
    sink_->estimate(sink_->context, write_requests, read_requests);
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

/// What a connector implements. What the manifest does not declare is never called; what is not
/// overridden answers `unsupported`. Called on any worker thread, several operations at once.
class Connector {
 public:
  virtual ~Connector() = default;

  /// Emits the items of the target (or of one container), says what it listed completely, and the
  /// next cursor. `stale`: the cursor is gone, the host lists everything.
  virtual Task<Status> list(Call& call) { return refuse(call); }
  /// Emits one item for each id; state absent for what is not there.
  virtual Task<Status> get(Call& call) { return refuse(call); }
  /// Carries out the writes and reports one outcome for each.
  virtual Task<Status> write(Call& call) { return refuse(call); }
  /// Says what write() with the same writes would cost; sends nothing.
  virtual Task<Status> estimate(Call& call) { return refuse(call); }
  /// Emits the items that carry the keys in call.ids(); nothing for a key that is nowhere.
  virtual Task<Status> find(Call& call) { return refuse(call); }
  /// Offers the places the user may choose.
  virtual Task<Status> targets(Call& call) { return refuse(call); }
  /// Finds or makes the place called call.title() and offers it.
  virtual Task<Status> make_target(Call& call) { return refuse(call); }
  /// Says who the grant belongs to. Overriding it offers the ability "mortise.identity/1".
  virtual Task<Status> identity(Call& call) { return refuse(call); }

 private:
  static Task<Status> refuse(Call&) {
    co_return Error{Code::unsupported, "this connector does not implement the operation"};
  }
};

/// The host's services, for connectors whose constructor takes one.
class Host {
 public:
  explicit Host(const mt_host* host) noexcept : host_(host) {}
  /// One event, one line, no secrets, no bodies. `level`: MT_LOG_*.
  void log(std::int32_t level, std::string_view message) const {
    if (host_ != nullptr) host_->log(host_->context, level, lend(message));
  }

 private:
  const mt_host* host_;
};

namespace detail {

// Runs one coroutine behind mt_operation.
class RunningOperation {
 public:
  RunningOperation(const mt_call& call, const mt_sink* sink) : call_(own(call), sink) {}

  void begin(Connector& connector, mt_step& step) noexcept {
    advance(step, [&] {
      task_ = start(connector);
      task_.start();
    });
  }

  void resume(const mt_reply* const* replies, std::size_t count, mt_step& step) noexcept {
    advance(step, [&] {
      if (!call_.waiting_ || count != sent_.size()) return;
      call_.replies_.clear();
      for (std::size_t i = 0; i < count; ++i) call_.replies_.push_back(own(*replies[i]));
      std::exchange(call_.waiting_, {}).resume();
    });
  }

 private:
  Task<Status> start(Connector& connector) {
    switch (call_.operation()) {
      case Operation::list:
        return connector.list(call_);
      case Operation::get:
        return connector.get(call_);
      case Operation::write:
        return connector.write(call_);
      case Operation::find:
        return connector.find(call_);
      case Operation::targets:
        return connector.targets(call_);
      case Operation::make_target:
        return connector.make_target(call_);
      case Operation::identity:
        return connector.identity(call_);
      case Operation::estimate:
        return connector.estimate(call_);
    }
    return unknown();
  }

  static Task<Status> unknown() {
    co_return Error{Code::unsupported, "this connector does not know the operation"};
  }

  template <class Run>
  void advance(mt_step& step, Run run) noexcept {
    try {
      run();
      conclude(step);
    } catch (const std::exception& error) {
      fail(step, Code::internal, error.what());
    } catch (...) {
      fail(step, Code::internal, "the connector threw something that is no std::exception");
    }
  }

  void conclude(mt_step& step) {
    if (task_.done()) {
      Status status = task_.take();
      task_ = {};
      if (!status) return fail(step, status.error().code, status.error().message);
      set(step, MT_STEP_DONE, MT_OK);
    } else if (call_.waiting_ && !call_.requests_.empty()) {
      sent_.assign(std::exchange(call_.requests_, {}));
      set(step, MT_STEP_SEND, MT_OK);
      step.requests = sent_.data();
      step.request_count = sent_.size();
    } else {
      fail(step, Code::internal,
           "the operation was resumed without its replies or waits for nothing");
    }
  }

  void fail(mt_step& step, Code code, const char* message) noexcept {
    try {
      message_ = message;
    } catch (...) {
      message_.clear();
    }
    set(step, MT_STEP_FAILED, static_cast<std::int32_t>(code));
  }
  void fail(mt_step& step, Code code, const std::string& message) noexcept {
    fail(step, code, message.c_str());
  }

  void set(mt_step& step, std::int32_t state, std::int32_t code) noexcept {
    step.state = state;
    step.code = code;
    step.message = code == MT_OK ? mt_str{nullptr, 0} : lend(message_);
    step.requests = nullptr;
    step.request_count = 0;
  }

  Call call_;
  Task<Status> task_;
  LentRequests sent_;
  std::string message_;
};

// The C struct of a C++ connector. Freed by its own destroy().
class Instance {
 public:
  static const mt_connector* create(std::unique_ptr<Connector> connector, bool tells_identity) {
    return &(new Instance(std::move(connector), tells_identity))->table_;
  }

 private:
  Instance(std::unique_ptr<Connector> connector, bool tells_identity)
      : connector_(std::move(connector)), tells_identity_(tells_identity) {
    table_ = {sizeof(mt_connector), this, &destroy, &begin, &resume, &end, &ability};
    identity_ = {sizeof(mt_identity), &begin};
  }

  static RunningOperation* running(mt_operation* operation) noexcept {
    return reinterpret_cast<RunningOperation*>(operation);
  }

  static void destroy(void* self) { delete static_cast<Instance*>(self); }
  static mt_operation* begin(void* self, const mt_call* call, const mt_sink* sink, mt_step* step) {
    try {
      auto operation = std::make_unique<RunningOperation>(*call, sink);
      operation->begin(*static_cast<Instance*>(self)->connector_, *step);
      return reinterpret_cast<mt_operation*>(operation.release());
    } catch (...) {
      return nullptr;  // only std::bad_alloc can get here
    }
  }
  static void resume(mt_operation* operation, const mt_reply* const* replies, std::size_t count,
                     mt_step* step) {
    running(operation)->resume(replies, count, *step);
  }
  static void end(mt_operation* operation) { delete running(operation); }
  static const void* ability(void* self, const char* name) {
    const auto* instance = static_cast<const Instance*>(self);
    if (instance->tells_identity_ && std::string_view(name) == MT_ABILITY_IDENTITY) {
      return &instance->identity_;
    }
    return nullptr;
  }

  std::unique_ptr<Connector> connector_;
  bool tells_identity_;
  mt_connector table_;
  mt_identity identity_;
};

template <class T>
std::unique_ptr<Connector> construct(const mt_host* host) {
  if constexpr (std::is_constructible_v<T, Host>) {
    return std::make_unique<T>(Host(host));
  } else {
    return std::make_unique<T>();
  }
}

}  // namespace detail

/// Puts a C++ connector behind the C struct, for MT_PLUGIN and for tests. Returns nullptr if T's
/// constructor throws. The caller ends it with destroy(self).
template <class T>
const mt_connector* make_connector(const mt_host* host) noexcept {
  constexpr bool kTellsIdentity =
      !std::is_same_v<decltype(&T::identity), decltype(&Connector::identity)>;
  try {
    return detail::Instance::create(detail::construct<T>(host), kTellsIdentity);
  } catch (...) {
    return nullptr;
  }
}

}  // namespace mortise

/// Defines the plugin's one exported symbol. mortise_add_connector() passes MORTISE_PLUGIN_ID and
/// MORTISE_PLUGIN_VERSION from the manifest, so that the two cannot differ.
#define MT_PLUGIN(type)                                             \
  const mt_plugin mortise_plugin_entry = {                          \
      MT_ABI_MAJOR,      MT_ABI_MINOR,           sizeof(mt_plugin), \
      MORTISE_PLUGIN_ID, MORTISE_PLUGIN_VERSION, &::mortise::make_connector<type>};
