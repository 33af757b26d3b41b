// Writing a connector in C++20. Derive from Connector, write each operation as a coroutine, and end
// the file with MT_PLUGIN(YourClass):
//
//   class Acme final : public mortise::Connector {
//     mortise::Task<mortise::Status> get(mortise::Call& call) override {
//       for (const std::string& id : call.ids()) {
//         mortise::Request request{.target = "/things/" + mortise::percent_encode(id)};
//         mortise::Reply reply = co_await call.send(request);
//         if (reply.status == 404) {
//           call.emit({.state = mortise::ItemState::absent, .id = id});
//         } else if (!reply.success()) {
//           co_return error_of(reply);  // of the whole operation
//         } else {
//           call.emit(item_of(reply.body));
//         }
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
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mortise/services.h>
#include <mortise/call.hpp>
#include <mortise/convert.hpp>
#include <mortise/task.hpp>
#include <mortise/text.hpp>
#include <mortise/values.hpp>

namespace mortise {

/// What a connector implements. What the manifest does not declare is never called; what is not
/// overridden answers `unsupported`. Called on any worker thread, several operations at once.
class Connector {
 public:
  virtual ~Connector() = default;

  /// Emits the items of the target (or of one container), says what it listed completely, and the
  /// next cursor. `stale`: the cursor is gone, the host lists everything.
  virtual Task<Status> list(Call& call) { return refuse(call); }
  /// Emits one item for each id; state absent for what is not there, as an id left out counts as
  /// gone and an error is one of the whole operation.
  virtual Task<Status> get(Call& call) { return refuse(call); }
  /// Carries out the writes and reports one outcome for each.
  virtual Task<Status> write(Call& call) { return refuse(call); }
  /// Says what write() with the same writes would cost; sends nothing. What has to be made before,
  /// the target or a container, has an invented id.
  virtual Task<Status> estimate(Call& call) { return refuse(call); }
  /// Emits the children of call.container_id() that carry the keys in call.ids(); nothing for a key
  /// that none of them has.
  virtual Task<Status> find(Call& call) { return refuse(call); }
  /// Offers the places the user may choose.
  virtual Task<Status> targets(Call& call) { return refuse(call); }
  /// Finds or makes the place called call.title() and offers it.
  virtual Task<Status> make_target(Call& call) { return refuse(call); }
  /// Says who the grant belongs to. Overriding it offers the ability "mortise.identity/1".
  virtual Task<Status> identity(Call& call) { return refuse(call); }
  /// Has changes of the target told to call.channel_address(). Bodies say MT_CHANNEL_SECRET where
  /// the service takes a secret. Overriding it offers the ability "mortise.channel/1".
  virtual Task<Status> open_channel(Call& call) { return refuse(call); }
  /// Ends a channel; one that is gone counts as ended.
  virtual Task<Status> close_channel(Call& call) { return refuse(call); }

 private:
  static Task<Status> refuse(Call&) {
    co_return Error{Code::unsupported, "this connector does not implement the operation"};
  }
};

/// The host's services, for connectors whose constructor takes one.
class Host {
 public:
  explicit Host(const mt_host* host) noexcept : host_(host) {}
  /// One event, one line, no secrets, no bodies. `level`: MT_LOG_*. On any thread, also in the
  /// connector's constructor and destructor.
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
      task_.emplace(start(connector));
      task_->start();
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
      case Operation::open_channel:
        return connector.open_channel(call_);
      case Operation::close_channel:
        return connector.close_channel(call_);
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
      fail(step, error.what());
    } catch (...) {
      fail(step, "the connector threw something that is no std::exception");
    }
  }

  void conclude(mt_step& step) {
    if (task_ && task_->done()) {
      Status status = task_->take();
      task_.reset();
      if (!status) return fail(step, std::move(status).error());
      set(step, MT_STEP_DONE);
    } else if (call_.waiting_ && !call_.requests_.empty()) {
      sent_.assign(std::exchange(call_.requests_, {}));
      set(step, MT_STEP_SEND);
      step.requests = sent_.data();
      step.request_count = sent_.size();
    } else {
      fail(step, "the operation was resumed without its replies or waits for nothing");
    }
  }

  // A bug of the connector.
  void fail(mt_step& step, const char* message) noexcept {
    Error error;
    try {
      error.message = message;
    } catch (...) {
      error.message.clear();
    }
    fail(step, std::move(error));
  }
  void fail(mt_step& step, Error error) noexcept {
    error_ = std::move(error);
    set(step, MT_STEP_FAILED);
    step.code = static_cast<std::int32_t>(error_.code);
    step.message = lend(error_.message);
    if (!MT_HAS(&step, retry_after_ms)) return;  // a host before 1.2
    step.reason = lend(error_.reason);
    step.retry_after_ms = error_.retry_after_ms.value_or(0);
  }

  static void set(mt_step& step, std::int32_t state) noexcept {
    step.state = state;
    step.code = MT_OK;
    step.message = {nullptr, 0};
    step.requests = nullptr;
    step.request_count = 0;
  }

  Call call_;
  std::optional<Task<Status>> task_;
  LentRequests sent_;
  Error error_;  // what the last step failed with: the host reads it until the next call
};

// Which optional abilities a connector has.
struct Abilities {
  bool identity = false;
  bool channel = false;
};

// The C struct of a C++ connector. Freed by its own destroy().
class Instance {
 public:
  static const mt_connector* create(std::unique_ptr<Connector> connector, Abilities abilities) {
    return &(new Instance(std::move(connector), abilities))->table_;
  }

 private:
  Instance(std::unique_ptr<Connector> connector, Abilities abilities)
      : connector_(std::move(connector)), abilities_(abilities) {
    table_ = {sizeof(mt_connector), this, &destroy, &begin, &resume, &end, &ability};
    identity_ = {sizeof(mt_identity), &begin};
    channels_ = {sizeof(mt_channels), &begin};
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
    const std::string_view asked = name;
    if (instance->abilities_.identity && asked == MT_ABILITY_IDENTITY) return &instance->identity_;
    if (instance->abilities_.channel && asked == MT_ABILITY_CHANNEL) return &instance->channels_;
    return nullptr;
  }

  std::unique_ptr<Connector> connector_;
  Abilities abilities_;
  mt_connector table_;
  mt_identity identity_;
  mt_channels channels_;
};

// Whether T has its own; one that cannot be named from here is private, and so not Connector's.
template <class T>
constexpr bool has_identity() {
  if constexpr (requires { &T::identity; }) {
    return !std::is_same_v<decltype(&T::identity), decltype(&Connector::identity)>;
  }
  return true;
}
template <class T>
constexpr bool has_channel() {
  if constexpr (requires { &T::open_channel; }) {
    return !std::is_same_v<decltype(&T::open_channel), decltype(&Connector::open_channel)>;
  }
  return true;
}

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
  constexpr detail::Abilities kAbilities = {detail::has_identity<T>(), detail::has_channel<T>()};
  try {
    return detail::Instance::create(detail::construct<T>(host), kAbilities);
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
