#include "net/flight.hpp"

#include <strings.h>

#include <algorithm>

#include "net/channel_secret.hpp"

namespace mortise::net {
namespace {

constexpr std::int64_t kToldFromMs = 250;
constexpr std::int64_t kCancelLookMs = 500;

/// For the connector there are two kinds: a dead grant, and a token that can not be had right now.
/// It must not take, say, a `not_found` of ours for one of its items.
Error token_error(Error error) {
  if (error.code != Code::unauthenticated) error.code = Code::unavailable;
  return error;
}

}  // namespace

void Flight::start() {
  started_ms_ = egress_.ports_.clock.steady_ms();
  if (auto status = prepare(); !status.ok()) {
    auto self = shared_from_this();
    egress_.ports_.executor.post([self, error = std::move(status).error()] { self->fail(error); });
    return;
  }
  queue();
}

Status Flight::prepare() {
  auto connection = egress_.ports_.connections.find(call_.connection_id);
  if (!connection.ok()) return std::move(connection).error();
  connector_ = egress_.ports_.connectors.find(connection->connector);
  if (!connector_) {
    return Error{Code::unavailable, "connector " + connection->connector + " is not loaded",
                 "connector_missing"};
  }
  const ports::Manifest& manifest = connector_->manifest();
  const ports::Origin* origin = manifest.origin(call_.request.origin);
  signed_ = origin != nullptr && manifest.signs(*origin);
  if (signed_ && connection->status == core::ConnectionStatus::needs_reconnect) {
    return Error{Code::unauthenticated, "the grant of this connection is dead", "needs_reconnect"};
  }
  auto url = egress_.endpoints_.url(manifest, call_.request.origin, call_.request.target,
                                    connection->settings);
  if (!url.ok()) return std::move(url).error();
  url_ = std::move(url).value();
  if (auto filled = fill_channel_secret(call_.request, call_.channel_secret); !filled.ok()) {
    return std::move(filled).error();
  }
  payer_ = {connection->id, connection->identity.workspace_id, connection->account_id};
  return {};
}

void Flight::queue() {
  auto self = shared_from_this();
  TurnAsk ask;
  ask.manifest = &connector_->manifest();
  ask.payer = payer_;
  ask.lane = call_.lane;
  ask.cancel = call_.cancel;
  ask.go = [self](Turn turn) { self->on_turn(turn); };
  if (call_.on_wait) {
    ask.on_wait = [self](std::int64_t wait_ms) { self->tell_wait(core::RunWait::budget, wait_ms); };
  }
  egress_.budgets_.wait(std::move(ask));
}

void Flight::on_turn(Turn turn) {
  if (turn == Turn::cancelled || cancelled()) {
    return fail({Code::cancelled, "given up before it was sent (again)"});
  }
  if (!signed_) return transmit({});
  egress_.ports_.tokens.access(call_.connection_id,
                               [self = shared_from_this()](Result<core::Secret> token) {
                                 if (!token.ok())
                                   return self->fail(token_error(std::move(token).error()));
                                 self->transmit(std::move(token).value());
                               });
}

void Flight::transmit(core::Secret token) {
  ports::HttpRequest request;
  request.method = call_.request.method;
  request.url = url_;
  request.headers = call_.request.headers;
  // Cannot fail: prepare() has seen it.
  request.body = fill_channel_secret(call_.request, call_.channel_secret).value();
  if (signed_) {
    std::erase_if(request.headers, [](const auto& each) {
      return each.first.size() == 13 && strcasecmp(each.first.c_str(), "authorization") == 0;
    });
    request.headers.emplace_back("Authorization", "Bearer " + std::string(token.reveal_for_use()));
  }
  token_ = std::move(token);
  ++attempt_;
  sent_ms_ = egress_.ports_.clock.steady_ms();
  egress_.ports_.transport.send(std::move(request), [self = shared_from_this()](
                                                        ports::HttpOutcome outcome) {
    // The transport may call on a thread of its own; what follows is work for the executor.
    auto shared = std::make_shared<ports::HttpOutcome>(std::move(outcome));
    self->egress_.ports_.executor.post([self, shared] { self->on_outcome(std::move(*shared)); });
  });
}

void Flight::on_outcome(ports::HttpOutcome outcome) {
  note(outcome);
  const auto& rules = connector_->manifest().limit_rules;
  Judgement judgement = judge(outcome, call_.request.repeatable, rules);
  maybe_sent_ = maybe_sent_ || judgement.maybe_sent;
  act(std::move(judgement), std::move(outcome));
}

void Flight::act(Judgement judgement, ports::HttpOutcome outcome) {
  switch (judgement.verdict) {
    case Verdict::deliver:
    case Verdict::lost:
    case Verdict::limit_final:
      return finish(std::move(judgement), std::move(outcome));
    case Verdict::wait_limit:
      return retry_after_limit(std::move(judgement), std::move(outcome));
    case Verdict::try_again:
      return retry_later(std::move(judgement), std::move(outcome));
    case Verdict::renew_token:
      return renew(std::move(outcome));
  }
}

bool Flight::may_wait(std::int64_t wait_ms) const {
  const std::int64_t waited_ms = egress_.ports_.clock.steady_ms() - started_ms_;
  return attempt_ < egress_.policy_.attempts && waited_ms + wait_ms <= egress_.policy_.total_ms;
}

void Flight::retry_later(Judgement judgement, ports::HttpOutcome outcome) {
  std::int64_t wait_ms = backoff_ms(egress_.policy_, attempt_, egress_.ports_.random);
  if (outcome.reply.ok()) {
    const auto asked = retry_after_ms(outcome.reply->headers, egress_.ports_.clock.now_ms());
    wait_ms = asked.value_or(wait_ms);
  }
  if (!may_wait(wait_ms)) return finish(std::move(judgement), std::move(outcome));
  tell_wait(core::RunWait::retry, wait_ms);
  wait_until(egress_.ports_.clock.steady_ms() + wait_ms);
}

void Flight::wait_until(std::int64_t steady_ms) {
  const std::int64_t left_ms = steady_ms - egress_.ports_.clock.steady_ms();
  if (left_ms <= 0 || cancelled()) return queue();  // the queue lets go of what was cancelled
  const std::int64_t look_ms = call_.cancel ? std::min(left_ms, kCancelLookMs) : left_ms;
  egress_.ports_.timers.after(
      look_ms, [self = shared_from_this(), steady_ms] { self->wait_until(steady_ms); });
}

void Flight::retry_after_limit(Judgement judgement, ports::HttpOutcome outcome) {
  const auto asked = retry_after_ms(outcome.reply->headers, egress_.ports_.clock.now_ms());
  const std::int64_t pause_ms =
      asked.value_or(backoff_ms(egress_.policy_, attempt_, egress_.ports_.random));
  egress_.budgets_.refused(connector_->manifest(), payer_, judgement.scope, sent_ms_, pause_ms);
  const bool harmless = call_.request.repeatable || !judgement.maybe_sent;
  if (!harmless || !may_wait(pause_ms)) {
    judgement.error->retry_after_ms = pause_ms;
    return finish(std::move(judgement), std::move(outcome));
  }
  queue();
}

void Flight::renew(ports::HttpOutcome outcome) {
  if (!signed_) return deliver(std::move(outcome.reply).value());
  if (renewed_) {
    return fail(
        {Code::unavailable, "the service refused a token that it had just given", "token_refused"});
  }
  renewed_ = true;
  egress_.ports_.tokens.renew(call_.connection_id, token_,
                              [self = shared_from_this()](Result<core::Secret> token) {
                                if (!token.ok())
                                  return self->fail(token_error(std::move(token).error()));
                                self->queue();
                              });
}

namespace {

/// What a service calls a request in the header that it asks to be told: "x-request-id",
/// "x-notion-request-id", "request-id".
std::string request_name(const ports::HttpHeaders& headers) {
  constexpr std::size_t kMostBytes = 128;
  for (const auto& [name, value] : headers) {
    if (name.ends_with("request-id")) return value.substr(0, kMostBytes);
  }
  return {};
}

}  // namespace

void Flight::note(const ports::HttpOutcome& outcome) {
  ExchangeLine line;
  line.took_ms = egress_.ports_.clock.steady_ms() - sent_ms_;
  line.at_ms = egress_.ports_.clock.now_ms() - line.took_ms;
  line.method = call_.request.method;
  line.origin = call_.request.origin;
  line.target = call_.request.target;
  line.attempt = attempt_;
  line.sent_bytes = call_.request.body.size();
  if (outcome.reply.ok()) {
    line.status = outcome.reply->status;
    line.received_bytes = outcome.reply->body.size();
    line.request = request_name(outcome.reply->headers);
  } else {
    line.error = std::string(code_name(outcome.reply.error().code));
  }
  egress_.log_.add(call_.run_id, std::move(line));
}

void Flight::tell_wait(core::RunWait why, std::int64_t wait_ms) {
  if (!call_.on_wait || wait_ms < kToldFromMs) return;
  call_.on_wait(why, egress_.ports_.clock.now_ms() + wait_ms);
}

void Flight::finish(Judgement judgement, ports::HttpOutcome outcome) {
  if (judgement.error) return fail(std::move(*judgement.error));
  deliver(std::move(outcome.reply).value());
}

void Flight::deliver(ports::HttpReply reply) {
  ports::ConnectorReply answer;
  answer.maybe_sent = true;
  answer.reply = std::move(reply);
  hide_channel_secret(answer.reply, call_.channel_secret);
  done_(std::move(answer));
}

void Flight::fail(Error error) {
  ports::ConnectorReply answer;
  answer.error = std::move(error);
  answer.maybe_sent = maybe_sent_;
  done_(std::move(answer));
}

}  // namespace mortise::net
