// Opens and closes channels through the C++ wrapper, and writes: what a plugin of 1.1 does that one
// of 1.0 could not. What the target is called says how it misbehaves.
#include <mortise/connector.hpp>

namespace {

using mortise::Call;
using mortise::Channel;
using mortise::Code;
using mortise::Error;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Status;
using mortise::Task;

class Channels final : public mortise::Connector {
 public:
  Task<Status> write(Call& call) override {
    for (std::uint32_t i = 0; i < call.writes().size(); ++i) {
      Request request;
      request.method = "POST";
      request.target = "/things";
      // A person may write what looks like the placeholder.
      const mortise::Write& write = call.writes()[i];
      request.body = write.slot + " " + std::to_string(write.slot_ms) + " " MT_CHANNEL_SECRET;
      request.writes = {i};
      const Reply reply = co_await call.send(request);
      if (reply.error) {
        call.report(Outcome::failed(i, *reply.error));
      } else {
        call.report(Outcome::done(i, reply.body));
      }
    }
    co_return Status();
  }

  Task<Status> open_channel(Call& call) override {
    Request request;
    request.method = "POST";
    request.target = "/channels";
    request.body = R"({"id":")" + call.channel_id() + R"(","address":")" + call.channel_address() +
                   R"(","token":")" MT_CHANNEL_SECRET R"(","expires":)" +
                   std::to_string(call.channel_expires_ms()) + "}";
    const Reply reply = co_await call.send(request);
    if (reply.error) co_return *reply.error;
    if (!reply.success()) {
      Error refused{Code::forbidden, "the service opens no channel", "channels_off"};
      refused.retry_after_ms = 60'000;
      co_return refused;
    }
    if (call.target_id() == "says nothing") co_return Status();
    const std::size_t size = call.target_id() == "too large" ? 5000 : 1;
    const std::int64_t end_ms =
        call.target_id() == "endless" ? 253'402'300'800'000 : 1'800'000'000'000;
    const Channel channel{std::string(reply.body).append(size - 1, 'x'), end_ms};
    call.opened(channel);
    if (call.target_id() == "twice") call.opened(channel);
    co_return Status();
  }

  Task<Status> close_channel(Call& call) override {
    Request request;
    request.method = "DELETE";
    request.target = "/channels/" + call.channel_id() + "?of=" + call.channel_resource();
    const Reply reply = co_await call.send(request);
    if (call.target_id() == "reopens") call.opened({"again", 0});
    if (!reply.success()) co_return Error{Code::unavailable, "the service does not close it"};
    co_return Status();
  }
};

}  // namespace

MT_PLUGIN(Channels)
