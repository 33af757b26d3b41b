// Driving a connector's operation to its end.
#include "ports/drive.hpp"

#include <catch2/catch.hpp>

#include "fakes/executor.hpp"
#include "net/provider_doubles.hpp"

using namespace mortise;
using namespace mortise::test;
using ports::ConnectorReply;
using ports::ConnectorRequest;
using ports::Started;
using ports::Step;

namespace {

/// `rounds` steps that each ask for `width` requests and report an item.
Started loops(int rounds, std::size_t width) {
  const auto step = [width](int left) {
    Step one;
    one.items.emplace_back().id = std::to_string(left);
    if (left > 0) one.requests.resize(width);
    return one;
  };
  Started started;
  started.step = step(rounds);
  started.operation = std::make_unique<ScriptedOperation>(
      [step, left = rounds, width](std::vector<ConnectorReply> replies) mutable {
        // No assertions here: this also runs on many threads, where Catch2 can not count.
        bool in_order = replies.size() == width;
        for (std::size_t i = 0; in_order && i < width; ++i) {
          in_order = replies[i].reply.status == static_cast<int>(i);
        }
        if (!in_order) {
          Step wrong;
          wrong.error = Error{Code::internal, "the replies are not in order"};
          return wrong;
        }
        return step(--left);
      });
  return started;
}

}  // namespace

TEST_CASE("drive: replies go back in order whatever order they came in", "[net][drive]") {
  std::vector<std::function<void()>> pending;
  std::size_t index = 0;
  const auto send = [&](ConnectorRequest, std::function<void(ConnectorReply)> done) {
    ConnectorReply reply;
    reply.reply.status = static_cast<int>(index++ % 3);
    pending.push_back([done, reply] { done(reply); });
  };
  std::optional<Step> all;
  ports::drive(loops(4, 3), send, [&](Step step) { all = std::move(step); });
  while (!pending.empty()) {
    auto round = std::exchange(pending, {});
    REQUIRE(round.size() == 3);
    round[2]();
    round[0]();
    CHECK_FALSE(all.has_value());
    round[1]();
  }
  REQUIRE(all.has_value());
  CHECK_FALSE(all->error.has_value());
  CHECK(all->items.size() == 5);
  CHECK(all->items.back().id == "0");
}

TEST_CASE("drive: replies to one step that are too much together are not all kept",
          "[net][drive]") {
  Started started;
  started.step.requests.resize(4);
  std::vector<ConnectorReply> first, second;
  started.operation = std::make_unique<ScriptedOperation>([&](std::vector<ConnectorReply> replies) {
    Step step;
    if (first.empty()) step.requests.resize(1);
    (first.empty() ? first : second) = std::move(replies);
    return step;
  });
  std::vector<std::function<void()>> pending;
  const auto send = [&](ConnectorRequest, std::function<void(ConnectorReply)> done) {
    pending.push_back([done] {
      ConnectorReply reply;
      reply.maybe_sent = true;
      reply.reply = {200, {}, std::string(ports::kMostReplyBytes / 3, 'x')};
      done(std::move(reply));
    });
  };
  bool ended = false;
  ports::drive(std::move(started), send, [&](const Step&) { ended = true; });
  while (!pending.empty()) {
    for (const auto& bring : std::exchange(pending, {})) bring();
  }
  CHECK(ended);
  REQUIRE(first.size() == 4);
  CHECK_FALSE(first[2].error);
  REQUIRE(first[3].error);
  CHECK(first[3].error->code == Code::too_large);
  CHECK(first[3].maybe_sent);
  CHECK(first[3].reply.body.empty());
  REQUIRE(second.size() == 1);
  CHECK_FALSE(second[0].error);  // the next step has its own room
}

TEST_CASE("drive: an operation with nothing to send ends at once", "[net][drive]") {
  int done = 0;
  ports::drive(loops(0, 1), {}, [&](const Step& step) {
    ++done;
    CHECK(step.items.size() == 1);
  });
  CHECK(done == 1);
}

TEST_CASE("drive: whoever watches the steps can end it", "[net][drive]") {
  fakes::QueueExecutor executor;
  int sent = 0;
  const auto send = [&](ConnectorRequest, std::function<void(ConnectorReply)> done) {
    ++sent;
    executor.post([done] { done({}); });
  };
  std::optional<Step> all;
  int steps = 0;
  ports::drive(
      loops(10, 1), send, [&](Step step) { all = std::move(step); },
      [&](const Step&) { return ++steps < 3; });
  executor.run_until_idle();
  REQUIRE(all.has_value());
  CHECK(all->error->code == Code::cancelled);
  CHECK(all->items.size() == 3);
  CHECK(sent == 2);
}

TEST_CASE("drive: many threads may bring the replies", "[net][drive]") {
  fakes::PoolExecutor executor(4);
  std::atomic<int> done = 0;
  for (int i = 0; i < 20; ++i) {
    auto index = std::make_shared<std::atomic<int>>(0);
    const auto send = [&executor, index](ConnectorRequest,
                                         std::function<void(ConnectorReply)> reply_to) {
      ConnectorReply reply;
      reply.reply.status = (*index)++ % 8;
      executor.post([reply_to, reply] { reply_to(reply); });
    };
    ports::drive(loops(50, 8), send, [&](const Step& step) {
      if (step.items.size() == 51) ++done;
    });
  }
  executor.wait_idle();
  CHECK(done == 20);
}
