// Ending an account: every grant is revoked, then nothing of it is left.
#include "net/connect_world.hpp"

using namespace mortise;
using namespace mortise::test;

namespace {

Result<std::vector<ports::Disconnected>> remove_account(ConnectWorld& world,
                                                        const std::string& account) {
  std::optional<Result<std::vector<ports::Disconnected>>> got;
  world.connecting.remove_account(
      account, [&](Result<std::vector<ports::Disconnected>> end) { got = std::move(end); });
  REQUIRE_FALSE(got.has_value());
  REQUIRE(fakes::run_until_quiet(world.clock, world.executor));
  REQUIRE(got.has_value());
  return std::move(*got);
}

std::size_t revocations(const ConnectWorld& world) {
  std::size_t count = 0;
  for (const auto& request : world.transport.requests()) {
    if (request.url.find("/revoke") != std::string::npos) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("account: its grants are revoked, its rows erased, others' stay", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto anns = world.connect("notion")->connection_id;
  world.transport.answer_with(notion_says("bot2"));
  const auto bobs = world.connect("notion", "bob")->connection_id;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  const auto second = world.connect("google_calendar")->connection_id;
  world.transport.answer_with([](const ports::HttpRequest& request) {
    return request.url.find("/revoke") != std::string::npos ? answer(200, "{}") : unreachable();
  });
  const auto ended = remove_account(world, "ann");
  REQUIRE(ended);
  REQUIRE(ended->size() == 2);
  CHECK(revocations(world) == 2);
  for (const ports::Disconnected& each : *ended) CHECK(each.revoked);
  CHECK(world.store.accounts().find("ann").error().code == Code::not_found);
  CHECK(world.store.connections().list("ann")->empty());
  for (const std::string& id : {anns, second}) {
    CHECK_FALSE(world.store.connections().find(id).ok());
    CHECK_FALSE(world.store.grants().find(id).ok());
  }
  CHECK(world.event_types().empty());
  CHECK(world.store.accounts().find("bob").ok());
  CHECK(world.store.grants().find(bobs).ok());
  CHECK(remove_account(world, "ann").error().code == Code::not_found);
}

TEST_CASE("account: a grant that another account shares lives on, and the answer says so",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(google_says(R"(,"refresh_token":"gr")"));
  REQUIRE(world.connect("google_calendar").ok());
  const auto bobs = world.connect("google_calendar", "bob")->connection_id;
  const auto ended = remove_account(world, "ann");
  REQUIRE(ended);
  REQUIRE(ended->size() == 1);
  CHECK_FALSE(ended->front().revoked);
  CHECK(ended->front().by_hand_url.empty());
  CHECK(ended->front().message.find("still connected elsewhere") != std::string::npos);
  CHECK(revocations(world) == 0);
  CHECK(world.store.grants().find(bobs).ok());
  CHECK_FALSE(world.store.accounts().find("ann").ok());
}

TEST_CASE("account: a service that cannot be reached keeps nobody here, and is named",
          "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  REQUIRE(world.connect("notion").ok());
  world.transport.answer_with([](const ports::HttpRequest&) { return unreachable(); });
  const auto ended = remove_account(world, "ann");
  REQUIRE(ended);
  REQUIRE(ended->size() == 1);
  CHECK_FALSE(ended->front().revoked);
  CHECK_FALSE(ended->front().by_hand_url.empty());
  CHECK_FALSE(world.store.accounts().find("ann").ok());
}

TEST_CASE("account: while a run writes, the grants end and the rows wait", "[service][connect]") {
  ConnectWorld world;
  world.transport.answer_with(notion_says());
  const auto id = world.connect("notion")->connection_id;
  core::Run run;
  run.id = "run_1";
  run.account_id = "ann";
  run.connection_id = id;
  run.state = core::RunState::running;
  world.keep({ports::put(run)});
  CHECK(remove_account(world, "ann").error().reason == "sync_under_way");
  CHECK(world.store.accounts().find("ann").ok());
  CHECK_FALSE(world.store.grants().find(id).ok());
  run.rev = 1;
  run.state = core::RunState::failed;
  world.keep({ports::put(run)});
  const auto sent = world.transport.count();
  const auto ended = remove_account(world, "ann");  // the answer is whole, though it is the second
  REQUIRE(ended);
  REQUIRE(ended->size() == 1);
  CHECK(ended->front().connection.id == id);
  CHECK_FALSE(ended->front().by_hand_url.empty());
  CHECK(world.transport.count() == sent);
  CHECK_FALSE(world.store.runs().find("run_1").ok());
}

TEST_CASE("account: a run that waits holds nothing up; one that begins right then does",
          "[service][connect]") {
  ConnectWorld world;
  core::Run run;
  run.id = "run_1";
  run.account_id = "ann";
  run.state = core::RunState::queued;
  world.keep({ports::put(run)});
  const bool begins = GENERATE(false, true);
  bool asked = false;
  world.store.before_commit([&](const ports::Changes& changes, ports::Durability) -> Status {
    const bool last = std::holds_alternative<ports::EraseAccount>(changes.back());
    if (!last || asked || !begins) return {};
    asked = true;
    run.rev = 1;
    run.state = core::RunState::running;
    world.keep({ports::put(run)});
    return {};
  });
  const auto ended = remove_account(world, "ann");
  CHECK(ended.ok() == !begins);
  CHECK(asked == begins);
  CHECK(world.store.accounts().find("ann").ok() == begins);
  CHECK(world.store.runs().find("run_1").ok() == begins);
  if (begins) CHECK(ended.error().reason == "sync_under_way");
}

TEST_CASE("account: whoever consents while it ends connects nobody", "[service][connect]") {
  ConnectWorld world;
  const bool shared = GENERATE(false, true);
  world.transport.answer_with(notion_says());
  if (shared) REQUIRE(world.connect("notion", "bob").ok());
  const std::size_t connections = shared ? 1 : 0;
  world.transport.answer_with([&](const ports::HttpRequest& request) {
    if (world.store.accounts().find("ann").ok()) world.keep({ports::EraseAccount{"ann"}});
    return notion_says()(request);
  });
  const auto back = world.connect("notion");
  REQUIRE(back);
  CHECK(back->reason == "connect_failed");
  CHECK(world.store.connections().list_all()->size() == connections);
  // Nor does the new grant live on there, unless somebody else's connection lives of it.
  CHECK(revocations(world) == (shared ? 0 : 1));
}
