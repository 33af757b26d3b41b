// What the scripted host of the SDK writes down, beside what the host itself refuses.
#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <mortise/testing.hpp>

#include "plugin/limits.hpp"
#include "plugin/requests.hpp"

namespace {

using Catch::Contains;
using mortise::Call;
using mortise::CallInput;
using mortise::Channel;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Operation;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Status;
using mortise::Target;
using mortise::Task;
using mortise::WriteResult;
using mortise::testing::Bounds;
using mortise::testing::Breaches;
using mortise::testing::Script;

template <class Value>
std::vector<std::string> breaches_of(const Value& value) {
  Breaches breaches;
  breaches.check(value);
  return breaches.all();
}

/// One breach, which says this.
template <class Value>
void refused(const Value& value, const std::string& says) {
  const auto found = breaches_of(value);
  CAPTURE(says, found);
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0], Contains(says));
}

const std::string kBroken = "\xC3\x28";

/// Does in its only step what a test says.
class Puppet final : public mortise::Connector {
 public:
  static inline std::function<void(Call&)> act;

 private:
  Task<Status> list(Call& call) override { return step(call); }
  Task<Status> get(Call& call) override { return step(call); }
  Task<Status> write(Call& call) override { return step(call); }
  Task<Status> make_target(Call& call) override { return step(call); }
  Task<Status> estimate(Call& call) override { return step(call); }
  Task<Status> identity(Call& call) override { return step(call); }
  Task<Status> close_channel(Call& call) override { return step(call); }
  Task<Status> open_channel(Call& call) override { return step(call); }
  static Task<Status> step(Call& call) {
    act(call);
    co_return Status();
  }
};

std::vector<std::string> breaches_in(Operation operation, std::function<void(Call&)> act) {
  Puppet::act = std::move(act);
  const Script script(mortise::make_connector<Puppet>);
  CallInput call = {.operation = operation};
  return script.start(call).breaches();
}

}  // namespace

TEST_CASE("scripted host: its bounds and names are the host's", "[sdk][testing]") {
  const mortise::plugin::Limits host;
  CHECK(Bounds::kIdBytes == host.id_bytes);
  CHECK(Bounds::kUrlBytes == host.url_bytes);
  CHECK(Bounds::kFieldsBytes == host.fields_bytes);
  CHECK(Bounds::kIdentityBytes == host.identity_bytes);
  CHECK(Bounds::kBodyBytes == host.body_bytes);
  CHECK(Bounds::kHeaders == host.headers_per_request);
  CHECK(Bounds::kRequests == host.requests_per_step);
  CHECK(Bounds::kReports == host.reports_per_step);
  CHECK(Bounds::kLatestMs == host.latest_ms);
  for (const char* name : {"Authorization", "proxy-authorization", "HOST", "Content-Length",
                           "Transfer-Encoding", "connection", "Cookie", "upgrade", "TE", "Expect",
                           "Accept", "Content-Type", "X A", "", "x-acme", "a:b", "\xC3\xA9"}) {
    CAPTURE(name);
    CHECK(mortise::testing::is_reserved(name) == mortise::plugin::belongs_to_host(name));
    CHECK(mortise::testing::is_token(name) == mortise::plugin::is_header_name(name));
  }
}

TEST_CASE("scripted host: it names what the host refuses of a request", "[sdk][testing]") {
  const Request good{.target = "/things?a=%20", .headers = {{"Content-Type", "text/plain\t"}}};
  CHECK(breaches_of(good).empty());
  const auto with = [&](auto change) {
    Request request = good;
    change(request);
    return request;
  };
  for (const char* method : {"HEAD", "get", "CONNECT", ""}) {
    refused(with([&](Request& r) { r.method = method; }), "the method is none of");
  }
  for (const char* target : {"", "things", "//evil.test/"}) {
    refused(with([&](Request& r) { r.target = target; }), "does not begin with one '/'");
  }
  for (const char* target : {"/a b", "/a#b", "/a\\b", "/\xC3\xA9"}) {
    refused(with([&](Request& r) { r.target = target; }), "not percent-encoded");
  }
  refused(with([](Request& r) { r.target = "/" + std::string(8192, 'x'); }),
          "the target is too large");
  refused(with([](Request& r) { r.body = kBroken; }), "/things?a=%20 is not valid UTF-8");
  refused(with([](Request& r) { r.body.assign(16 * 1024 * 1024 + 1, 'x'); }),
          "the body in GET /things?a=%20 is too large");
  refused(with([](Request& r) { r.headers.assign(65, {"x-a", "b"}); }), "too many headers");
  refused(with([](Request& r) {
            r.headers = {{"x-a", std::string(8193, 'b')}};
          }),
          "a header is too large");
  refused(with([](Request& r) {
            r.headers = {{std::string(1025, 'a'), "b"}};
          }),
          "a header is too large");
  refused(with([](Request& r) { r.headers = {{"cookie", "b"}}; }), "'cookie' is set");
  refused(with([](Request& r) { r.headers = {{"Expect", "100-continue"}}; }), "'Expect' is set");
  for (const std::string& value :
       {std::string("a\r\nb"), std::string("\0", 1), std::string("\x7F"), std::string("\x01")}) {
    refused(with([&](Request& r) { r.headers = {{"x-a", value}}; }), "a header is malformed");
  }
  for (const char* name : {"", "x a", "x:a", "\xC3\xA9"}) {
    refused(with([&](Request& r) { r.headers = {{name, "b"}}; }), "a header is malformed");
  }
}

TEST_CASE("scripted host: it names what the host refuses of a report", "[sdk][testing]") {
  const Item good{.kind = "thing", .id = "1"};
  CHECK(breaches_of(good).empty());
  const auto item = [&](auto change) {
    Item changed = good;
    change(changed);
    return changed;
  };
  refused(item([](Item& i) { i.state = static_cast<ItemState>(4); }), "no known state");
  refused(item([](Item& i) { i.id.clear(); }), "no id");
  for (std::string Item::*text : {&Item::kind, &Item::id, &Item::key, &Item::parent_id,
                                  &Item::version, &Item::series, &Item::slot}) {
    refused(item([&](Item& i) { i.*text = kBroken; }), "is not valid UTF-8");
    refused(item([&](Item& i) { (i.*text).assign(1025, 'x'); }), "is too large");
  }
  refused(item([](Item& i) { i.url.assign(8193, 'x'); }), "the URL of item 1 is too large");
  refused(item([](Item& i) { i.memo.assign(4097, 'x'); }), "the memo of item 1 is too large");
  refused(item([](Item& i) { i.fields = "[]"; }), "fields of item 1 is not a JSON object");
  refused(item([](Item& i) { i.edited_ms = -1; }), "not within the years");
  refused(item([](Item& i) { i.edited_ms = Bounds::kLatestMs + 1; }), "not within the years");

  Outcome outcome = Outcome::done(0, "1");
  CHECK(breaches_of(outcome).empty());
  outcome.result = static_cast<WriteResult>(5);
  refused(outcome, "no known result");
  outcome = Outcome::done(0, "1");
  outcome.version = kBroken;
  refused(outcome, "the version in the outcome of write 0 is not valid UTF-8");

  CHECK(breaches_of(Target{.id = "1", .kind = "list"}).empty());
  refused(Target{.id = "1", .kind = "list", .title = kBroken}, "the title of a target");
  CHECK(breaches_of(Channel{}).empty());
  refused(Channel{std::string(1025, 'x'), 0}, "the resource of a channel is too large");
  refused(Channel{"r", -1}, "the end of a channel is not within the years");
}

TEST_CASE("scripted host: get says something of each id", "[sdk][testing]") {
  Puppet::act = [](Call& call) { call.emit({.state = ItemState::absent, .id = "1"}); };
  const Script script(mortise::make_connector<Puppet>);
  CHECK(script.start({.operation = Operation::get, .ids = {"1"}}).breaches().empty());
  const std::vector<std::string> silent = {"get is done, but said nothing of 2"};
  CHECK(script.start({.operation = Operation::get, .ids = {"1", "2"}}).breaches() == silent);
}

TEST_CASE("scripted host: answers that the host judges itself arrive as errors", "[sdk][testing]") {
  class Asks final : public mortise::Connector {
    Task<Status> list(Call& call) override { return ask(call); }
    Task<Status> identity(Call& call) override { return ask(call); }
    static Task<Status> ask(Call& call) {
      const Request request{.target = "/things"};
      const Reply reply = co_await call.send(request);
      if (reply.error) co_return *reply.error;
      co_return Error{Code::invalid, std::to_string(reply.status) + " " + reply.body};
    }
  };
  const Script script(mortise::make_connector<Asks>);
  const auto end = [&](Operation operation, Reply reply) {
    CallInput call;
    call.operation = operation;
    auto run = script.start(call);
    run.reply({std::move(reply)});
    return run.error();
  };
  const Reply page{.status = 403, .headers = {{"content-type", "text/html; charset=utf-8"}}};
  CHECK(end(Operation::list, {.status = 429, .body = "{}"}).code == Code::rate_limited);
  CHECK(end(Operation::list, {.status = 529, .body = "{}"}).code == Code::rate_limited);
  CHECK(end(Operation::list, page).code == Code::unavailable);
  CHECK(end(Operation::list, {.status = 403, .body = "{}"}).message == "403 {}");
  CHECK(end(Operation::list, {.status = 503, .body = "{}"}).message == "503 {}");
  CHECK(end(Operation::identity, {.status = 429, .body = "{}"}).message == "429 {}");
}

TEST_CASE("scripted host: an identity has an id of its own", "[sdk][testing]") {
  for (const char* good :
       {R"({"id":"me"})", R"( { "a" : [{"id":""}, "id"], "b\"" : {"id":1} , "id" : "\"" } )"}) {
    CHECK(mortise::testing::has_id(good));
  }
  for (const char* bad : {"", "{}", R"({"id":""})", R"({"id":7})", R"({"a":{"id":"x"}})",
                          R"({"a":"id"})", R"({"id)", R"({"id":)", R"({"a":"\"id\":\"x\""})"}) {
    CAPTURE(bad);
    CHECK_FALSE(mortise::testing::has_id(bad));
  }
}

TEST_CASE("scripted host: it names a report that is none of its operation, or of no step",
          "[sdk][testing]") {
  const auto one = [](Operation operation, const char* says, std::function<void(Call&)> act) {
    const auto found = breaches_in(operation, std::move(act));
    CAPTURE(says, found);
    REQUIRE(found.size() == 1);
    CHECK_THAT(found[0], Contains(says));
  };
  one(Operation::get, "only by a listing", [](Call& call) { call.complete(); });
  one(Operation::get, "only a listing has a cursor", [](Call& call) { call.next_cursor("c"); });
  one(Operation::list, "the cursor is not valid UTF-8",
      [](Call& call) { call.next_cursor(kBroken); });
  one(Operation::close_channel, "only by its opening", [](Call& call) {
    const Channel channel;
    call.opened(channel);
  });
  const auto nothing = [](Call&) {};
  one(Operation::open_channel, "did not report one channel", nothing);
  one(Operation::identity, "did not say whose the grant is", nothing);
  one(Operation::make_target, "offered no place", nothing);
  one(Operation::estimate, "gave no numbers", nothing);
  one(Operation::list, "on another thread",
      [](Call& call) { std::thread([&] { call.complete(); }).join(); });
  one(Operation::list, "too many reports in one step", [](Call& call) {
    for (std::size_t i = 0; i < Bounds::kReports + 2; ++i) call.complete();
  });
  CHECK(breaches_in(Operation::list, [](Call& call) { call.complete(); }).empty());
}
