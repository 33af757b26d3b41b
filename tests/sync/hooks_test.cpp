// Notifications: who is believed, what is kept, what follows.
#include "sync/hooks.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/hash.hpp"
#include "core/schedule.hpp"
#include "sync/upkeep_world.hpp"

using namespace mortise;
using namespace mortise::tests;
using ports::Verdict;

namespace {

const std::string kKey = "secret_of_the_webhook_0123";
const std::string kBody =
    R"({"id":"their-1","workspace_id":"workspace","entity":{"id":"page-1","type":"page"},)"
    R"("data":{"updated_blocks":[{"id":"block-1","type":"block"},{"id":"block-2"}]}})";

std::string signature(const std::string& body, const std::string& key = kKey) {
  return "sha256=" + core::hmac_sha256_hex(core::Secret(key), body);
}

/// A connection with an open channel. Answers the channel's id.
std::string listening(UpkeepWorld& world, const std::string& id = "cnn_1") {
  world.connect(id);
  world.process->scheduler.arrived(id, [] {});
  world.settle();
  world.runs.asked.clear();
  return world.channels(id).at(0).id;
}

std::size_t pending(const UpkeepWorld& world, const std::string& id = "cnn_1") {
  return world.store.inbox().pending(id).value().size();
}

bool untouched(const UpkeepWorld& world) {
  return world.journal.pending().received.empty() && pending(world) == 0 &&
         world.runs.asked.empty();
}

}  // namespace

TEST_CASE("hooks: a notification of a channel is durable when it is answered, then syncs",
          "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  CHECK(world.notify(channel) == Verdict::stored);
  CHECK(world.journal.pending().received.size() == 1);
  CHECK(world.runs.asked.empty());  // nothing was done before the answer
  world.settle();
  CHECK(world.journal.pending().received.empty());
  REQUIRE(pending(world) == 1);
  const core::Notification kept = world.store.inbox().pending("cnn_1").value()[0];
  CHECK(kept.connector == "cal");
  CHECK(kept.channel_id == channel);
  CHECK(kept.provider_id == channel + "/2");
  CHECK(kept.received_ms == world.clock.now_ms());
  REQUIRE(world.runs.asked.size() == 1);
  CHECK(world.runs.asked[0].connection == "cnn_1");
  CHECK(world.runs.asked[0].trigger == core::RunTrigger::notification);
}

TEST_CASE("hooks: unknown and forged ones leave no trace", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  const std::string token = world.service.channels.at(channel).token;
  const auto knock = [&](const std::string& path, const ports::HttpHeaders& headers) {
    return world.knock("cal", path, headers);
  };
  const ports::HttpHeaders good = {
      {"x-channel-id", channel}, {"x-channel-token", token}, {"x-state", "exists"}};
  CHECK(knock("", {}) == Verdict::unknown);
  CHECK(knock("", {{"x-channel-id", "other"}, {"x-channel-token", token}}) == Verdict::unknown);
  CHECK(knock("other", good) == Verdict::unknown);
  CHECK(knock("", {{"x-channel-id", channel}}) == Verdict::forged);
  CHECK(knock("", {{"x-channel-id", channel}, {"x-channel-token", ""}}) == Verdict::forged);
  CHECK(knock("", {{"x-channel-id", channel}, {"x-channel-token", token + "x"}}) ==
        Verdict::forged);
  CHECK(knock("", {{"x-channel-id", channel}, {"x-channel-token", token.substr(1)}}) ==
        Verdict::forged);
  CHECK(knock("", {{"x-channel-id", channel},
                   {"x-channel-token", "guess"},
                   {"x-channel-token", token}}) == Verdict::forged);
  CHECK(world.knock("nobody", "", good) == Verdict::unknown);
  CHECK(world.knock("deaf", "", good) == Verdict::unknown);
  CHECK(world.knock("pages", "", good, kBody) == Verdict::forged);
  CHECK(world.knock("pages", "x", good, kBody) == Verdict::unknown);
  world.settle();
  CHECK(untouched(world));
  CHECK(knock(channel, good) == Verdict::stored);
}

TEST_CASE("hooks: a channel of another connector proves nothing", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  world.edit("cnn_1", [](core::Connection& now) { now.connector = "deaf"; });
  CHECK(world.notify(channel) == Verdict::unknown);
}

TEST_CASE("hooks: what says that nothing changed is answered and forgotten", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  CHECK(world.notify(channel, "sync", "1") == Verdict::nothing);
  world.settle();
  CHECK(untouched(world));
}

TEST_CASE("hooks: the same notification again changes nothing, in whatever order they come",
          "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  for (const char* number : {"9", "4", "9", "4", "4"}) {
    CHECK(world.notify(channel, "exists", number) == Verdict::stored);
  }
  world.settle();
  CHECK(pending(world) == 2);
  CHECK(world.runs.asked.size() == 1);
  world.synced("cnn_1");
  CHECK(world.notify(channel, "exists", "9") == Verdict::stored);
  world.settle();
  CHECK(pending(world) == 0);
  CHECK(world.runs.asked.size() == 1);
}

TEST_CASE("hooks: one that cannot be kept is sent again by the service", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  world.journal.full = true;
  CHECK(world.notify(channel) == Verdict::later);
  world.settle();
  CHECK(untouched(world));
}

TEST_CASE("hooks: what was answered outlives the process and a store that fails", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  SECTION("the process dies before the store has it") {
    CHECK(world.notify(channel) == Verdict::stored);
    world.crash();
    world.start();
    world.settle();
  }
  SECTION("the disk is full for a while") {
    bool full = true;
    world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
      if (full) return Error{Code::unavailable, "disk full"};
      return {};
    });
    CHECK(world.notify(channel) == Verdict::stored);
    world.pass(12'000);
    CHECK(pending(world) == 0);
    full = false;
    world.pass(6'000);
  }
  SECTION("the process dies after the store has it: its run was lost") {
    CHECK(world.notify(channel) == Verdict::stored);
    world.settle();
    world.runs.asked.clear();
    world.crash();
    world.start();
  }
  CHECK(pending(world) == 1);
  const auto& asked = world.runs.asked;
  CHECK(std::count_if(asked.begin(), asked.end(), [](const AskedRuns::Ask& ask) {
          return ask.trigger == core::RunTrigger::notification;
        }) == 1);
}

TEST_CASE("hooks: of a connection that ends while a notification is taken over nothing is left",
          "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  bool once = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (!std::exchange(once, false)) return {};
    return world.store.commit({ports::EraseAccount{world.connection("cnn_1").account_id}},
                              ports::Durability::full);
  });
  CHECK(world.notify(channel) == Verdict::stored);
  world.settle();
  CHECK_FALSE(once);
  CHECK(untouched(world));
  CHECK_FALSE(world.logged("inbox_waits"));
}

TEST_CASE("hooks: whoever edits the connection meanwhile holds no notification up",
          "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  bool once = true;
  world.store.before_commit([&](const ports::Changes&, ports::Durability) -> Status {
    if (std::exchange(once, false)) world.edit("cnn_1", [](core::Connection&) {});
    return {};
  });
  CHECK(world.notify(channel) == Verdict::stored);
  world.settle();
  CHECK(pending(world) == 1);
  CHECK_FALSE(world.logged("inbox_waits"));
}

TEST_CASE("hooks: a signed one goes to every connection of its workspace", "[sync][hooks]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = kKey;
  world.connect("cnn_1", "pages");
  world.connect("cnn_2", "pages");
  world.connect("cnn_3", "pages");
  world.connect("cnn_4", "pages");
  world.connect("cnn_5", "cal");
  world.connect("cnn_6", "pages");
  world.edit("cnn_6", [](core::Connection& now) { now.target = {}; });  // nothing of ours is there
  world.edit("cnn_3", [](core::Connection& now) { now.identity.workspace_id = "other"; });
  world.edit("cnn_4", [](core::Connection& now) { now.auto_sync = false; });
  CHECK(world.knock("pages", "", {{"x-signature", signature(kBody)}}, kBody) == Verdict::stored);
  world.settle();
  CHECK(pending(world, "cnn_1") == 1);
  CHECK(pending(world, "cnn_2") == 1);
  for (const char* other : {"cnn_3", "cnn_4", "cnn_5", "cnn_6"}) CHECK(pending(world, other) == 0);
  CHECK(world.runs.asked.size() == 2);
  const core::Notification kept = world.store.inbox().pending("cnn_2").value()[0];
  CHECK(kept.hint == std::vector<std::string>{"page-1", "block-1", "block-2"});
  CHECK(kept.provider_id == "their-1");
  CHECK(world.knock("pages", "", {{"x-signature", signature(kBody)}}, kBody) == Verdict::stored);
  world.settle();
  CHECK(pending(world, "cnn_1") == 1);
  CHECK(world.push("cnn_1").state == ports::PushState::on);
}

TEST_CASE("hooks: what came before there was a place to look in is not kept", "[sync][hooks]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = kKey;
  world.connect("cnn_1", "pages");
  CHECK(world.knock("pages", "", {{"x-signature", signature(kBody)}}, kBody) == Verdict::stored);
  world.settle();
  REQUIRE(pending(world, "cnn_1") == 1);
  world.edit("cnn_1", [](core::Connection& now) { now.target = {}; });
  world.start();
  world.pass(core::kMinuteMs);
  CHECK(pending(world, "cnn_1") == 0);
}

TEST_CASE("hooks: a signature covers every byte of the body", "[sync][hooks]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = kKey;
  world.connect("cnn_1", "pages");
  const std::string good = signature(kBody);
  const auto knock = [&](const std::string& body, const std::string& said) {
    return world.knock("pages", "", {{"x-signature", said}}, body);
  };
  for (std::size_t at = 0; at < kBody.size(); at += 7) {
    std::string changed = kBody;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK(knock(changed, good) == Verdict::forged);
  }
  CHECK(knock(kBody + " ", good) == Verdict::forged);
  CHECK(knock(kBody, good.substr(7)) == Verdict::forged);
  CHECK(knock(kBody, "") == Verdict::forged);
  CHECK(knock(kBody, signature(kBody, "another key of the right length")) == Verdict::forged);
  world.settle();
  CHECK(untouched(world));
  world.secrets.values.clear();
  CHECK(knock(kBody, signature(kBody, "")) == Verdict::forged);
}

TEST_CASE("hooks: one that is signed and cannot be read is refused", "[sync][hooks]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = kKey;
  world.connect("cnn_1", "pages");
  const std::string deep(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("nothing"), std::string("[]"), std::string("{}"), deep,
        std::string(R"({"id":7,"workspace_id":"workspace"})"), std::string(R"({"id":"x"})"),
        R"({"id":"x","workspace_id":")" + std::string(300, 'w') + "\"}"}) {
    CHECK(world.knock("pages", "", {{"x-signature", signature(body)}}, body) == Verdict::broken);
  }
  world.settle();
  CHECK(untouched(world));
}

TEST_CASE("hooks: hints are bounded, whatever their shape", "[sync][hooks]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = kKey;
  world.connect("cnn_1", "pages");
  std::string blocks;
  for (int i = 0; i < 300; ++i) blocks += R"({"id":"block"},7,null,[1],"text",)";
  const std::string body = R"({"id":"x","workspace_id":"workspace","entity":{"id":{"id":5}},)"
                           R"("data":{"updated_blocks":[)" +
                           blocks + "null]}}";
  CHECK(world.knock("pages", "", {{"x-signature", signature(body)}}, body) == Verdict::stored);
  world.settle();
  CHECK(world.store.inbox().pending("cnn_1").value().at(0).hint.size() == 100);
}

TEST_CASE("hooks: a handshake counts only while an operator waits for it, and once",
          "[sync][hooks]") {
  UpkeepWorld world;
  const std::string token = "secret_brought_by_the_service";
  const auto shake = [&](const std::string& brought) {
    const std::string body = R"({"verification_token":")" + brought + "\"}";
    return world.knock("pages", "", {}, body);
  };
  const auto stored = [&] { return world.store.grants().secret("pages.webhook_secret"); };
  CHECK(shake(token) == Verdict::forged);
  CHECK(world.process->hooks.open_handshake("nobody").error().code == Code::not_found);
  CHECK(world.process->hooks.open_handshake("cal").error().code == Code::unsupported);

  REQUIRE(world.process->hooks.open_handshake("pages"));
  CHECK(world.process->hooks.handshake("pages")->open);
  CHECK(shake("") == Verdict::forged);
  CHECK(shake("short") == Verdict::forged);
  CHECK(shake(std::string(600, 'x')) == Verdict::forged);
  CHECK(world.knock("pages", "", {}, "{}") == Verdict::forged);
  CHECK(world.knock("pages", "", {}, "no json") == Verdict::forged);
  CHECK_FALSE(stored());
  CHECK(shake(token) == Verdict::nothing);
  REQUIRE(stored());
  CHECK(stored()->value.equals(token));
  CHECK(shake("somebody_elses_key_comes_later") == Verdict::forged);
  CHECK(stored()->value.equals(token));

  const auto told = world.process->hooks.handshake("pages");
  CHECK_FALSE(told->open);
  CHECK(told->arrived_ms == world.clock.now_ms());
  CHECK(told->token.equals(token));
  world.clock.advance(599'999);
  CHECK(world.process->hooks.handshake("pages")->token.equals(token));
  world.clock.advance(1);
  CHECK(world.process->hooks.handshake("pages")->token.empty());
  CHECK(world.process->hooks.handshake("pages")->arrived_ms == told->arrived_ms);
  CHECK_FALSE(world.logged(token));
}

TEST_CASE("hooks: the wait for a handshake ends after ten minutes", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string body = R"({"verification_token":"secret_brought_by_the_service"})";
  REQUIRE(world.process->hooks.open_handshake("pages"));
  world.clock.advance(600'000);
  CHECK(world.knock("pages", "", {}, body) == Verdict::forged);
  CHECK_FALSE(world.process->hooks.handshake("pages")->open);
  REQUIRE(world.process->hooks.open_handshake("pages"));
  world.clock.advance(599'999);
  CHECK(world.knock("pages", "", {}, body) == Verdict::nothing);
}

TEST_CASE("hooks: a connection that does not pull by itself is not read", "[sync][hooks]") {
  UpkeepWorld world;
  const std::string channel = listening(world);
  world.edit("cnn_1", [](core::Connection& now) { now.auto_sync = false; });
  CHECK(world.notify(channel) == Verdict::stored);
  world.settle();
  CHECK(untouched(world));
}
