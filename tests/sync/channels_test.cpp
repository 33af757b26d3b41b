// Push channels from their opening to their end.
#include "sync/channels.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "core/schedule.hpp"
#include "sync/upkeep_world.hpp"

using namespace mortise;
using namespace mortise::tests;
using core::ChannelState;
using core::kDayMs;
using core::kHourMs;
using core::kMinuteMs;
using ports::PushState;

namespace {

bool is_open(const UpkeepWorld& world) {
  const auto channels = world.channels("cnn_1");
  return channels.size() == 1 && channels[0].state == ChannelState::open;
}

/// Connects as a browser's callback does.
void arrive(UpkeepWorld& world, const std::string& target = "primary") {
  world.connect("cnn_1", "cal", target);
  bool told = false;
  world.process->scheduler.arrived("cnn_1", [&] { told = true; });
  world.settle();
  REQUIRE(told);
}

}  // namespace

TEST_CASE("channels: one is stored with its secret before the service is asked, then open",
          "[sync][channels]") {
  UpkeepWorld world;
  bool looked = false;
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    if (request.target == "/watch") {
      looked = true;
      const auto stored = world.channels("cnn_1");
      REQUIRE(stored.size() == 1);
      CHECK(stored[0].state == ChannelState::opening);
      CHECK(stored[0].secret.reveal_for_use().size() == 64);
      CHECK(request.body.find(std::string(stored[0].secret.reveal_for_use())) == std::string::npos);
    }
    return std::string();
  };
  arrive(world);
  CHECK(looked);
  REQUIRE(is_open(world));
  const core::Channel channel = world.channels("cnn_1")[0];
  const PushService::Open& there = world.service.channels.at(channel.id);
  CHECK(channel.secret.equals(there.token));
  CHECK(channel.resource == there.resource);
  CHECK(channel.expires_ms == there.expires_ms);
  CHECK(there.address == "https://sync.example.com/hooks/cal/" + channel.id);
  CHECK(channel.id.size() == 36);
  CHECK(channel.id[14] == '4');
  CHECK(world.logged("event=channel_opened connection=cnn_1 channel=" + channel.id));
  CHECK_FALSE(world.logged(there.token));
  CHECK(world.push("cnn_1").state == PushState::on);
  CHECK(world.push("cnn_1").expires_ms == channel.expires_ms);
}

TEST_CASE("channels: what was put off is so no longer when the clock is set back",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.weather = [](const auto&) { return std::string("503"); };
  arrive(world);
  world.start();
  world.pass(kMinuteMs);
  REQUIRE_FALSE(is_open(world));
  world.service.weather = nullptr;
  world.clock.set_wall(world.clock.now_ms() - kDayMs);
  world.pass(5 * kMinuteMs);
  CHECK(is_open(world));
}

TEST_CASE("channels: a connection that ends while one is stored keeps none, an edited one gets it",
          "[sync][channels]") {
  UpkeepWorld world;
  const bool ends = GENERATE(true, false);
  bool once = true;
  world.store.before_commit([&](const ports::Changes& changes, ports::Durability full) -> Status {
    const bool opens = std::holds_alternative<ports::Put<core::Channel>>(changes.front());
    if (!opens || !std::exchange(once, false)) return {};
    if (ends) return world.store.commit({ports::EraseAccount{"ann"}}, full);
    world.edit("cnn_1", [](core::Connection&) {});
    return {};
  });
  arrive(world);
  CHECK_FALSE(once);
  CHECK(world.channels("cnn_1").empty() == ends);
  CHECK(world.service.opened == (ends ? 0 : 1));
  CHECK(is_open(world) == !ends);
  CHECK_FALSE(world.logged("channel_failed"));
}

TEST_CASE("channels: a connection without a target gets the service's default one first",
          "[sync][channels]") {
  UpkeepWorld world;
  arrive(world, "");
  CHECK(world.connection("cnn_1").target.id == "primary");
  REQUIRE(is_open(world));
  CHECK(world.service.channels.begin()->second.calendar == "primary");
}

TEST_CASE("channels: the service's sync message may come before its answer", "[sync][channels]") {
  UpkeepWorld world;
  ports::Verdict verdict = ports::Verdict::unknown;
  world.service.on_open = [&](const std::string& id) { verdict = world.notify(id, "sync", "1"); };
  arrive(world);
  CHECK(verdict == ports::Verdict::nothing);
}

TEST_CASE("channels: whoever waits for one does not wait long", "[sync][channels]") {
  UpkeepWorld world;
  world.service.weather = [](const auto&) { return std::string("swallow"); };
  world.connect("cnn_1");
  int told = 0;
  world.process->scheduler.arrived("cnn_1", [&] { ++told; });
  world.settle();
  CHECK(told == 0);
  CHECK(world.push("cnn_1").state == PushState::opening);
  world.pass(4'999);
  CHECK(told == 0);
  world.pass(2);
  CHECK(told == 1);
  world.process->scheduler.leaving("cnn_1", [&] { told += 10; });
  world.pass(5'001);
  CHECK(told == 11);
}

TEST_CASE("channels: a new one is open before the old one is stopped", "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  const std::string first = world.channels("cnn_1")[0].id;
  bool stopped = false;
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    if (request.target == "/stop") {
      stopped = true;
      const auto stored = world.channels("cnn_1");
      REQUIRE(stored.size() == 2);
      CHECK(stored[0].id == first);
      CHECK(stored[0].state == ChannelState::closing);
      CHECK(stored[1].state == ChannelState::open);
      CHECK(world.service.channels.size() == 2);
    }
    return std::string();
  };
  world.pass(7 * kDayMs / 2 - kMinuteMs);
  CHECK(world.channels("cnn_1")[0].id == first);
  world.pass(2 * kMinuteMs);
  CHECK(stopped);
  REQUIRE(is_open(world));
  CHECK(world.channels("cnn_1")[0].id != first);
  CHECK(world.service.channels.size() == 1);
  CHECK(world.logged("event=channel_renewed connection=cnn_1"));
  CHECK(world.logged("event=channel_closed connection=cnn_1 channel=" + first));
}

TEST_CASE("channels: one that was opened late asks for what was missed; a renewal does not",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.weather = [](const auto&) { return std::string("503"); };
  arrive(world);
  world.start();
  world.synced("cnn_1");
  world.pass(3 * kMinuteMs);
  CHECK(world.runs.asked.empty());
  CHECK(world.push("cnn_1").state == PushState::failing);
  CHECK(world.push("cnn_1").message == "the service is out of order");
  world.service.weather = nullptr;
  world.pass(kMinuteMs);
  REQUIRE(is_open(world));
  REQUIRE(world.runs.asked.size() == 1);
  CHECK(world.runs.asked[0].trigger == core::RunTrigger::schedule);
  CHECK(world.push("cnn_1").state == PushState::on);

  const std::string first = world.channels("cnn_1")[0].id;
  world.runs.asked.clear();
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) { world.synced(id); };
  world.pass(4 * kDayMs);
  CHECK(world.channels("cnn_1")[0].id != first);
  CHECK(world.runs.asked.size() < 600);  // polls every 11 minutes or more, and nothing else
}

TEST_CASE("channels: a service that refuses for good is asked again in half a day only",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.weather = [](const ports::ConnectorRequest& request) {
    return std::string(request.target == "/watch" ? "403" : "");
  };
  arrive(world);
  world.start();
  world.pass(8 * kHourMs);
  CHECK(world.service.refused == 1);
  CHECK(world.push("cnn_1").state == PushState::failing);
  CHECK(world.channels("cnn_1").empty());
  world.process->scheduler.look("cnn_1");  // a person changed something
  world.settle();
  CHECK(world.service.refused == 2);
  world.pass(24 * kHourMs);
  CHECK(world.service.refused >= 3);
  CHECK(world.service.refused <= 5);
}

TEST_CASE("channels: an opening that may have happened is stopped by its id", "[sync][channels]") {
  UpkeepWorld world;
  int times = 0;
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    return std::string(request.target == "/watch" && times++ == 0 ? "lose" : "");
  };
  arrive(world);
  world.start();
  world.pass(kMinuteMs);
  REQUIRE(is_open(world));
  // The lost one has no resource to be stopped by, so it lapses there; nothing here knows it.
  CHECK(world.service.opened == 2);
  const std::string kept = world.channels("cnn_1")[0].id;
  for (const auto& [id, open] : world.service.channels) {
    if (id != kept) CHECK(world.notify(id) == ports::Verdict::unknown);
  }
}

TEST_CASE("channels: after an opening that failed, what the service may have opened is stopped",
          "[sync][channels]") {
  UpkeepWorld world;
  std::string opened;
  int stops = 0;
  std::string weather;
  world.service.on_open = [&](const std::string& id) { opened = id; };
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    if (request.target == "/watch") return opened.empty() ? weather : std::string("403");
    if (request.target == "/confirm") return std::string("403");
    if (request.body.find(opened) != std::string::npos) ++stops;
    return std::string();
  };
  SECTION("an error of the service itself is no refusal") {
    weather = "break";
    arrive(world);
    CHECK(stops == 1);
  }
  SECTION("a refusal says nothing of the requests before it") {
    weather = "confirm";
    arrive(world);
    CHECK(stops == 1);
  }
  SECTION("a channel that the connector reported before it failed is known by its resource") {
    weather = "trouble";
    arrive(world);
    CHECK(stops == 1);
    CHECK(world.service.closed == 1);
    CHECK(world.service.channels.empty());
  }
  REQUIRE_FALSE(opened.empty());
  CHECK(world.channels("cnn_1").empty());
}

TEST_CASE("channels: one that ended before its opening was answered is stopped all the same",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.life_ms = -5'000;  // by our clock, which may be wrong
  arrive(world);
  CHECK(world.service.opened == 1);
  CHECK(world.service.closed == 1);
  CHECK(world.channels("cnn_1").empty());
}

TEST_CASE("channels: what a dead process left half done is finished by the next one",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.weather = [](const auto&) { return std::string("swallow"); };
  world.connect("cnn_1");
  world.process->scheduler.arrived("cnn_1", [] {});
  world.settle();
  REQUIRE(world.channels("cnn_1").size() == 1);
  const std::string lost = world.channels("cnn_1")[0].id;
  world.crash();
  world.service.weather = nullptr;
  world.start();
  world.pass(1'000);
  REQUIRE(is_open(world));
  CHECK(world.channels("cnn_1")[0].id != lost);

  SECTION("a crash between the new one's opening and the old one's end") {
    const std::string old = world.channels("cnn_1")[0].id;
    world.service.weather = [](const ports::ConnectorRequest& request) {
      return std::string(request.target == "/stop" ? "swallow" : "");
    };
    world.pass(4 * kDayMs);
    CHECK(world.service.channels.count(old) == 1);
    world.crash();
    world.service.weather = nullptr;
    world.start();
    world.pass(1'000);
    CHECK(is_open(world));
    CHECK(world.service.channels.count(old) == 0);
    CHECK(world.service.channels.size() == 1);
  }
}

TEST_CASE("channels: one that could not be stopped is tried again by the sweep, until it has ended",
          "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  int stops = 0;
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    if (request.target != "/stop") return std::string();
    ++stops;
    return std::string("503");
  };
  world.pass(7 * kDayMs / 2 + kMinuteMs);
  CHECK(world.channels("cnn_1").size() == 2);
  CHECK(stops == 1);
  world.pass(25 * kHourMs);
  CHECK(stops >= 3);
  CHECK(stops <= 4);
  world.pass(3 * kDayMs);  // its week is over, and the sweep forgets it
  const auto left = world.channels("cnn_1");
  for (const core::Channel& channel : left) CHECK(*channel.expires_ms > world.clock.now_ms());
}

TEST_CASE("channels: another target gets another channel", "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  world.edit("cnn_1", [](core::Connection& connection) { connection.target.id = "work"; });
  world.process->scheduler.look("cnn_1");
  world.settle();
  REQUIRE(is_open(world));
  REQUIRE(world.service.channels.size() == 1);
  CHECK(world.service.channels.begin()->second.calendar == "work");
}

TEST_CASE("channels: none where nothing is pulled, and one again when it is", "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  const auto change = [&](const std::function<void(core::Connection&)>& edit) {
    world.edit("cnn_1", edit);
    world.process->scheduler.look("cnn_1");
    world.pass(2'000);
  };
  change([](core::Connection& now) { now.direction = core::Direction::push; });
  CHECK(world.channels("cnn_1").empty());
  CHECK(world.service.channels.empty());
  CHECK(world.push("cnn_1").reason == "not_wanted");
  change([](core::Connection& now) { now.direction = core::Direction::pull; });
  CHECK(is_open(world));
  change([](core::Connection& now) { now.auto_sync = false; });
  CHECK(world.service.channels.empty());
  change([](core::Connection& now) { now.auto_sync = true; });
  CHECK(is_open(world));
}

TEST_CASE("channels: a disconnect stops them while the grant lives", "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  const std::string id = world.channels("cnn_1")[0].id;
  const auto disconnect = [&] {
    bool told = false;
    world.process->scheduler.leaving("cnn_1", [&] { told = true; });
    world.settle();
    REQUIRE(told);
    world.pass(2'000);  // the grant is being revoked meanwhile
    CHECK(world.channels("cnn_1").empty());
    world.edit("cnn_1",
               [](core::Connection& now) { now.status = core::ConnectionStatus::disconnected; });
    world.process->scheduler.look("cnn_1");
    world.pass(kDayMs);
    CHECK(world.channels("cnn_1").empty());
    CHECK(world.push("cnn_1").reason == "not_connected");
  };
  SECTION("the service stops it") {
    disconnect();
    CHECK(world.service.channels.empty());
    CHECK(world.service.opened == 1);
  }
  SECTION("the service does not, and its notifications are nobody's") {
    world.service.weather = [](const auto&) { return std::string("503"); };
    disconnect();
    CHECK(world.service.channels.size() == 1);
    CHECK(world.notify(id) == ports::Verdict::unknown);
  }
  world.service.weather = nullptr;
  world.edit("cnn_1",
             [](core::Connection& now) { now.status = core::ConnectionStatus::connected; });
  world.process->scheduler.arrived("cnn_1", [] {});
  world.settle();
  CHECK(is_open(world));
}

TEST_CASE("channels: push is off, and says why", "[sync][channels]") {
  const auto reason = [](const std::string& url, const std::string& connector,
                         const std::string& target) {
    UpkeepWorld world(url);
    world.connect("cnn_1", connector, target);
    world.start();
    world.pass(kHourMs);
    CHECK(world.service.opened == 0);
    CHECK(world.push("cnn_1").state == PushState::off);
    return world.push("cnn_1").reason;
  };
  const std::string good = "https://sync.example.com";
  CHECK(reason("", "cal", "primary") == "no_public_url");
  CHECK(reason("http://sync.example.com", "cal", "primary") == "public_url_not_https");
  CHECK(reason("http://127.0.0.1.example.com", "cal", "primary") == "public_url_not_https");
  CHECK(reason(good, "deaf", "primary") == "unsupported");
  CHECK(reason(good, "gone", "primary") == "unsupported");
  CHECK(reason(good, "cal", "") == "no_target");
  CHECK(reason(good, "pages", "") == "no_handshake");
}

TEST_CASE("channels: on this machine they need no https", "[sync][channels]") {
  for (const char* url : {"http://127.0.0.1:8080", "http://localhost", "http://[::1]:9/"}) {
    UpkeepWorld world(url);
    arrive(world);
    CHECK(is_open(world));
  }
}

TEST_CASE("channels: one that says nothing although things change is replaced",
          "[sync][channels]") {
  UpkeepWorld world;
  arrive(world);
  world.start();
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) { world.synced(id); };
  const std::string first = world.channels("cnn_1")[0].id;
  SECTION("polls that find nothing prove nothing") {
    world.pass(2 * kHourMs);
    world.run_ended("cnn_1", core::RunTrigger::schedule, 0);
    world.pass(2 * kDayMs);
    CHECK(world.channels("cnn_1")[0].id == first);
  }
  SECTION("a poll found what it should have told") {
    world.pass(2 * kHourMs);
    world.run_ended("cnn_1", core::RunTrigger::schedule, 3);
    world.pass(20 * kHourMs);
    CHECK(world.channels("cnn_1")[0].id == first);
    world.pass(16 * kHourMs);
    REQUIRE(is_open(world));
    CHECK(world.channels("cnn_1")[0].id != first);
  }
  SECTION("it was heard since") {
    world.pass(2 * kHourMs);
    world.run_ended("cnn_1", core::RunTrigger::schedule, 3);
    world.pass(20 * kHourMs);
    CHECK(world.notify(first) == ports::Verdict::stored);
    world.settle();
    CHECK(world.push("cnn_1").notified_ms == world.clock.now_ms());
    world.pass(16 * kHourMs);
    CHECK(world.channels("cnn_1")[0].id == first);
  }
}

TEST_CASE("channels: of a subscription for all connections that says nothing any more is told",
          "[sync][channels]") {
  UpkeepWorld world;
  world.secrets.values["pages.webhook_secret"] = "a key";
  world.connect("cnn_1", "pages");
  world.start();
  const auto notified = [&](const std::string& id) {
    core::Notification notification;
    notification.id = id;
    notification.connector = "pages";
    notification.connection_id = "cnn_1";
    notification.received_ms = notification.handled_ms.emplace(world.clock.now_ms());
    REQUIRE(world.store.commit({ports::put(notification)}, ports::Durability::full));
  };
  const auto state = [&] { return world.push("cnn_1").state; };
  // Nobody knows how long there is one: nothing was heard yet.
  world.run_ended("cnn_1", core::RunTrigger::schedule, 3);
  world.pass(2 * kDayMs);
  CHECK(state() == PushState::on);
  CHECK_FALSE(world.push("cnn_1").notified_ms);
  notified("ntf_1");
  const core::Instant heard_ms = world.clock.now_ms();
  CHECK(state() == PushState::on);
  CHECK(world.push("cnn_1").notified_ms == heard_ms);
  world.pass(2 * kHourMs);
  world.run_ended("cnn_1", core::RunTrigger::schedule, 0);
  world.pass(kDayMs);
  CHECK(state() == PushState::on);  // nothing was there to tell
  world.run_ended("cnn_1", core::RunTrigger::schedule, 3);
  CHECK(state() == PushState::failing);
  CHECK(world.push("cnn_1").message.find("subscription") != std::string::npos);
  CHECK(world.push("cnn_1").notified_ms == heard_ms);
  notified("ntf_2");
  CHECK(state() == PushState::on);
  CHECK(world.push("cnn_1").message.empty());
}

TEST_CASE("channels: one whose end is not told stays", "[sync][channels]") {
  UpkeepWorld world;
  world.service.tells_end = false;
  world.service.life_ms = 400 * kDayMs;
  arrive(world);
  world.start();
  const core::Channel channel = world.channels("cnn_1").at(0);
  CHECK(channel.state == ChannelState::open);
  CHECK_FALSE(channel.expires_ms);
  world.pass(60 * kDayMs);
  REQUIRE(is_open(world));
  CHECK(world.channels("cnn_1")[0].id == channel.id);
  CHECK(world.push("cnn_1").state == PushState::on);
  CHECK_FALSE(world.push("cnn_1").expires_ms);
  CHECK(world.service.opened == 1);
  CHECK(world.notify(channel.id) == ports::Verdict::stored);
}

TEST_CASE("channels: a service whose channels end at once is not asked without pause",
          "[sync][channels]") {
  UpkeepWorld world;
  world.service.life_ms = GENERATE(0, -5'000, 1'000);
  arrive(world);
  world.start();
  world.pass(10 * kMinuteMs);
  CHECK(world.service.opened <= 28);
  CHECK(world.service.opened >= 5);
}

TEST_CASE("channels: in 60 days with outages of up to 12 hours no allowed minute lacks one",
          "[sync][channels][acceptance]") {
  const std::int64_t life_ms = GENERATE(7 * kDayMs, kHourMs, 45 * kMinuteMs);
  const unsigned seed = 20'261'120;
  INFO("life " << life_ms / kMinuteMs << " min, seed " << seed);
  std::mt19937 dice(seed);
  std::vector<std::pair<core::Instant, core::Instant>> outages;
  const core::Instant begin_ms = fakes::ManualClock::kStart;
  for (core::Instant at_ms = begin_ms + kHourMs;;) {
    at_ms += std::uniform_int_distribution<std::int64_t>(0, 6 * kDayMs)(dice);
    const auto length_ms = std::uniform_int_distribution<std::int64_t>(1, 12 * kHourMs)(dice);
    if (at_ms > begin_ms + 60 * kDayMs) break;
    outages.emplace_back(at_ms, at_ms + length_ms);
    at_ms += length_ms;
  }
  UpkeepWorld world;
  world.service.life_ms = life_ms;
  world.service.weather = [&](const ports::ConnectorRequest& request) {
    const core::Instant now_ms = world.clock.now_ms();
    for (const auto& [from, to] : outages) {
      if (request.target == "/watch" && now_ms >= from && now_ms < to) return std::string("503");
    }
    return std::string();
  };
  std::vector<core::Instant> looks;
  world.runs.on_sync = [&](const std::string& id, core::RunTrigger) {
    looks.push_back(world.clock.now_ms());
    world.synced(id);
  };
  arrive(world);
  world.start();
  std::vector<core::Instant> dark;  // a change then is told by nobody
  std::int64_t missed = 0;
  std::int64_t unheard = 0;
  std::size_t most = 0;
  for (std::int64_t minute = 1; minute <= 60 * kDayMs / kMinuteMs; ++minute) {
    world.pass(kMinuteMs);
    const core::Instant now_ms = world.clock.now_ms();
    std::vector<std::string> alive;
    for (const auto& [id, open] : world.service.channels) {
      if (open.expires_ms > now_ms) alive.push_back(id);
    }
    most = std::max(most, alive.size());
    if (!alive.empty()) {
      const auto ours = world.channels("cnn_1");
      unheard += std::none_of(ours.begin(), ours.end(), [&](const core::Channel& each) {
        return std::find(alive.begin(), alive.end(), each.id) != alive.end();
      });
      continue;
    }
    dark.push_back(now_ms);
    bool allowed = true;
    for (const auto& [from, to] : outages) {
      allowed = allowed && (to <= now_ms - kMinuteMs || from >= now_ms);
    }
    if (allowed) ++missed;
  }
  CHECK(missed == 0);
  CHECK(unheard == 0);                             // what lives is ours, and listened to
  CHECK(dark.empty() == (life_ms == 7 * kDayMs));  // or the outages proved nothing
  CHECK(most <= 2);                                // nothing is opened and forgotten
  std::int64_t longest_ms = 0;
  for (const core::Instant at_ms : dark) {
    const auto look = std::lower_bound(looks.begin(), looks.end(), at_ms);
    longest_ms = std::max(longest_ms, look == looks.end() ? 60 * kDayMs : *look - at_ms);
  }
  CHECK(longest_ms <= 19 * kMinuteMs);  // it is found by polling: every 15 minutes, give or take
  CHECK(world.channels("cnn_1").size() <= 2);
  CHECK(world.service.opened - world.service.closed <= 60 * kDayMs / life_ms);
}
