// An old plugin in a newer host: this unit is compiled against the invented 1.3 (headers/1.3),
// whose structs are larger, and drives plugins that were built against 1.0 and 1.2.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include <mortise/services.h>

#include "plugin/library.hpp"

static_assert(MT_ABI_MINOR == 3, "this unit must see headers/1.3");

namespace {

struct Seen {
  std::vector<std::string> ids;
  std::vector<bool> has_flavour;
  std::vector<std::string> notes;
};

mt_sink sink_for(Seen& seen) {
  mt_sink sink = {};
  sink.size = sizeof(sink);
  sink.context = &seen;
  sink.item = [](void* context, const mt_item* item) {
    auto& into = *static_cast<Seen*>(context);
    into.ids.emplace_back(item->id.data, item->id.size);
    into.has_flavour.push_back(MT_HAS(item, flavour));
  };
  sink.complete = [](void*, mt_str) {};
  sink.cursor = [](void*, mt_str) {};
  sink.note = [](void* context, mt_str text) {
    static_cast<Seen*>(context)->notes.emplace_back(text.data, text.size);
  };
  return sink;
}

const mt_connector* open(const std::string& id) {
  static mt_host host = {sizeof(mt_host), nullptr, [](void*, std::int32_t, mt_str) {}, nullptr};
  const auto entry = mortise::plugin::open_library(
      std::string(MORTISE_BINARY_DIR) + "/tests/plugin/doubles/plugins/" + id + "/" + id + ".so");
  REQUIRE(entry.ok());
  return (*entry)->create(&host);
}

// One listing against a reply with this body.
mt_step list(const mt_connector& connector, const std::string& body, Seen& seen) {
  const mt_sink sink = sink_for(seen);
  mt_call call = {};
  call.size = sizeof(call);
  call.operation = MT_LIST;
  mt_step step = {};
  step.size = sizeof(step);
  mt_operation* operation = connector.begin(connector.self, &call, &sink, &step);
  REQUIRE(step.state == MT_STEP_SEND);
  CHECK(step.requests[0]->size <= sizeof(mt_request));
  mt_reply reply = {};
  reply.size = sizeof(reply);
  reply.status = 200;
  reply.body = {body.data(), body.size()};
  const mt_reply* replies[] = {&reply};
  connector.resume(operation, replies, 1, &step);
  connector.end(operation);
  return step;
}

}  // namespace

TEST_CASE("abi: a plugin of an older minor works in a newer host", "[plugin][abi]") {
  for (const char* id : {"older", "good"}) {
    CAPTURE(id);
    const mt_connector* connector = open(id);
    REQUIRE(connector != nullptr);
    CHECK_FALSE(MT_HAS(connector, warm_up));
    Seen seen;
    const mt_step step = list(*connector, "old-1", seen);
    CHECK(step.state == MT_STEP_DONE);
    CHECK(seen.ids == std::vector<std::string>{"old-1"});
    CHECK(seen.has_flavour == std::vector<bool>{false});
    connector->destroy(connector->self);
  }
}

TEST_CASE("abi: a plugin uses a newer minor where the host has it", "[plugin][abi]") {
  const mt_connector* connector = open("newer");
  REQUIRE(connector != nullptr);
  CHECK(MT_HAS(connector, warm_up));
  Seen seen;
  const mt_step step = list(*connector, "new-1", seen);
  CHECK(step.progress_percent == 100);
  CHECK(seen.has_flavour == std::vector<bool>{true});
  CHECK(seen.notes == std::vector<std::string>{"this host has notes"});
  connector->destroy(connector->self);
}
