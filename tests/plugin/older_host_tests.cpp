// A new plugin in an old host: this unit is compiled against 1.0 (headers/1.0), whose structs are
// smaller, and drives plugins that were built against 1.2.
#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <mortise/services.h>

#include "plugin/library.hpp"

static_assert(MT_ABI_MINOR == 0, "this unit must see headers/1.0");

namespace {

struct Seen {
  std::vector<std::string> items;
  std::vector<std::string> outcomes;
};

// On the heap at exactly its size of 1.0, so that a sanitizer sees a read behind it.
template <class T>
std::unique_ptr<T> made() {
  auto out = std::make_unique<T>();
  std::memset(out.get(), 0, sizeof(T));
  out->size = sizeof(T);
  return out;
}

std::unique_ptr<mt_sink> sink_for(Seen& seen) {
  auto sink = made<mt_sink>();
  sink->context = &seen;
  sink->item = [](void* context, const mt_item* item) {
    static_cast<Seen*>(context)->items.emplace_back(item->id.data, item->id.size);
  };
  sink->outcome = [](void* context, const mt_outcome* outcome) {
    static_cast<Seen*>(context)->outcomes.emplace_back(outcome->id.data, outcome->id.size);
  };
  sink->complete = [](void*, mt_str) {};
  sink->cursor = [](void*, mt_str) {};
  return sink;
}

const mt_connector* open(const std::string& id) {
  static mt_host host = {sizeof(mt_host), nullptr, [](void*, std::int32_t, mt_str) {}, nullptr};
  const auto entry = mortise::plugin::open_library(
      std::string(MORTISE_BINARY_DIR) + "/tests/plugin/doubles/plugins/" + id + "/" + id + ".so");
  REQUIRE(entry.ok());
  CHECK((*entry)->abi_minor == 2);
  return (*entry)->create(&host);
}

mt_str text(const char* plain) {
  return {plain, std::strlen(plain)};
}

// One operation whose requests are all answered with `body`, or with none, which is an error; the
// state it ends in.
std::int32_t run(const mt_connector& connector, const mt_call& call, const char* body, Seen& seen,
                 std::string& sent) {
  const auto sink = sink_for(seen);
  const auto step = made<mt_step>();
  mt_operation* operation = connector.begin(connector.self, &call, sink.get(), step.get());
  REQUIRE(operation != nullptr);
  while (step->state == MT_STEP_SEND) {
    const auto reply = made<mt_reply>();
    reply->status = body == nullptr ? 0 : 200;
    reply->error = body == nullptr ? MT_UNAVAILABLE : MT_OK;
    reply->body = text(body == nullptr ? "" : body);
    std::vector<const mt_reply*> replies(step->request_count, reply.get());
    for (std::size_t i = 0; i < step->request_count; ++i) {
      const mt_str& given = step->requests[i]->body;
      sent.append(given.data == nullptr ? "" : given.data, given.size);
    }
    connector.resume(operation, replies.data(), replies.size(), step.get());
  }
  const std::int32_t ended = step->state;
  connector.end(operation);
  return ended;
}

}  // namespace

TEST_CASE("abi: a plugin of 1.2 lists in a host of 1.0", "[plugin][abi]") {
  const mt_connector* connector = open("good");
  const auto call = made<mt_call>();
  call->operation = MT_LIST;
  Seen seen;
  std::string sent;
  CHECK(run(*connector, *call, "thing-1", seen, sent) == MT_STEP_DONE);
  CHECK(seen.items == std::vector<std::string>{"thing-1"});
  connector->destroy(connector->self);
}

TEST_CASE("abi: a plugin of 1.2 writes in a host of 1.0, whose writes have no slot",
          "[plugin][abi]") {
  const mt_connector* connector = open("channels");
  const auto write = made<mt_write>();
  write->action = MT_CREATE;
  write->kind = text("thing");
  write->key = text("task:1");
  write->fields = text("{}");
  const mt_write* const writes[] = {write.get()};
  const auto call = made<mt_call>();
  call->operation = MT_WRITE;
  call->writes = writes;
  call->write_count = 1;
  Seen seen;
  std::string sent;
  CHECK(run(*connector, *call, "id-1", seen, sent) == MT_STEP_DONE);
  CHECK(seen.outcomes == std::vector<std::string>{"id-1"});
  CHECK(sent == " 0 ${channel_secret}");  // neither a slot was read nor an instant of it
  connector->destroy(connector->self);
}

TEST_CASE("abi: a plugin of 1.2 fails in a host of 1.0, whose errors have no reason",
          "[plugin][abi]") {
  const mt_connector* connector = open("channels");
  const auto write = made<mt_write>();
  const mt_write* const writes[] = {write.get()};
  const auto call = made<mt_call>();
  call->operation = MT_WRITE;
  call->writes = writes;
  call->write_count = 1;
  Seen seen;
  std::string sent;
  CHECK(run(*connector, *call, nullptr, seen, sent) == MT_STEP_DONE);  // one write failed
  CHECK(seen.outcomes == std::vector<std::string>{""});
  call->operation = 9;  // MT_OPEN_CHANNEL
  CHECK(run(*connector, *call, nullptr, seen, sent) == MT_STEP_FAILED);
  connector->destroy(connector->self);
}

TEST_CASE("abi: a plugin of 1.2 does not reach behind the sink of a host of 1.0", "[plugin][abi]") {
  const mt_connector* connector = open("channels");
  const void* found = connector->ability(connector->self, MT_ABILITY_CHANNEL);
  REQUIRE(found != nullptr);
  // A host of 1.0 never asks for a channel; if it did, it would only not be told.
  const auto call = made<mt_call>();
  call->operation = 9;
  Seen seen;
  std::string sent;
  CHECK(run(*connector, *call, "res", seen, sent) == MT_STEP_DONE);
  CHECK(sent.find(R"("id":"")") != std::string::npos);
  connector->destroy(connector->self);
}
