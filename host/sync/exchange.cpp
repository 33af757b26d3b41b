#include "sync/exchange.hpp"

#include <atomic>
#include <iterator>
#include <memory>

#include "ports/reply_room.hpp"

namespace mortise::sync {
namespace {

using ports::ConnectorReply;
using ports::ConnectorRequest;

/// Replies under way; the last one to arrive wakes the coroutine.
struct Gathering {
  explicit Gathering(std::size_t count) : replies(count), left(count) {}
  std::vector<ConnectorReply> replies;
  std::atomic<std::size_t> left;
  ports::ReplyRoom room;
};

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Exchange::Exchange(Ports ports, ports::Connector& connector, std::string connection_id,
                   std::string run_id, ports::Lane lane, ports::CancelFlag cancel, OnWait on_wait)
    : ports_(std::move(ports)),
      connector_(connector),
      connection_id_(std::move(connection_id)),
      run_id_(std::move(run_id)),
      lane_(lane),
      cancel_(std::move(cancel)),
      on_wait_(std::move(on_wait)) {}

Task<std::vector<ConnectorReply>> Exchange::send_all(std::vector<ConnectorRequest> requests) {
  using Replies = std::vector<ConnectorReply>;
  for (const ConnectorRequest& request : requests) {
    ++(request.writes.empty() ? traffic_.reads : traffic_.writes);
  }
  std::function<void(std::function<void(Replies)>)> start = [&](std::function<void(Replies)> done) {
    auto gathering = std::make_shared<Gathering>(requests.size());
    // Copies: the coroutine may go on and end while later requests are still being handed over.
    auto& egress = ports_.egress;
    std::vector<ports::EgressCall> calls;
    for (ConnectorRequest& request : requests) {
      calls.push_back({connection_id_, run_id_, lane_, std::move(request), cancel_, {}, on_wait_});
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
      egress.send(std::move(calls[i]), [gathering, done, i](ConnectorReply reply) {
        gathering->replies[i] = gathering->room.keep(std::move(reply));
        if (gathering->left.fetch_sub(1) == 1) done(std::move(gathering->replies));
      });
    }
  };
  Callback<Replies> all(std::move(start));
  Replies replies = co_await all;
  for (const ConnectorReply& reply : replies) {
    if (reply.error && reply.error->code == Code::unauthenticated) needs_reconnect_ = true;
  }
  co_return replies;
}

Task<Result<Report>> Exchange::drive(ports::Call call) {
  call.now_ms = ports_.clock.now_ms();
  ports::Started started = connector_.begin(call);
  ports::Step step = std::move(started.step);
  Report report;
  for (;;) {
    append(report.items, std::move(step.items));
    append(report.targets, std::move(step.targets));
    append(report.complete, std::move(step.complete));
    if (step.cursor) report.cursor = std::move(step.cursor);
    report.estimated_writes += step.estimated_writes;
    report.estimated_reads += step.estimated_reads;
    if (step.error) co_return Result<Report>(*step.error);
    if (step.done()) co_return Result<Report>(std::move(report));
    Task<std::vector<ConnectorReply>> sending = send_all(std::move(step.requests));
    std::vector<ConnectorReply> replies = co_await sending;
    step = started.operation->resume(std::move(replies));
  }
}

}  // namespace mortise::sync
