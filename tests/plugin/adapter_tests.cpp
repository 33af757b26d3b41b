#include <catch2/catch.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "plugin/doubles.hpp"

namespace {

using Catch::Contains;
using mortise::Code;
using mortise::Error;
using mortise::plugin::Limits;
using namespace mortise::ports;
namespace core = mortise::core;

Call listing(const std::string& container = "", const std::string& target = "") {
  Call call;
  call.operation = Operation::list;
  call.container_id = container;
  call.target.id = target;
  return call;
}

Call writing(std::size_t count, const std::string& target = "") {
  Call call;
  call.operation = Operation::write;
  call.target.id = target;
  for (std::size_t i = 0; i < count; ++i) {
    Write write;
    write.kind = "thing";
    write.key = "task:" + std::to_string(i);
    call.writes.push_back(write);
  }
  return call;
}

ConnectorReply answer(int status, const std::string& body) {
  ConnectorReply reply;
  reply.maybe_sent = true;  // as the egress says of every answer
  reply.reply.status = status;
  reply.reply.body = body;
  return reply;
}

ConnectorReply no_answer(Code code, bool maybe_sent) {
  ConnectorReply reply;
  reply.error = Error{code, "no answer"};
  reply.maybe_sent = maybe_sent;
  return reply;
}

}  // namespace

TEST_CASE("adapter: a C connector lists through steps", "[plugin][adapter]") {
  for (const char* id : {"good", "older", "newer"}) {
    CAPTURE(id);
    const auto connector = doubles::load(id);
    Started started = connector->begin(listing());
    REQUIRE(started.step.requests.size() == 1);
    CHECK(started.step.requests[0].origin == "api");
    CHECK(started.step.requests[0].method == "GET");
    CHECK(started.step.requests[0].target == "/things");
    CHECK(started.step.requests[0].repeatable);
    const Step step = started.operation->resume({answer(200, "thing-1")});
    REQUIRE(step.done());
    CHECK_FALSE(step.error);
    REQUIRE(step.items.size() == 1);
    CHECK(step.items[0].id == "thing-1");
    if (id == std::string("newer")) continue;
    CHECK(step.items[0].fields == R"({"a":"x","b":1})");
    CHECK(step.complete == std::vector<std::string>{""});
  }
}

TEST_CASE("adapter: outcomes come back with what is known of each write", "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Started started = connector->begin(writing(4));
  REQUIRE(started.step.requests.size() == 4);
  CHECK(started.step.requests[2].writes == std::vector<std::uint32_t>{2});
  const Step step = started.operation->resume({answer(201, "id0"), answer(400, "no"),
                                               no_answer(Code::unavailable, false),
                                               no_answer(Code::unavailable, true)});
  REQUIRE(step.outcomes.size() == 4);
  CHECK(step.outcomes[0].result == OutcomeResult::done);
  CHECK(step.outcomes[0].id == "id0");
  CHECK_FALSE(step.outcomes[0].error);
  CHECK(step.outcomes[1].result == OutcomeResult::failed);
  CHECK(step.outcomes[1].error->code == Code::invalid);
  CHECK(step.outcomes[2].error->code == Code::unavailable);
  CHECK(step.outcomes[3].result == OutcomeResult::uncertain);
}

TEST_CASE("adapter: the double in C tells what failed from what may have been carried out",
          "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Started started = connector->begin(writing(1));
  const Step step = started.operation->resume({answer(502, "")});
  REQUIRE(step.outcomes.size() == 1);
  CHECK(step.outcomes[0].result == OutcomeResult::uncertain);
  CHECK(step.outcomes[0].error->code == Code::unavailable);
  CHECK(connector->begin(writing(9)).step.error->code == Code::too_large);
  const Step nothing = connector->begin(writing(0)).step;
  CHECK(nothing.done());
  CHECK_FALSE(nothing.error);
}

TEST_CASE("adapter: an operation that the manifest does not declare never reaches the plugin",
          "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Call call;
  call.operation = Operation::find;
  Started started = connector->begin(call);
  REQUIRE(started.operation != nullptr);
  CHECK(started.step.error->code == Code::unsupported);
  call.operation = Operation::identity;
  CHECK(connector->begin(call).step.error->code == Code::unsupported);
}

TEST_CASE("adapter: operations outlive their connector's owner and may be abandoned",
          "[plugin][adapter]") {
  auto connector = doubles::load("good");
  Started first = connector->begin(listing());
  Started second = connector->begin(writing(2));
  connector.reset();
  CHECK(first.operation->resume({answer(200, "x")}).items.size() == 1);
  second.operation.reset();  // half-way; the sanitizer sees that nothing is left
}

TEST_CASE("adapter: many operations run on many threads at once", "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  std::vector<std::thread> threads;
  std::vector<int> right(4, 0);
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        Started started = connector->begin(listing());
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        const Step step = started.operation->resume({answer(200, id)});
        if (step.items.size() == 1 && step.items[0].id == id) ++right[t];
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(right == std::vector<int>(4, 200));
}

TEST_CASE("adapter: an operation may go on with another thread at each step", "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Started started = connector->begin(listing());
  Step step;
  std::thread([&] { step = started.operation->resume({answer(200, "elsewhere")}); }).join();
  CHECK(step.items.size() == 1);
  CHECK_FALSE(step.error);
}

TEST_CASE("adapter: a cursor comes back only to the settings and target that made it",
          "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Call call = listing("", "here");
  Started started = connector->begin(call);
  const Step step = started.operation->resume({answer(200, "x")});
  REQUIRE(step.cursor);
  CHECK_THAT(*step.cursor, Contains(":next"));

  const auto memory_folder = std::filesystem::path(MORTISE_BINARY_DIR) / "plugins/memory";
  auto memory = mortise::plugin::load_connector(memory_folder, {}, {});
  REQUIRE(memory.ok());
  Call first = listing("", "default");
  const Step all = (*memory)->begin(first).step;
  REQUIRE(all.cursor);
  CHECK(all.complete.size() == 1);
  first.cursor = *all.cursor;
  CHECK((*memory)->begin(first).step.complete.empty());  // a delta
  first.settings = R"({"largest_shelf":5})";
  CHECK((*memory)->begin(first).step.complete.size() == 1);  // everything again
}

TEST_CASE("adapter: an exception over the boundary ends the operation, not the host",
          "[plugin][adapter]") {
  const auto connector = doubles::load("throws");
  Started begun = connector->begin(listing("begin"));
  REQUIRE(begun.operation != nullptr);
  CHECK(begun.step.error->code == Code::internal);
  CHECK_THAT(begun.step.error->message, Contains("an exception crossed the boundary"));

  Started resumed = connector->begin(listing());
  const Step step = resumed.operation->resume({answer(200, "seen before")});
  CHECK(step.error->code == Code::internal);
  CHECK(step.items.size() == 1);
  CHECK(resumed.operation->resume({answer(200, "again")}).error->code == Code::internal);
}

TEST_CASE("adapter: a step that computes too long is logged, and over the bound it fails",
          "[plugin][adapter]") {
  std::vector<std::string> lines;
  Limits limits;
  limits.slow_step_us = 20'000;
  limits.longest_step_us = 60'000;
  const auto connector =
      doubles::load("overstays", limits, [&](int level, std::string_view, std::string_view line) {
        if (level == MT_LOG_WARNING) lines.emplace_back(line);
      });
  CHECK_FALSE(connector->begin(listing("0")).step.error);
  CHECK(lines.empty());
  Started slow = connector->begin(listing("30"));
  CHECK_FALSE(slow.step.error);
  CHECK(slow.step.requests.size() == 1);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("ms of CPU time"));
  Started stuck = connector->begin(listing("80"));
  REQUIRE(stuck.step.error);
  CHECK(stuck.step.error->code == Code::internal);
  CHECK(stuck.step.requests.empty());
}

TEST_CASE("adapter: every lie in a report is named and ends the operation", "[plugin][adapter]") {
  Limits limits;
  limits.reports_per_step = 1000;
  const auto connector = doubles::load("lies", limits);
  struct Lie {
    const char* name;
    const char* says;
  };
  const Lie lies[] = {
      {"item null", "an item of an impossible size"},
      {"item size", "an item of an impossible size"},
      {"item state", "an item in state 77, which is none: item '1'"},
      {"item id", "an item without an id"},
      {"item null text", "the id of an item has a size, but no bytes"},
      {"item endless text", "the id of an item is larger than"},
      {"item utf8", "the id of an item is not valid UTF-8"},
      {"item fields", "the fields of an item is no JSON"},
      {"item list fields", "the fields of an item is no JSON object"},
      {"item fraction", "the fields of an item"},
      {"item null field", "the fields of an item: 'notes' is null: item '1'"},
      {"item memo", "the memo of an item is larger than 4096 bytes: item '1'"},
      {"item edited before", "the edit time of an item is not within the years 1970 to 9999"},
      {"item edited after", "the edit time of an item is not within the years 1970 to 9999"},
      {"many items", "more than 1000 reports"},
      {"cursor", "the cursor is larger than 65536"},
      {"outcome of nothing", "an outcome for a write that nobody asked for: write 99 of 0"},
      {"target", "a target without id or kind"},
      {"target kind", "a target of a kind that the manifest does not declare"},
      {"identity", "the identity has no id"},
      {"other thread", "outside of a step, or on another thread"},
      {"no operation", "begin() returned no operation"},
      {"no state", "a step that ended in no known state"},
      {"endless origin", "too large an origin or method"},
      {"endless method", "too large an origin or method"},
      {"null origin", "too large an origin or method"},
      {"null target", "too large a target or body"},
      {"null body", "too large a target or body"},
      {"null header", "too large a header"},
      {"null header name", "too large a header"},
      {"origin", "the manifest does not declare: 'GET' '/things' of origin 'https://evil.test'"},
      {"method", "a method that is not allowed: 'CONNECT' '/things' of origin 'api'"},
      {"target host", "a target that is no path"},
      {"target url", "a target that is no path"},
      {"target /a/../b", "a target that is no path"},
      {"target /..", "a target that is no path"},
      {"target /a/./b", "a target that is no path"},
      {"target /a/%2E%2e", "a target that is no path"},
      {"target /a/.%2e/b?c", "a target that is no path"},
      {"target lines", "'/a HTTP/1.1  Host: evil.test' of origin 'api'"},
      {"header of the host", "sets 'Authorization'"},
      {"header lines", "a malformed header 'X-A': 'GET'"},
      {"header name", "a malformed header 'X A': 'GET'"},
      {"headers null", "too many headers"},
      {"request size", "a request of an impossible size"},
      {"request null", "a request of an impossible size"},
      {"covers nothing", "more writes than there are"},
      {"writes null", "more writes than there are"},
      {"large body", "too large a target or body"},
      {"sends nothing", "a step that sends nothing"},
      {"sends too much", "more than 1000 requests"},
  };
  for (const Lie& lie : lies) {
    CAPTURE(lie.name);
    Started started = connector->begin(listing("", lie.name));
    REQUIRE(started.operation != nullptr);
    REQUIRE(started.step.error);
    CHECK(started.step.error->code == Code::internal);
    CHECK(started.step.requests.empty());
    CHECK_THAT(started.step.error->message, Contains(lie.says) && Contains("connector lies"));
  }
}

TEST_CASE("adapter: a URL is a link to a web page, or is refused", "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  const auto report = [&](const std::string& what, const std::string& url) {
    const Call call =
        what == "outcome" ? writing(1, "outcome url " + url) : listing("", what + " url " + url);
    return connector->begin(call).step;
  };
  for (const char* what : {"item", "outcome", "target"}) {
    for (const char* wrong :
         {"javascript:alert(1)", "JavaScript://x/%0Aalert(1)", "data:text/html,x",
          "file:///etc/passwd", "//evil.test/", "https://", "https:///x", "https:/evil.test",
          "https://a.test/ b", "memory:1", "https://a.test/\"onclick=\"x", "https://a.test\\b",
          "https://a.test/\n"}) {
      CAPTURE(what, wrong);
      const Step step = report(what, wrong);
      REQUIRE(step.error);
      CHECK_THAT(step.error->message, Contains("is no http or https URL"));
    }
    for (const char* good : {"https://www.notion.so/Plan-1#b", "http://127.0.0.1:4010/x?y=1",
                             "HTTPS://a.test", "https://a.test/\xC3\xA9"}) {
      CAPTURE(what, good);
      CHECK_FALSE(report(what, good).error);
    }
  }
}

TEST_CASE("adapter: all that a request is made of counts toward the bytes of a step",
          "[plugin][adapter]") {
  Limits limits;
  limits.bytes_per_step = 1000;
  const auto connector = doubles::load("lies", limits);
  for (const char* each : {"long target", "long header"}) {
    CAPTURE(each);
    const Step step = connector->begin(listing("", each)).step;
    REQUIRE(step.error);
    CHECK_THAT(step.error->message, Contains("more than 1000 bytes in one step"));
  }
  CHECK_FALSE(doubles::load("lies")->begin(listing("", "long target")).step.error);
  const Step many = connector->begin(writing(300, "covers all")).step;
  REQUIRE(many.error);
  CHECK_THAT(many.error->message, Contains("more than 1000 bytes in one step"));
}

TEST_CASE("adapter: dots are no harm elsewhere in a target", "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  for (const char* good :
       {"/", "/a//b", "/a.b/...", "/.a/b..", "/a?b=/../c", "/a/%2e%2e%2e", "/%2"}) {
    CAPTURE(good);
    CHECK_FALSE(connector->begin(listing("", std::string("target ") + good)).step.error);
  }
}

TEST_CASE("adapter: a lying write keeps what was true and leaves no write without an outcome",
          "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  const Step twice = connector->begin(writing(2, "outcome twice")).step;
  CHECK_THAT(twice.error->message, Contains("two outcomes for one write: write 0, 'task:0'"));
  REQUIRE(twice.outcomes.size() == 2);
  CHECK(twice.outcomes[0].result == OutcomeResult::done);
  CHECK(twice.outcomes[1].write == 1);
  CHECK(twice.outcomes[1].result == OutcomeResult::not_attempted);
  for (const char* lie :
       {"outcome result", "outcome without id", "outcome null field", "covers nothing"}) {
    CAPTURE(lie);
    const Step step = connector->begin(writing(2, lie)).step;
    CHECK(step.error->code == Code::internal);
    REQUIRE(step.outcomes.size() == 2);
    CHECK(step.outcomes[1].result == OutcomeResult::not_attempted);
  }
}

TEST_CASE("adapter: silence about a write that was sent is uncertainty", "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  Started started = connector->begin(writing(3, "says nothing"));
  REQUIRE(started.step.requests.size() == 3);
  const Step step = started.operation->resume(
      {answer(200, "id"), no_answer(Code::unavailable, true), no_answer(Code::unavailable, false)});
  REQUIRE(step.outcomes.size() == 3);
  CHECK(step.outcomes[0].result == OutcomeResult::uncertain);
  CHECK(step.outcomes[0].error);
  CHECK(step.outcomes[1].result == OutcomeResult::uncertain);
  CHECK(step.outcomes[2].result == OutcomeResult::not_attempted);
}

TEST_CASE("adapter: a failure's message is cut to one clean line, its unknown code is internal",
          "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  const Step step = connector->begin(listing("", "failure")).step;
  CHECK(step.error->code == Code::internal);
  CHECK(step.error->message == "two lines ?" + std::string(Limits().message_bytes - 11, 'm'));
}

TEST_CASE("adapter: why there was no answer reaches the plugin, and comes back with its errors",
          "[plugin][adapter]") {
  const auto connector = doubles::load("channels");
  ConnectorReply none = no_answer(Code::unavailable, false);
  none.error->reason = "timeout";
  none.error->retry_after_ms = 90'000;

  Started writes = connector->begin(writing(1));
  const Step written = writes.operation->resume({none});
  REQUIRE(written.outcomes.size() == 1);
  CHECK(written.outcomes[0].error == none.error);

  Call call;
  call.operation = Operation::open_channel;
  Started opening = connector->begin(call);
  CHECK(opening.operation->resume({none}).error == none.error);
  Error refused{Code::forbidden, "the service opens no channel", "channels_off"};
  refused.retry_after_ms = 60'000;
  Started again = connector->begin(call);
  CHECK(again.operation->resume({answer(403, "no")}).error == refused);
}

TEST_CASE("adapter: a library of 1.0 says no reason, and is not harmed by one",
          "[plugin][adapter]") {
  ConnectorReply none = no_answer(Code::unavailable, false);
  none.error->reason = "timeout";
  none.error->retry_after_ms = 90'000;
  Started started = doubles::load("older")->begin(writing(1));
  const Step step = started.operation->resume({none});
  REQUIRE(step.outcomes.size() == 1);
  CHECK(step.outcomes[0].error == Error{Code::unavailable, "the service did not take it"});
}

TEST_CASE("adapter: what is no reason is left out, and a wait is bounded", "[plugin][adapter]") {
  const auto connector = doubles::load("lies");
  const auto error = [&](const std::string& how) {
    const auto given = connector->begin(listing("", how)).step.error;
    REQUIRE(given);
    CHECK(given->code == Code::rate_limited);
    CHECK(given->message == "refused");
    return *given;
  };
  const std::string longest(64, 'x');
  CHECK(error("reason plan_limit_2").reason == "plan_limit_2");
  CHECK(error("reason " + longest).reason == longest);
  for (const char* wrong : {"", "planLimit", "plan limit", "plan-limit", "pl\xC3\xA1n", "null"}) {
    CAPTURE(wrong);
    CHECK(error(std::string("reason ") + wrong).reason.empty());
  }
  CHECK(error("reason x" + longest).reason.empty());

  CHECK(error("wait 5000").retry_after_ms == 5000);
  CHECK(error("wait 86400001").retry_after_ms == 86'400'000);
  CHECK(error("wait 9223372036854775807").retry_after_ms == 86'400'000);
  CHECK_FALSE(error("wait 0").retry_after_ms);
  CHECK_FALSE(error("wait -9223372036854775808").retry_after_ms);
}

TEST_CASE("adapter: what a plugin logs is one clean line each, and not many of them",
          "[plugin][adapter]") {
  Limits limits;
  limits.log_lines = 300;
  std::vector<std::pair<int, std::string>> lines;
  const auto connector = doubles::load(
      "lies", limits,
      [&](int level, std::string_view, std::string_view line) { lines.emplace_back(level, line); });
  CHECK_FALSE(connector->begin(listing("", "logs much")).step.error);
  REQUIRE(lines.size() == 301);
  CHECK(lines[0].first == MT_LOG_DEBUG);
  CHECK(lines[299].first == MT_LOG_ERROR);
  CHECK(lines[0].second == "two lines ?" + std::string(Limits().message_bytes - 11, 'm'));
  CHECK_THAT(lines[300].second, Contains("more than 300 lines in a minute"));

  const auto failing = doubles::load("lies", limits, [](int, std::string_view, std::string_view) {
    throw std::runtime_error("the log is full");
  });
  CHECK_FALSE(failing->begin(listing("", "logs much")).step.error);
}

TEST_CASE("adapter: an operation that sends for ever ends at the bound", "[plugin][adapter]") {
  Limits limits;
  limits.steps = 50;
  const auto connector = doubles::load("lies", limits);
  Started started = connector->begin(listing("", "for ever"));
  std::size_t steps = 1;
  Step step = std::move(started.step);
  while (!step.done()) {
    step = started.operation->resume({answer(200, "")});
    ++steps;
  }
  CHECK(steps == 50);
  CHECK_THAT(step.error->message, Contains("still sends after 50 steps"));
}

TEST_CASE("adapter: an operation that reports for ever ends at the bound, however small its steps",
          "[plugin][adapter]") {
  const auto steps_until = [](const Limits& limits, const char* says) {
    const auto connector = doubles::load("lies", limits);
    Started started = connector->begin(listing("", "items for ever"));
    std::size_t steps = 1;
    Step step = std::move(started.step);
    while (!step.done() && steps < 100) {
      step = started.operation->resume({answer(200, "")});
      ++steps;
    }
    REQUIRE(step.error);
    CHECK(step.error->code == Code::internal);
    CHECK_THAT(step.error->message, Contains(says));
    return steps;
  };
  Limits reports;
  reports.reports_per_step = 1;
  reports.reports_per_operation = 5;
  CHECK(steps_until(reports, "more than 5 reports in one operation") == 6);
  Limits bytes;
  const std::size_t one = sizeof(Item) + 24;  // what an item takes
  bytes.bytes_per_step = 2 * one;
  bytes.bytes_per_operation = 4 * one + 1;
  CHECK(steps_until(bytes, "bytes reported in one operation") == 5);
}

TEST_CASE("adapter: a resume without the replies is refused and never reaches the plugin",
          "[plugin][adapter]") {
  const auto connector = doubles::load("good");
  Started started = connector->begin(listing());
  CHECK(started.operation->resume({}).error->code == Code::internal);
  CHECK(started.operation->resume({answer(200, "still good")}).items.size() == 1);
  CHECK(started.operation->resume({}).error->code == Code::internal);
}

TEST_CASE("adapter: a channel is opened with what the call says, and its secret stays a word",
          "[plugin][adapter]") {
  const auto connector = doubles::load("channels");
  Call call;
  call.operation = Operation::open_channel;
  call.channel_id = "5b0c";
  call.channel_address = "https://app.example/hooks/channels/5b0c";
  call.channel_expires_ms = 1'700'000'000'000;
  Started started = connector->begin(call);
  REQUIRE(started.step.requests.size() == 1);
  CHECK(started.step.requests[0].fill_secret);
  CHECK(started.step.requests[0].body ==
        R"({"id":"5b0c","address":"https://app.example/hooks/channels/5b0c",)"
        R"("token":"${channel_secret}","expires":1700000000000})");
  const Step step = started.operation->resume({answer(200, "resource-1")});
  REQUIRE(step.done());
  CHECK_FALSE(step.error);
  REQUIRE(step.channel);
  CHECK(step.channel->resource == "resource-1");
  CHECK(step.channel->expires_ms == 1'800'000'000'000);

  call.operation = Operation::close_channel;
  call.channel_resource = "resource-1";
  Started closing = connector->begin(call);
  REQUIRE(closing.step.requests.size() == 1);
  CHECK(closing.step.requests[0].target == "/channels/5b0c?of=resource-1");
  CHECK_FALSE(closing.step.requests[0].fill_secret);
  CHECK_FALSE(closing.operation->resume({answer(204, "")}).error);
}

TEST_CASE("adapter: what a connector says wrongly of a channel ends the operation",
          "[plugin][adapter]") {
  struct Case {
    const char* target;
    Operation operation;
    const char* says;
  };
  const Case cases[] = {
      {"says nothing", Operation::open_channel, "opened and not reported"},
      {"twice", Operation::open_channel, "two channels"},
      {"too large", Operation::open_channel, "the resource of a channel is larger than"},
      {"endless", Operation::open_channel, "the end of a channel is not within the years"},
      {"reopens", Operation::close_channel, "reported only by its opening"},
  };
  const auto connector = doubles::load("channels");
  for (const Case& each : cases) {
    CAPTURE(each.target);
    Call call;
    call.operation = each.operation;
    call.target.id = each.target;
    Started started = connector->begin(call);
    const Step step = started.operation->resume({answer(200, "r")});
    REQUIRE(step.error);
    CHECK(step.error->code == Code::internal);
    CHECK_THAT(step.error->message, Contains(each.says));
  }
  Call refused;
  refused.operation = Operation::open_channel;
  Started started = connector->begin(refused);
  CHECK(started.operation->resume({answer(403, "no")}).error->code == Code::forbidden);
}

TEST_CASE("adapter: channels need a manifest that declares them and a library that offers them",
          "[plugin][adapter]") {
  Call call;
  call.operation = Operation::open_channel;
  CHECK(doubles::load("good")->begin(call).step.error->code == Code::unsupported);
  // A library of 1.0 beside a manifest that promises channels.
  const auto loaded = mortise::plugin::load_connector(doubles::folder("no_channels"), Limits(), {});
  REQUIRE_FALSE(loaded.ok());
  CHECK_THAT(loaded.error().message, Contains("declares 'channels', the library does not offer"));
}

TEST_CASE("adapter: a write says which occurrence it is about", "[plugin][adapter]") {
  const auto connector = doubles::load("channels");
  Call call = writing(1);
  call.writes[0].slot = "2026-11-23T18:00:00";
  call.writes[0].slot_ms = 1'795'453'200'000;
  Started started = connector->begin(call);
  REQUIRE(started.step.requests.size() == 1);
  CHECK(started.step.requests[0].body == "2026-11-23T18:00:00 1795453200000 ${channel_secret}");
  CHECK_FALSE(started.step.requests[0].fill_secret);
}
