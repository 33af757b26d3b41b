// The C++ wrapper of the SDK, seen from the C side through the scripted host.
#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <mortise/testing.hpp>

namespace {

using mortise::Call;
using mortise::CallInput;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::Operation;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;
using mortise::testing::Exchange;
using mortise::testing::Script;

constexpr int kLoop = 20000;

// Counts live frames, so that abandoning can be seen to free them.
struct Guard {
  explicit Guard(std::shared_ptr<int> count) : count_(std::move(count)) { ++*count_; }
  ~Guard() { --*count_; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  std::shared_ptr<int> count_;
};

std::shared_ptr<int> live_frames() {
  static const auto count = std::make_shared<int>(0);
  return count;
}

class Shop final : public mortise::Connector {
 public:
  // Nested: an operation, a helper with a result, a helper of that helper.
  Task<Status> get(Call& call) override {
    const Guard guard(live_frames());
    for (const std::string& id : call.ids()) {
      Result<std::string> body = co_await fetch(call, id);
      if (!body) co_return body.error();
      Item item;
      item.kind = "thing";
      item.id = id;
      item.fields = *body;
      call.emit(item);
    }
    co_return Status();
  }

  Task<Status> list(Call& call) override {
    if (call.cursor() == "loop") {
      int sum = 0;
      for (int i = 0; i < kLoop; ++i) sum += co_await plain(i);
      call.next_cursor(std::to_string(sum));
      co_return Status();
    }
    if (call.cursor() == "throw early") throw std::runtime_error("thrown in the first step");
    std::vector<Request> pages;
    for (int page = 1; page <= 3; ++page) {
      pages.push_back({.target = "/things?page=" + std::to_string(page)});
    }
    std::vector<Reply> replies = co_await call.send_all(pages);
    for (const Reply& reply : replies) call.emit({.kind = "thing", .id = reply.body});
    const std::vector<Request> nothing;
    std::vector<Reply> none = co_await call.send_all(nothing);
    if (!none.empty()) co_return Error{Code::internal, "replies to nothing"};
    if (call.cursor() == "throw late") {
      Status never = co_await deep_throw(call, 3);
      co_return never;
    }
    if (call.cursor() == "throw int") throw 42;
    call.complete();
    call.next_cursor("next");
    co_return Status();
  }

  Task<Status> write(Call& call) override {
    for (std::uint32_t i = 0; i < call.writes().size(); ++i) {
      Request request{.method = "POST", .target = "/things", .writes = {i}};
      request.headers.push_back({"X-Key", call.writes()[i].key});
      request.body = call.writes()[i].fields;
      Reply reply = co_await call.send(request);
      if (reply.error && reply.maybe_sent) {
        call.report(Outcome::uncertain(i, *reply.error));
      } else if (reply.error) {
        call.report(Outcome::failed(i, *reply.error));
      } else {
        call.report(Outcome::done(i, std::string(reply.header("x-id"))));
      }
    }
    co_return Status();
  }

  Task<Status> estimate(Call& call) override {
    call.estimate(static_cast<std::uint32_t>(call.writes().size()), 1);
    co_return Status();
  }

  Task<Status> identity(Call& call) override {
    call.identify(call.token_reply());
    co_return Status();
  }

 private:
  static Task<Result<std::string>> fetch(Call& call, const std::string& id) {
    const Guard guard(live_frames());
    Reply reply = co_await ask(call, "/things/" + mortise::percent_encode(id));
    if (reply.status == 404) co_return Error{Code::not_found, "thing " + id + " is not there"};
    co_return reply.body;
  }
  static Task<Reply> ask(Call& call, std::string target) {
    const Guard guard(live_frames());
    Request request{.target = std::move(target), .repeatable = true};
    Reply reply = co_await call.send(request);
    co_return reply;
  }
  static Task<int> plain(int value) { co_return value % 2; }
  static Task<Status> deep_throw(Call& call, int depth) {
    if (depth == 0) {
      const Request last{.target = "/last"};
      Reply reply = co_await call.send(last);
      throw std::runtime_error("thrown far inside, after " + reply.body);
    }
    Status deeper = co_await deep_throw(call, depth - 1);
    co_return deeper;
  }
};

// Implements privately, as the header's example does.
class Shy final : public mortise::Connector {
  Task<Status> identity(Call& call) override {
    call.identify(R"({"id":"shy"})");
    co_return Status();
  }
};

// Says nothing about identity and does nothing.
class Idle final : public mortise::Connector {};

class Stillborn final : public mortise::Connector {
 public:
  Stillborn() { throw std::runtime_error("no"); }
};

const std::vector<std::string> kNoBreach;

}  // namespace

TEST_CASE("wrapper: nested helpers send one request after the other", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  auto run = script.start({.operation = Operation::get, .ids = {"a b", "c"}});
  REQUIRE(run.requests().size() == 1);
  REQUIRE(run.requests()[0].target == "/things/a%20b");
  REQUIRE(run.requests()[0].repeatable);
  run.reply({{.status = 200, .body = R"({"n":1})"}});
  REQUIRE(run.requests().at(0).target == "/things/c");
  REQUIRE(run.items().size() == 1);
  run.reply({{.status = 200, .body = R"({"n":2})"}});
  REQUIRE(run.done());
  REQUIRE(run.items().at(1).fields == R"({"n":2})");
  REQUIRE(run.breaches() == kNoBreach);
}

TEST_CASE("wrapper: an error of a helper ends the operation with its code and message", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  const auto run = script.replay({.operation = Operation::get, .ids = {"x", "y"}},
                                 {{"GET /things/x", {.status = 404}}});
  REQUIRE(run.state() == mortise::testing::Run::State::failed);
  REQUIRE(run.error() == Error{Code::not_found, "thing x is not there"});
}

TEST_CASE("wrapper: an error keeps its reason and its wait, both ways", "[sdk]") {
  class Passing final : public mortise::Connector {
    Task<Status> write(Call& call) override {
      const Request request{.method = "POST", .target = "/things", .writes = {0}};
      const Reply reply = co_await call.send(request);
      call.report(Outcome::failed(0, *reply.error));
      co_return *reply.error;
    }
  };
  const Script script(mortise::make_connector<Passing>);
  CallInput call = {.operation = Operation::write};
  call.writes.push_back({.kind = "thing", .key = "one"});
  Error error{Code::rate_limited, "asked to wait", "rate_limited"};
  error.retry_after_ms = 90'000;
  const auto run = script.replay(call, {{"POST /things", {.error = error}}});
  CHECK(run.outcomes().at(0) == Outcome::failed(0, error));
  CHECK(run.error() == error);
}

TEST_CASE("wrapper: send_all sends together and answers in order", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  auto run = script.start({.operation = Operation::list});
  REQUIRE(run.requests().size() == 3);
  run.reply(
      {{.status = 200, .body = "1"}, {.status = 200, .body = "2"}, {.status = 200, .body = "3"}});
  REQUIRE(run.done());
  REQUIRE(run.items().size() == 3);
  REQUIRE(run.items()[2].id == "3");
  REQUIRE(run.completed() == std::vector<std::string>{""});
  REQUIRE(run.cursor() == "next");
}

TEST_CASE("wrapper: what the author throws becomes an internal failure", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  const auto early = script.start({.operation = Operation::list, .cursor = "throw early"});
  REQUIRE(early.error() == Error{Code::internal, "thrown in the first step"});

  const std::vector<Exchange> pages = {{"GET /things?page=1", {.status = 200, .body = "1"}},
                                       {"GET /things?page=2", {.status = 200, .body = "2"}},
                                       {"GET /things?page=3", {.status = 200, .body = "3"}}};
  std::vector<Exchange> and_last = pages;
  and_last.push_back({"GET /last", {.status = 200, .body = "the end"}});
  const auto late = script.replay({.operation = Operation::list, .cursor = "throw late"}, and_last);
  REQUIRE(late.error() == Error{Code::internal, "thrown far inside, after the end"});
  const auto other = script.replay({.operation = Operation::list, .cursor = "throw int"}, pages);
  REQUIRE(other.error().code == Code::internal);
}

TEST_CASE("wrapper: a loop over helpers that never wait does not grow the stack", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  const auto run = script.start({.operation = Operation::list, .cursor = "loop"});
  REQUIRE(run.done());
  REQUIRE(run.cursor() == std::to_string(kLoop / 2));
}

TEST_CASE("wrapper: an abandoned operation frees every frame", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  const std::vector<Exchange> answers = {{"GET /things/1", {.status = 200, .body = "{}"}},
                                         {"GET /things/2", {.status = 200, .body = "{}"}}};
  const CallInput call = {.operation = Operation::get, .ids = {"1", "2"}};
  {
    auto run = script.start(call);
    REQUIRE(*live_frames() == 3);
  }
  REQUIRE(*live_frames() == 0);
  REQUIRE(script.abandon_at_every_step(call, answers) == 2);
  REQUIRE(*live_frames() == 0);
}

TEST_CASE("wrapper: replies and outcomes keep the difference between failed and uncertain",
          "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  CallInput call = {.operation = Operation::write};
  for (const char* key : {"one", "two", "three"})
    call.writes.push_back({.kind = "thing", .key = key});
  auto run = script.start(call);
  REQUIRE(run.requests().at(0).headers == std::vector<mortise::Header>{{"X-Key", "one"}});
  REQUIRE(run.requests().at(0).writes == std::vector<std::uint32_t>{0});
  run.reply({{.status = 201, .headers = {{"x-id", "id1"}}}});
  run.reply({{.error = Error{Code::unavailable, "no route"}}});
  run.reply({{.error = Error{Code::unavailable, "broke off"}, .maybe_sent = true}});
  REQUIRE(run.done());
  REQUIRE(run.outcomes().at(0) == Outcome::done(0, "id1"));
  REQUIRE(run.outcomes().at(1) == Outcome::failed(1, {Code::unavailable, "no route"}));
  REQUIRE(run.outcomes().at(2) == Outcome::uncertain(2, {Code::unavailable, "broke off"}));
  REQUIRE(run.breaches() == kNoBreach);

  call.operation = Operation::estimate;
  const auto estimate = script.start(call);
  REQUIRE(estimate.estimated_writes() == 3);
  REQUIRE(estimate.estimated_reads() == 1);
  REQUIRE(estimate.breaches() == kNoBreach);
}

TEST_CASE("wrapper: what a connector implements may be private", "[sdk]") {
  const Script shy(mortise::make_connector<Shy>);
  const auto offers = [&](const char* name) {
    return shy.connector().ability(shy.connector().self, name) != nullptr;
  };
  CHECK(offers(MT_ABILITY_IDENTITY));
  CHECK_FALSE(offers(MT_ABILITY_CHANNEL));
  const auto run = shy.start({.operation = Operation::identity});
  CHECK(run.identity() == R"({"id":"shy"})");
}

TEST_CASE("wrapper: identity is offered only by a connector that implements it", "[sdk]") {
  const Script shop(mortise::make_connector<Shop>);
  const auto run = shop.start({.operation = Operation::identity, .token_reply = R"({"id":"me"})"});
  REQUIRE(run.identity() == R"({"id":"me"})");
  const Script idle(mortise::make_connector<Idle>);
  REQUIRE(idle.connector().ability(idle.connector().self, MT_ABILITY_IDENTITY) == nullptr);
  REQUIRE(shop.connector().ability(shop.connector().self, "mortise.identity/2") == nullptr);
}

TEST_CASE("wrapper: what a connector does not implement or know is unsupported", "[sdk]") {
  const Script idle(mortise::make_connector<Idle>);
  REQUIRE(idle.start({.operation = Operation::find}).error().code == Code::unsupported);
  REQUIRE(idle.start({.operation = static_cast<Operation>(99)}).error().code == Code::unsupported);
}

TEST_CASE("wrapper: a resume that does not fit fails instead of crashing", "[sdk]") {
  const Script script(mortise::make_connector<Shop>);
  auto run = script.replay({.operation = Operation::get}, {});
  REQUIRE(run.done());

  const mt_connector& raw = script.connector();
  const mortise::LentCall call({.operation = Operation::get, .ids = {"1"}});
  mt_sink sink = {};
  mt_step step = {};
  step.size = sizeof(step);
  mt_operation* operation = raw.begin(raw.self, call.get(), &sink, &step);
  REQUIRE(step.state == MT_STEP_SEND);
  raw.resume(operation, nullptr, 0, &step);
  REQUIRE(step.state == MT_STEP_FAILED);
  REQUIRE(step.code == MT_INTERNAL);
  raw.end(operation);
}

TEST_CASE("wrapper: an empty task ends its operation as a bug of the connector", "[sdk]") {
  class Hollow final : public mortise::Connector {
    Task<Status> list(Call&) override { return Task<Status>(Task<Status>::Handle()); }
    Task<Status> get(Call&) override {
      Task<Status> empty = Task<Status>(Task<Status>::Handle());
      Status never = co_await empty;
      co_return never;
    }
  };
  static_assert(!std::is_default_constructible_v<Task<Status>>, "{} is no operation");
  const Script script(mortise::make_connector<Hollow>);
  for (const Operation operation : {Operation::list, Operation::get}) {
    CallInput call;
    call.operation = operation;
    const auto run = script.start(call);
    REQUIRE(run.state() == mortise::testing::Run::State::failed);
    CHECK(run.error() == Error{Code::internal, "an empty task was run: it was moved from"});
  }
}

TEST_CASE("wrapper: a constructor that throws makes no connector", "[sdk]") {
  REQUIRE(mortise::make_connector<Stillborn>(nullptr) == nullptr);
}

TEST_CASE("scripted host: it keeps what a connector logs", "[sdk]") {
  class Talker final : public mortise::Connector {
   public:
    explicit Talker(mortise::Host host) : host_(host) { host_.log(MT_LOG_INFO, "made"); }

   private:
    Task<Status> list(Call&) override {
      host_.log(MT_LOG_INFO, "listed");
      co_return Status();
    }
    mortise::Host host_;
  };
  const Script script(mortise::make_connector<Talker>);
  const auto run = script.start({.operation = Operation::list});
  REQUIRE(script.log() == std::vector<std::string>{"made", "listed"});
}

TEST_CASE("scripted host: it names each breach of the contract", "[sdk]") {
  class Sloppy final : public mortise::Connector {
    Task<Status> write(Call& call) override {
      Request request{.origin = "https://evil.test", .method = "POST", .target = "x y"};
      request.headers.push_back({"a", "b\r\nc: d"});
      request.writes.push_back(7);
      const Reply reply = co_await call.send(request);
      if (!reply.success()) co_return Error{Code::internal, "not answered"};
      call.report(Outcome::done(0, ""));
      call.report(Outcome::done(0, "again"));
      call.report(Outcome::done(9, "unknown"));
      co_return Status();
    }
    Task<Status> list(Call& call) override {
      call.emit({.id = "", .fields = "[1]", .memo = std::string(5000, 'm')});
      call.emit({.kind = "k", .id = "\xC0\x80", .fields = "{\"a\":\"\xFF\"}"});
      call.next_cursor(std::string(70000, 'c'));
      co_return Status();
    }
  };
  const Script script(mortise::make_connector<Sloppy>);
  CallInput call = {.operation = Operation::write};
  call.writes = {{.kind = "k", .key = "1"}, {.kind = "k", .key = "2"}};
  const auto run = script.replay(call, {{"POST x*", {.status = 200}}, {"GET /never", {}}});
  REQUIRE(run.breaches().size() == 10);
  const auto listing = script.start({.operation = Operation::list});
  REQUIRE(listing.breaches().size() == 7);
}

TEST_CASE("text: percent_encode keeps only the unreserved", "[sdk]") {
  REQUIRE(mortise::percent_encode("a-b_c.d~e/f?g=h i\xC3\xA9") ==
          "a-b_c.d~e%2Ff%3Fg%3Dh%20i%C3%A9");
  REQUIRE(mortise::percent_encode(".") == "%2E");
  REQUIRE(mortise::percent_encode("..") == "%2E%2E");
  REQUIRE(mortise::percent_encode("...") == "...");
  REQUIRE(mortise::percent_encode(".a") == ".a");
}

TEST_CASE("text: is_utf8 knows the shortest form and surrogates", "[sdk]") {
  for (const char* good :
       {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF"}) {
    REQUIRE(mortise::is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF0\x80\x80\x80", "\xFF", "a\xE2\x82", "\xE2\x28\xA1"}) {
    REQUIRE_FALSE(mortise::is_utf8(bad));
  }
}
