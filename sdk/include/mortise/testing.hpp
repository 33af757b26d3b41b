// A scripted host for the tests of a connector: no network, no threads, no test framework. It
// speaks the C contract, so a test sees exactly what the real host sees, and it writes down each
// breach that shows in one request or report (testing_rules.hpp) or in their order. It does not
// see what takes the manifest (origins, operations) or a JSON library (fields that are no JSON
// between their braces, or hold fractions), structs of an impossible size, CPU time, and what is
// too much only in sum: bytes of a step, steps and reports of an operation.
//
// Answers reach the connector as the host would hand them on: a canned 429, 529 or 403 with an HTML
// page as an error (not so to identity). What else the host judges itself, a test cans as it
// arrives: {.error = Error{Code::unauthenticated, "the grant is dead"}}.
//
//   mortise::testing::Script script(mortise::make_connector<Acme>);
//   auto run = script.start({.operation = mortise::Operation::get, .ids = {"42"}});
//   REQUIRE(run.requests().at(0).target == "/things/42");
//   run.reply({{.status = 200, .body = R"({"id":"42"})"}});
//   REQUIRE(run.done());
//   REQUIRE(run.items().at(0).id == "42");
//   REQUIRE(run.breaches() == std::vector<std::string>{});
//
// Or with the whole conversation at once: script.replay(call, {{"GET /things/42", {.status =
// 200}}}).
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <mortise/connector.hpp>
#include <mortise/testing_rules.hpp>

namespace mortise::testing {

/// One canned answer. `request` is the method and the target, "GET /things/42"; with a '*' at its
/// end, only their beginning. `body_has`, if given, must occur in the request's body.
struct Exchange {
  std::string request;
  Reply reply = {};
  std::string body_has = {};
};

/// One operation under way, driven by the test. Ends (or abandons) the operation when destroyed;
/// must not outlive the Script that started it.
class Run {
 public:
  enum class State { sending, done, failed };

  Run(const mt_connector& connector, CallInput input)
      : connector_(&connector),
        call_(std::make_unique<LentCall>(std::move(input))),
        seen_(std::make_unique<Seen>()) {
    seen_->operation = this->call().operation;
    seen_->outcomes_per_write.assign(this->call().writes.size(), 0);
    mt_step step = blank();
    seen_->open();
    operation_ = begin(step);
    if (operation_ == nullptr) throw std::runtime_error("begin() returned no operation");
    take(step);
  }
  Run(Run&& other) noexcept { *this = std::move(other); }
  Run& operator=(Run&& other) noexcept {
    std::swap(connector_, other.connector_);
    std::swap(operation_, other.operation_);
    std::swap(call_, other.call_);
    std::swap(seen_, other.seen_);
    return *this;
  }
  ~Run() {
    if (operation_ != nullptr) connector_->end(operation_);
  }

  State state() const noexcept { return seen_->state; }
  bool sending() const noexcept { return state() == State::sending; }
  bool done() const noexcept { return state() == State::done; }
  /// Why the operation as a whole failed.
  const Error& error() const noexcept { return seen_->error; }
  /// What it wants sent now, empty unless sending().
  const std::vector<Request>& requests() const noexcept { return seen_->requests; }
  /// Every request so far, in order.
  const std::vector<Request>& sent() const noexcept { return seen_->sent; }
  const std::vector<Item>& items() const noexcept { return seen_->items; }
  const std::vector<Outcome>& outcomes() const noexcept { return seen_->outcomes; }
  const std::vector<Target>& targets() const noexcept { return seen_->targets; }
  /// Containers said to be listed completely; "" is the whole target.
  const std::vector<std::string>& completed() const noexcept { return seen_->completed; }
  const std::string& cursor() const noexcept { return seen_->cursor; }
  const std::string& identity() const noexcept { return seen_->identity; }
  /// What open_channel reported.
  const std::vector<Channel>& channels() const noexcept { return seen_->channels; }
  std::uint32_t estimated_writes() const noexcept { return seen_->estimated_writes; }
  std::uint32_t estimated_reads() const noexcept { return seen_->estimated_reads; }
  /// What the connector did that the contract forbids, one sentence each.
  const std::vector<std::string>& breaches() const noexcept { return seen_->breaches.all(); }

  /// Hands in one reply for each of requests(), as delivered() makes it, and runs the next step.
  void reply(std::vector<Reply> replies) {
    if (!sending()) throw std::logic_error("reply() on an operation that waits for nothing");
    if (replies.size() != requests().size()) {
      throw std::logic_error("reply() with " + std::to_string(replies.size()) + " replies to " +
                             std::to_string(requests().size()) + " requests");
    }
    if (call().operation != Operation::identity) {
      for (Reply& each : replies) each = delivered(std::move(each));
    }
    const LentReplies lent(replies);
    mt_step step = blank();
    seen_->open();
    connector_->resume(operation_, lent.data(), lent.size(), &step);
    take(step);
  }

  /// Answers the requests of this step from `exchanges`, in any order, and takes out what it used.
  /// False, and a breach, if nothing there fits one of them.
  bool reply_from(std::vector<Exchange>& exchanges) {
    std::vector<Reply> replies;
    for (const Request& request : requests()) {
      const auto found = find(exchanges, request);
      if (found == exchanges.end()) {
        seen_->breaches.note(true, "nothing is canned for " + line(request) + " " + request.body);
        return false;
      }
      replies.push_back(std::move(found->reply));
      exchanges.erase(found);
    }
    reply(std::move(replies));
    return true;
  }

  /// Goes on with reply_from() until the operation ends. An exchange never used is a breach.
  void replay(std::vector<Exchange> exchanges) {
    while (sending()) {
      if (!reply_from(exchanges)) return;
    }
    for (const Exchange& each : exchanges) {
      seen_->breaches.note(true, "it never asked for " + each.request);
    }
  }

 private:
  struct Seen {
    State state = State::sending;
    Operation operation = Operation::list;
    Error error = {Code::internal, {}};
    std::vector<Request> requests;
    std::vector<Request> sent;
    std::vector<Item> items;
    std::vector<Outcome> outcomes;
    std::vector<std::size_t> outcomes_per_write;
    std::vector<Target> targets;
    std::vector<std::string> completed;
    std::string cursor;
    std::string identity;
    std::vector<Channel> channels;
    std::uint32_t estimated_writes = 0;
    std::uint32_t estimated_reads = 0;
    bool estimated = false;
    Breaches breaches;
    std::thread::id open_on = {};  // the thread of the open step
    std::size_t reports = 0;       // of the step
    mt_sink sink = {};

    void open() {
      open_on = std::this_thread::get_id();
      reports = 0;
    }
    // Whether a report counts.
    bool accepts() {
      const bool stray = open_on != std::this_thread::get_id();
      breaches.note(stray, "a report outside of a step, or on another thread");
      if (!stray) {
        breaches.note(++reports == Bounds::kReports + 1, "there are too many reports in one step");
      }
      return !stray;
    }
  };

  static std::string line(const Request& request) { return request.method + " " + request.target; }
  static bool fits(const Exchange& exchange, const Request& request) {
    const std::string asked = line(request);
    const std::string& wanted = exchange.request;
    const bool open_end = !wanted.empty() && wanted.back() == '*';
    const bool same = open_end
                          ? asked.compare(0, wanted.size() - 1, wanted, 0, wanted.size() - 1) == 0
                          : asked == wanted;
    return same && request.body.find(exchange.body_has) != std::string::npos;
  }
  static std::vector<Exchange>::iterator find(std::vector<Exchange>& exchanges,
                                              const Request& request) {
    return std::find_if(exchanges.begin(), exchanges.end(),
                        [&](const Exchange& each) { return fits(each, request); });
  }

  const CallInput& call() const noexcept { return call_->input(); }

  static mt_step blank() noexcept {
    mt_step step = {};
    step.size = sizeof(step);
    step.state = -1;
    return step;
  }

  mt_operation* begin(mt_step& step) {
    seen_->sink = {sizeof(mt_sink), this->seen_.get(), &on_item,     &on_outcome,  &on_target,
                   &on_complete,    &on_cursor,        &on_identity, &on_estimate, &on_channel};
    const Operation operation = call().operation;
    if (operation == Operation::identity) {
      return ability<mt_identity>(MT_ABILITY_IDENTITY)
          .begin(connector_->self, call_->get(), &seen_->sink, &step);
    }
    if (operation == Operation::open_channel || operation == Operation::close_channel) {
      return ability<mt_channels>(MT_ABILITY_CHANNEL)
          .begin(connector_->self, call_->get(), &seen_->sink, &step);
    }
    return connector_->begin(connector_->self, call_->get(), &seen_->sink, &step);
  }

  template <class Ability>
  const Ability& ability(const char* name) const {
    const void* found = connector_->ability(connector_->self, name);
    if (found == nullptr)
      throw std::runtime_error(std::string("the connector does not offer ") + name);
    return *static_cast<const Ability*>(found);
  }

  void take(const mt_step& step) {
    Breaches& breaches = seen_->breaches;
    seen_->open_on = {};
    seen_->requests.clear();
    if (step.state == MT_STEP_SEND) {
      for (std::size_t i = 0; i < step.request_count; ++i) {
        seen_->requests.push_back(own(*step.requests[i]));
        check(seen_->requests.back());
      }
      seen_->sent.insert(seen_->sent.end(), seen_->requests.begin(), seen_->requests.end());
      breaches.note(seen_->requests.empty(), "a step asks to send nothing");
      breaches.note(seen_->requests.size() > Bounds::kRequests, "a step sends too many requests");
      breaches.note(call().operation == Operation::estimate, "an estimate sends requests");
    } else if (step.state == MT_STEP_DONE) {
      seen_->state = State::done;
      check_end();
    } else {
      seen_->state = State::failed;
      seen_->error = own_error(step.code, step);
      breaches.note(step.state != MT_STEP_FAILED, "a step ended in no known state");
      breaches.note(seen_->error.message.empty(), "a failure without a message");
      breaches.note(!is_utf8(seen_->error.message), "the failure's message is not valid UTF-8");
    }
  }

  void check(const Request& request) {
    Breaches& breaches = seen_->breaches;
    const std::string name = line(request);
    const std::size_t writes = call().writes.size();
    breaches.check(request);
    breaches.note(request.writes.size() > writes,
                  name + ": carries out more writes than there are");
    for (const std::uint32_t index : request.writes) {
      breaches.note(index >= writes, name + ": carries out a write that is not there");
    }
    breaches.note(call().operation == Operation::close_channel &&
                      request.body.find(MT_CHANNEL_SECRET) != std::string::npos,
                  name + ": only open_channel has a secret");
    breaches.note(call().operation == Operation::write && request.method != "GET" &&
                      !request.repeatable && request.writes.empty(),
                  name + ": changes something without saying which write it carries out");
  }

  void check_end() {
    Breaches& breaches = seen_->breaches;
    const Operation operation = call().operation;
    const auto silent = [&](Operation of, bool said, std::string_view what) {
      breaches.note(operation == of && !said, what);
    };
    silent(Operation::open_channel, seen_->channels.size() == 1,
           "open_channel is done, but did not report one channel");
    silent(Operation::identity, !seen_->identity.empty(),
           "identity is done, but did not say whose the grant is");
    silent(Operation::make_target, !seen_->targets.empty(),
           "make_target is done, but offered no place");
    silent(Operation::estimate, seen_->estimated, "estimate is done, but gave no numbers");
    if (operation == Operation::get) {
      for (const std::string& id : call().ids) {
        const bool said = std::any_of(seen_->items.begin(), seen_->items.end(),
                                      [&](const Item& item) { return item.id == id; });
        breaches.note(!said, "get is done, but said nothing of " + id);
      }
    }
    if (operation != Operation::write) return;
    for (std::size_t i = 0; i < seen_->outcomes_per_write.size(); ++i) {
      breaches.note(seen_->outcomes_per_write[i] == 0,
                    "write " + std::to_string(i) + " got no outcome");
    }
  }

  // Runs one report if it counts.
  template <class Take>
  static void taking(void* context, Take take) {
    Seen& seen = *static_cast<Seen*>(context);
    if (seen.accepts()) take(seen);
  }
  static void on_item(void* context, const mt_item* raw) {
    taking(context, [&](Seen& s) { s.breaches.check(s.items.emplace_back(own(*raw))); });
  }
  static void on_outcome(void* context, const mt_outcome* raw) {
    taking(context, [&](Seen& s) {
      const Outcome& outcome = s.outcomes.emplace_back(own(*raw));
      const std::string name = "the outcome of write " + std::to_string(outcome.write);
      if (outcome.write >= s.outcomes_per_write.size())
        return s.breaches.note(true, name + ": no such write");
      s.breaches.note(++s.outcomes_per_write[outcome.write] > 1, name + " was reported twice");
      s.breaches.check(outcome);
    });
  }
  static void on_target(void* context, const mt_target* raw) {
    taking(context, [&](Seen& s) { s.breaches.check(s.targets.emplace_back(own(*raw))); });
  }
  static void on_complete(void* context, mt_str container) {
    taking(context, [&](Seen& s) {
      s.breaches.note(s.operation != Operation::list, "completeness is said only by a listing");
      const std::string& id = s.completed.emplace_back(own(container));
      s.breaches.check_text("the id of a complete container", id, Bounds::kIdBytes);
    });
  }
  static void on_cursor(void* context, mt_str cursor) {
    taking(context, [&](Seen& s) {
      s.breaches.note(s.operation != Operation::list, "only a listing has a cursor");
      s.cursor = own(cursor);
      s.breaches.check_text("the cursor", s.cursor, MT_CURSOR_MAX);
    });
  }
  static void on_identity(void* context, mt_str json) {
    taking(context, [&](Seen& s) {
      s.identity = own(json);
      s.breaches.check_identity(s.identity);
    });
  }
  static void on_channel(void* context, const mt_channel* raw) {
    taking(context, [&](Seen& s) {
      s.breaches.note(s.operation != Operation::open_channel,
                      "a channel is reported only by its opening");
      s.breaches.check(s.channels.emplace_back(own(*raw)));
    });
  }
  static void on_estimate(void* context, std::uint32_t writes, std::uint32_t reads) {
    taking(context, [&](Seen& s) {
      s.estimated_writes = writes;
      s.estimated_reads = reads;
      s.estimated = true;
    });
  }

  const mt_connector* connector_ = nullptr;
  mt_operation* operation_ = nullptr;
  std::unique_ptr<LentCall> call_;
  std::unique_ptr<Seen> seen_;
};

/// A host with one connector and no network. Outlives the runs that it starts.
class Script {
 public:
  using Create = const mt_connector* (*)(const mt_host*);

  /// `create` is make_connector<Acme> or mortise_plugin_entry.create.
  explicit Script(Create create) {
    host_ = {sizeof(mt_host), &log_, &on_log, &no_service};
    connector_ = create(&host_);
    if (connector_ == nullptr) throw std::runtime_error("create() returned no connector");
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script() { connector_->destroy(connector_->self); }

  const mt_connector& connector() const noexcept { return *connector_; }
  /// What the connector logged.
  const std::vector<std::string>& log() const noexcept { return log_; }

  Run start(CallInput call) const { return Run(*connector_, std::move(call)); }
  Run replay(CallInput call, std::vector<Exchange> exchanges) const {
    Run run = start(std::move(call));
    run.replay(std::move(exchanges));
    return run;
  }
  /// Breaks the operation off after each of its steps in turn; under a sanitizer this shows that
  /// abandoning frees everything. Returns the number of steps it broke off.
  std::size_t abandon_at_every_step(const CallInput& call,
                                    const std::vector<Exchange>& exchanges) const {
    std::size_t steps = 0;
    while (true) {
      Run run = start(call);
      std::vector<Exchange> left = exchanges;
      std::size_t taken = 0;
      while (run.sending() && taken < steps) {
        if (!run.reply_from(left)) return steps;
        ++taken;
      }
      if (!run.sending()) return steps;
      ++steps;
    }
  }

 private:
  static void on_log(void* context, std::int32_t, mt_str message) {
    static_cast<std::vector<std::string>*>(context)->push_back(own(message));
  }
  static const void* no_service(void*, const char*) { return nullptr; }

  mt_host host_ = {};
  const mt_connector* connector_ = nullptr;
  mutable std::vector<std::string> log_;  // the connector writes it, also of a const Script
};

}  // namespace mortise::testing
