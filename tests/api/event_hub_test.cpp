#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "api/event_hub.hpp"

using namespace mortise::api;

namespace {

struct Listeners {
  std::map<EventHub::ConnectionId, std::string> got;
  EventHub::Send send() {
    return [this](EventHub::ConnectionId id, std::string_view bytes, Event::Last) {
      got[id] += bytes;
    };
  }
};

Stream stream_of(const std::string& topic, std::uint64_t since, const std::string& last_id = {}) {
  return {{}, topic, since, last_id, Event{"state", "first", Event::Last::no}};
}

}  // namespace

TEST_CASE("hub: a listener misses nothing between the first state and the live events",
          "[api][hub]") {
  Listeners listeners;
  EventHub hub("e", {});
  hub.publish("run_1", 1, {"state", "old", Event::Last::no}, listeners.send());
  hub.publish("run_1", 2, {"state", "between", Event::Last::no}, listeners.send());
  hub.subscribe(stream_of("run_1", 1), 7, listeners.send());
  hub.publish("run_2", 3, {"state", "other", Event::Last::no}, listeners.send());
  hub.publish("run_1", 4, {"state", "live\nlines", Event::Last::no}, listeners.send());
  CHECK(listeners.got[7] ==
        "id: e-1\nevent: state\ndata: first\n\nid: e-2\nevent: state\ndata: between\n\n"
        "id: e-4\nevent: state\ndata: live\ndata: lines\n\n");
}

TEST_CASE("hub: a client that comes back gets what it missed, or the state if that is gone",
          "[api][hub]") {
  Listeners listeners;
  EventHub hub("e", {3, 8});
  hub.subscribe(stream_of("t", 0), 1, listeners.send());
  for (std::uint64_t i = 1; i <= 5; ++i) {
    hub.publish("t", i, {"", std::to_string(i), Event::Last::no}, listeners.send());
  }
  hub.subscribe(stream_of("t", 5, "e-3"), 2, listeners.send());
  CHECK(listeners.got[2] == "id: e-4\ndata: 4\n\nid: e-5\ndata: 5\n\n");
  for (const char* gone : {"e-1", "f-3", "e-", "e-x", "e-3x", "3"}) {
    INFO(gone);
    listeners.got.erase(3);
    hub.subscribe(stream_of("t", 5, gone), 3, listeners.send());
    CHECK(listeners.got[3] == "id: e-5\nevent: state\ndata: first\n\n");
    hub.unsubscribe("t", 3);
  }
}

TEST_CASE("hub: the last event of a stream says so in its id", "[api][hub]") {
  Listeners listeners;
  EventHub hub("e", {});
  hub.subscribe(stream_of("t", 0), 1, listeners.send());
  listeners.got.clear();
  hub.publish("t", 1, {"", "on", Event::Last::no}, listeners.send());
  hub.publish("t", 2, {"", "over", Event::Last::yes}, listeners.send());
  CHECK(listeners.got[1] == "id: e-1\ndata: on\n\nid: e-2-end\ndata: over\n\n");
}

TEST_CASE("hub: quiet topics are forgotten, those with listeners are not", "[api][hub]") {
  Listeners listeners;
  EventHub hub("e", {4, 3});
  hub.subscribe(stream_of("kept", 0), 1, listeners.send());
  for (std::uint64_t i = 1; i <= 20; ++i) {
    hub.publish("topic" + std::to_string(i), i, {"", "x", Event::Last::no}, listeners.send());
  }
  hub.publish("kept", 21, {"", "still here", Event::Last::no}, listeners.send());
  CHECK(listeners.got[1].find("still here") != std::string::npos);
  // What a forgotten topic held cannot be replayed: the state is sent.
  hub.subscribe(stream_of("topic1", 21, "e-0"), 2, listeners.send());
  CHECK(listeners.got[2] == "id: e-21\nevent: state\ndata: first\n\n");
}
