// Ending a connection, and coming back to it.
#include <utility>

#include "net/connect_world.hpp"

using namespace mortise;
using namespace mortise::test;

namespace {

core::Pair pair_of(const std::string& connection, const std::string& key, core::PairState state) {
  core::Pair pair;
  pair.connection_id = connection;
  pair.plan_id = "pln_1";
  pair.key = key;
  pair.kind = "row";
  pair.remote_id = "remote_" + key;
  pair.state = state;
  return pair;
}

core::PairState state_of(const ConnectWorld& world, const std::string& connection,
                         const std::string& key) {
  const auto pairs = world.store.pairs().of_plan(connection, "pln_1");
  for (const core::Pair& pair : pairs.value()) {
    if (pair.key == key) return pair.state;
  }
  FAIL("no pair " << key);
  return {};
}

}  // namespace

TEST_CASE("disconnect: revokes there, destroys the tokens, keeps the row", "[service][connect]") {
  ConnectWorld world;
  const std::string connector = GENERATE("notion", "google_calendar");
  const bool notion = connector == "notion";
  world.transport.answer_with(notion ? notion_says() : google_says(R"(,"refresh_token":"gr")"));
  const auto id = world.connect(connector)->connection_id;
  world.clock.advance(1);
  const auto ended = world.disconnect(id);
  CHECK(ended.revoked);
  CHECK(ended.by_hand_url.empty());
  CHECK(ended.connection.status == core::ConnectionStatus::disconnected);
  CHECK(world.store.connections().find(id).value() == ended.connection);
  CHECK_FALSE(world.store.grants().find(id).ok());
  CHECK(world.event_types().front() == "connection.disconnected");
  const auto request = world.transport.requests().back();
  CHECK(request.url.find("/revoke") != std::string::npos);
  CHECK(request.body.find(notion ? R"("na")" : "token=gr") != std::string::npos);
}

TEST_CASE("disconnect: channels are stopped while the grant lives, then looked at again",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto id = world.connect("google_calendar")->connection_id;
  const auto sent = world.transport.count();
  world.upkeep.meanwhile = [&](const std::string&) {
    CHECK(world.transport.count() == sent);
    CHECK(world.store.grants().find(id).ok());
  };
  world.disconnect(id);
  CHECK(world.upkeep.told() ==
        std::vector<std::string>{"arrived " + id, "leaving " + id, "look " + id});
  world.disconnect(id);
  CHECK(world.upkeep.told().size() == 3);
}

TEST_CASE("disconnect: who stays connected because the store is full gets the channels back",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto id = world.connect("google_calendar")->connection_id;
  world.store.before_commit([](const ports::Changes&, ports::Durability) -> Status {
    return Error{Code::unavailable, "the disk is full"};
  });
  std::optional<Result<ports::Disconnected>> got;
  world.connecting.disconnect(id, [&](Result<ports::Disconnected> end) { got = std::move(end); });
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  world.store.before_commit(nullptr);
  REQUIRE(got);
  CHECK_FALSE(got->ok());
  CHECK(world.store.connections().find(id)->status == core::ConnectionStatus::connected);
  CHECK(world.upkeep.told() ==
        std::vector<std::string>{"arrived " + id, "leaving " + id, "look " + id});
}

TEST_CASE("disconnect: a service that cannot be reached does not prevent it",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  world.transport.answer_with([](const auto&) { return lost(); });
  const auto before = world.clock.now_ms();
  const auto sent = world.transport.count();
  const auto ended = world.disconnect(id);
  CHECK_FALSE(ended.revoked);
  CHECK(ended.by_hand_url == "https://www.notion.so/my-integrations");
  CHECK(ended.message.find("Notion") != std::string::npos);
  CHECK(world.transport.count() - sent == 3);
  CHECK(world.clock.now_ms() - before <= 15'000);
  CHECK(world.store.connections().find(id)->status == core::ConnectionStatus::disconnected);
  CHECK_FALSE(world.store.grants().find(id).ok());
}

TEST_CASE("disconnect: twice is once, and does not claim what it does not know",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  CHECK(world.disconnect(id).revoked);
  const auto sent = world.transport.count();
  const auto again = world.disconnect(id);
  CHECK(again.connection.status == core::ConnectionStatus::disconnected);
  CHECK_FALSE(again.revoked);
  CHECK(world.transport.count() == sent);
  CHECK(world.event_types().size() == 2);
}

TEST_CASE("disconnect: a dead grant needs no revoking, an interrupted one does",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  const std::string reason = GENERATE("invalid_grant", "refresh_interrupted");
  auto connection = world.store.connections().find(id).value();
  connection.status = core::ConnectionStatus::needs_reconnect;
  connection.reason = reason;
  world.keep({ports::put(connection), ports::EraseGrant{id}});
  const auto ended = world.disconnect(id);
  CHECK(ended.revoked == (reason == "invalid_grant"));
  CHECK(ended.by_hand_url.empty() == ended.revoked);
}

TEST_CASE("disconnect: while a refresh is under way nobody says that the grant is revoked",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  auto grant = world.store.grants().find(id).value();
  grant.refresh_intent_ms = world.clock.now_ms();
  world.keep({ports::put(grant)});
  const auto ended = world.disconnect(id);
  CHECK_FALSE(ended.revoked);
  CHECK(ended.by_hand_url == "https://www.notion.so/my-integrations");
  CHECK(world.transport.requests().back().url.find("/revoke") != std::string::npos);
  CHECK_FALSE(world.store.grants().find(id).ok());
}

TEST_CASE("disconnect: a host that stops meanwhile ends nothing", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  world.transport.answer_with([](const auto&) {
    return ports::HttpOutcome{Error{Code::unavailable, "the host is stopping", "closing"}, false};
  });
  std::optional<Result<ports::Disconnected>> got;
  world.connecting.disconnect(id, [&](Result<ports::Disconnected> end) { got = std::move(end); });
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  REQUIRE(got);
  CHECK_FALSE(got->ok());
  CHECK(world.store.connections().find(id)->status == core::ConnectionStatus::connected);
  CHECK(world.store.grants().find(id).ok());
}

TEST_CASE("disconnect: while the tokens cannot be read for a moment, nothing is ended",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  world.store.fail_grants(Error{Code::unavailable, "the disk is gone"});
  std::optional<Result<ports::Disconnected>> got;
  world.connecting.disconnect(id, [&](Result<ports::Disconnected> end) { got = std::move(end); });
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  world.store.fail_grants(std::nullopt);
  REQUIRE(got);
  CHECK(got->error().code == Code::unavailable);
  CHECK(world.store.grants().find(id).ok());
  CHECK(world.disconnect(id).revoked);
}

TEST_CASE("disconnect: tokens that cannot be read are destroyed, and not called revoked",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  const bool ended_before = GENERATE(false, true);
  const bool is_shared = GENERATE(false, true);
  auto connection = world.store.connections().find(id).value();
  connection.reason = "invalid_grant";  // what is said elsewhere does not count
  if (ended_before) connection.status = core::ConnectionStatus::disconnected;
  world.keep({ports::put(connection)});
  if (is_shared) REQUIRE(world.connect("notion", "bob").ok());
  const auto sent = world.transport.count();
  world.store.fail_grants(Error{Code::internal, "the seal is broken", "seal_broken"});
  const auto ended = world.disconnect(id);
  world.store.fail_grants(std::nullopt);
  CHECK_FALSE(ended.revoked);
  CHECK(ended.by_hand_url == "https://www.notion.so/my-integrations");
  CHECK(ended.connection.status == core::ConnectionStatus::disconnected);
  CHECK(world.transport.count() == sent);
  CHECK(world.store.grants().find(id).error().code == Code::not_found);
  CHECK(world.disconnect(id).message.find("Already disconnected.") == 0);
}

TEST_CASE("disconnect: tokens that a refresh brought meanwhile are revoked too",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  std::vector<std::string> revoked;
  world.transport.answer_with([&](const ports::HttpRequest& request) {
    revoked.push_back(request.body);
    if (revoked.size() == 1) {
      auto grant = world.store.grants().find(id).value();
      grant.access_token = core::Secret("na2");
      world.keep({ports::put(grant)});
    }
    return answer(200, "{}");
  });
  CHECK(world.disconnect(id).revoked);
  REQUIRE(revoked.size() == 2);
  CHECK(revoked[1].find("na2") != std::string::npos);
  CHECK_FALSE(world.store.grants().find(id).ok());
}

TEST_CASE(
    "disconnect: a grant that another account's connection shares is revoked with the last one",
    "[service][connect]") {
  ConnectWorld world;
  const std::string connector = GENERATE("notion", "google_calendar");
  world.transport.answer_with(connector == "notion" ? notion_says()
                                                    : google_says(R"(,"refresh_token":"gr")"));
  const auto anns = world.connect(connector)->connection_id;
  const auto bobs = world.connect(connector, "bob")->connection_id;
  const auto sent = world.transport.count();
  for (int i = 0; i < 2; ++i) {  // also to who asks again
    const auto first = world.disconnect(anns);
    CHECK(first.connection.status == core::ConnectionStatus::disconnected);
    CHECK_FALSE(first.revoked);
    CHECK(first.by_hand_url.empty());  // by hand, the other one would end as well
    CHECK(first.message.find("still connected elsewhere") != std::string::npos);
  }
  CHECK(world.transport.count() == sent);
  CHECK_FALSE(world.store.grants().find(anns).ok());
  CHECK(world.store.grants().find(bobs).ok());
  const auto last = world.disconnect(bobs);
  CHECK(last.revoked);
  CHECK(last.message == "Disconnected.");
  CHECK(world.transport.count() == sent + 1);
  CHECK(world.transport.requests().back().url.find("/revoke") != std::string::npos);
}

TEST_CASE("disconnect: another identity, or one without a grant, shares nothing",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says("bot1"));
  const auto anns = world.connect("notion")->connection_id;
  world.transport.answer_with(notion_says("bot2"));
  REQUIRE(world.connect("notion", "bob").ok());
  auto dead = world.store.connections().find(anns).value();
  dead.id = "cnn_dead";
  dead.account_id = "bob";
  dead.status = core::ConnectionStatus::needs_reconnect;
  dead.rev = 0;
  world.keep({ports::put(dead)});
  CHECK(world.disconnect(anns).revoked);
}

TEST_CASE("disconnect: where the one that shares the grant goes at the same time, it is revoked",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto anns = world.connect("google_calendar")->connection_id;
  const auto bobs = world.connect("google_calendar", "bob")->connection_id;
  const auto sent = world.transport.count();
  bool gone = false;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (std::exchange(gone, true)) return {};
    world.keep({ports::EraseGrant{bobs}});
    return {};
  });
  CHECK(world.disconnect(anns).revoked);
  CHECK(gone);
  CHECK(world.transport.count() == sent + 1);
}

TEST_CASE("disconnect: pairs are set aside, and taken up again by the same identity",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  world.keep({ports::put(pair_of(id, "task:1", core::PairState::paired)),
              ports::put(pair_of(id, "task:2", core::PairState::tombstone)),
              ports::put(pair_of(id, "task:3", core::PairState::id_unknown))});
  world.disconnect(id);
  CHECK(state_of(world, id, "task:1") == core::PairState::set_aside);
  CHECK(state_of(world, id, "task:2") == core::PairState::tombstone);
  CHECK(state_of(world, id, "task:3") == core::PairState::id_unknown);
  const auto again = world.connect("notion");
  CHECK(again->connection_id == id);
  CHECK(state_of(world, id, "task:1") == core::PairState::paired);
  CHECK(world.store.pairs().of_plan(id, "pln_1")->front().remote_id == "remote_task:1");
  CHECK(world.store.connections().list("ann")->size() == 1);
}

TEST_CASE("disconnect: an unknown connection is not found", "[service][connect]") {
  ConnectWorld world;
  std::optional<Result<ports::Disconnected>> got;
  world.connecting.disconnect("cnn_none", [&](auto end) { got = end; });
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  CHECK(got->error().code == Code::not_found);
}
