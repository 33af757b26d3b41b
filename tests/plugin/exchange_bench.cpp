// What the boundary costs: exchanges a second through the raw C struct, the C++ wrapper, and the
// host's adapter with all its checks. Not a test: run it by hand in a release build,
//   cmake --build build/release --target exchange_bench && build/release/bin/exchange_bench
#include <chrono>
#include <cstdio>
#include <string>

#include <mortise/connector.hpp>

#include "plugin/adapter.hpp"

namespace {

using namespace mortise;

constexpr int kExchanges = 200'000;

// Sends kExchanges requests, one after the other.
class Chatter final : public Connector {
  Task<Status> list(Call& call) override {
    Request request;
    request.target = "/things?page=1";
    request.repeatable = true;
    for (int i = 0; i < kExchanges; ++i) {
      const Reply reply = co_await call.send(request);
      if (reply.status != 200) co_return Error{Code::internal, "not 200"};
    }
    co_return Status();
  }
};

template <class Run>
void measure(const char* name, Run run) {
  const auto begun = std::chrono::steady_clock::now();
  run();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
  std::printf("%-40s %7.3f us an exchange\n", name, took.count() / kExchanges);
}

void through_the_c_struct() {
  const mt_connector* connector = make_connector<Chatter>(nullptr);
  mt_sink sink = {};
  sink.size = sizeof(sink);
  const LentCall call(CallInput{});
  mt_step step = {};
  step.size = sizeof(step);
  mt_operation* operation = connector->begin(connector->self, call.get(), &sink, &step);
  mt_reply reply = {};
  reply.size = sizeof(reply);
  reply.status = 200;
  const mt_reply* replies[] = {&reply};
  while (step.state == MT_STEP_SEND) connector->resume(operation, replies, 1, &step);
  connector->end(operation);
  connector->destroy(connector->self);
}

void through_the_adapter() {
  const mt_plugin entry = {MT_ABI_MAJOR, MT_ABI_MINOR, sizeof(mt_plugin),
                           "bench",      "1.0.0",      &make_connector<Chatter>};
  ports::Manifest manifest;
  manifest.id = "bench";
  manifest.operations.list = true;
  manifest.origins.push_back({"api", "https://api.example.org", "", true});
  plugin::Limits limits;
  limits.steps = 2 * kExchanges;
  auto connector = plugin::PluginConnector::make(entry, manifest, limits, {});
  ports::Call call;
  ports::Started started = (*connector)->begin(call);
  ports::Step step = std::move(started.step);
  while (!step.done()) {
    ports::ConnectorReply reply;
    reply.reply.status = 200;
    step = started.operation->resume({reply});
  }
  if (step.error) std::printf("failed: %s\n", step.error->message.c_str());
}

}  // namespace

int main() {
  measure("coroutine behind the C struct", through_the_c_struct);
  measure("the same through the host's adapter", through_the_adapter);
}
