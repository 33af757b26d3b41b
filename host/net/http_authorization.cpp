#include "net/http_authorization.hpp"

#include "net/verdict.hpp"

namespace mortise::net {
namespace {

/// A person waits for a disconnect: no attempt begins later than 15 s after the first.
constexpr RetryPolicy kRevokePolicy = {3, 300, 2'000, 15'000};

}  // namespace

/// One request and its attempts.
struct HttpAuthorization::Errand {
  ports::HttpRequest request;
  Repeat repeat = Repeat::unsent_only;
  const std::vector<ports::LimitRule>* rules = nullptr;
  RetryPolicy policy;
  Done done;
  int attempt = 0;
  std::int64_t started_ms = 0;  ///< steady
  bool interrupted = false;
};

Result<HttpAuthorization::Party> HttpAuthorization::party(const ports::Manifest& manifest,
                                                          const ports::Endpoint& endpoint) const {
  if (endpoint.empty()) {
    return Error{Code::unsupported, manifest.name + " has no such endpoint"};
  }
  auto url = endpoints_.url(manifest, endpoint);
  if (!url.ok()) return std::move(url).error();
  auto id = ports_.secrets.find(manifest.id + ".client_id");
  if (!id.ok()) return std::move(id).error();
  auto secret = ports_.secrets.find(manifest.id + ".client_secret");
  if (!secret.ok()) return std::move(secret).error();
  return Party{std::move(url).value(),
               {std::string(id->reveal_for_use()), std::move(secret).value()}};
}

Result<std::string> HttpAuthorization::authorize_url(const ports::Manifest& manifest,
                                                     const ports::AuthorizeAsk& ask) {
  auto asked = party(manifest, manifest.auth.authorize);
  if (!asked.ok()) return std::move(asked).error();
  return net::authorize_url(manifest.auth, asked->url, asked->client.id, ask);
}

void HttpAuthorization::refuse(Error error, std::function<void(Error)> done) {
  ports_.executor.post([done = std::move(done), error = std::move(error)] { done(error); });
}

void HttpAuthorization::start(const ports::Manifest& manifest, ports::HttpRequest request,
                              Repeat repeat, const RetryPolicy& policy, Done done) {
  auto errand = std::make_shared<Errand>();
  errand->request = std::move(request);
  errand->repeat = repeat;
  errand->rules = &manifest.limit_rules;
  errand->policy = policy;
  errand->done = std::move(done);
  errand->started_ms = ports_.clock.steady_ms();
  run(std::move(errand));
}

void HttpAuthorization::run(std::shared_ptr<Errand> errand) {
  ++errand->attempt;
  ports_.transport.send(errand->request, [this, errand](ports::HttpOutcome outcome) {
    auto shared = std::make_shared<ports::HttpOutcome>(std::move(outcome));
    ports_.executor.post([this, errand, shared] { on_outcome(errand, std::move(*shared)); });
  });
}

void HttpAuthorization::on_outcome(const std::shared_ptr<Errand>& errand,
                                   ports::HttpOutcome outcome) {
  const Judgement judgement = judge(outcome, errand->repeat == Repeat::lost_too, *errand->rules);
  errand->interrupted = errand->interrupted || judgement.maybe_sent;
  const bool harmless = errand->repeat == Repeat::lost_too || !judgement.maybe_sent;
  const bool again = judgement.verdict == Verdict::try_again ||
                     (judgement.verdict == Verdict::wait_limit && harmless);
  std::int64_t wait_ms = backoff_ms(errand->policy, errand->attempt, ports_.random);
  if (outcome.reply.ok()) {
    wait_ms = retry_after_ms(outcome.reply->headers, ports_.clock.now_ms()).value_or(wait_ms);
  }
  const std::int64_t waited_ms = ports_.clock.steady_ms() - errand->started_ms;
  if (!again || errand->attempt >= errand->policy.attempts ||
      waited_ms + wait_ms > errand->policy.total_ms) {
    return errand->done(std::move(outcome), errand->interrupted);
  }
  ports_.timers.after(wait_ms, [this, errand] { run(errand); });
}

namespace {

/// Reads what a token endpoint answered.
auto then_tokens(ports::Authorization::TokenDone done) {
  return [done = std::move(done)](ports::HttpOutcome outcome, bool interrupted) {
    if (!outcome.reply.ok()) return done({std::move(outcome.reply).error(), interrupted});
    const bool unknown = outcome_unknown(*outcome.reply);
    done({read_token_reply(*outcome.reply), interrupted || unknown});
  };
}

auto fail_tokens(ports::Authorization::TokenDone done) {
  return [done = std::move(done)](Error error) { done({std::move(error), false}); };
}

}  // namespace

void HttpAuthorization::exchange(const ports::Manifest& manifest, ports::ExchangeAsk ask,
                                 TokenDone done) {
  auto asked = party(manifest, manifest.auth.token);
  if (!asked.ok()) return refuse(std::move(asked).error(), fail_tokens(std::move(done)));
  // A code is spent by its first use: no repeat.
  start(manifest, exchange_request(manifest.auth, asked->url, asked->client, ask),
        Repeat::unsent_only, policy_, then_tokens(std::move(done)));
}

void HttpAuthorization::refresh(const ports::Manifest& manifest, core::Secret refresh_token,
                                TokenDone done) {
  auto asked = party(manifest, manifest.auth.token);
  if (!asked.ok()) return refuse(std::move(asked).error(), fail_tokens(std::move(done)));
  start(manifest, refresh_request(manifest.auth, asked->url, asked->client, refresh_token),
        Repeat::lost_too, policy_, then_tokens(std::move(done)));
}

void HttpAuthorization::revoke(const ports::Manifest& manifest, core::Secret token,
                               std::function<void(Status)> done) {
  auto asked = party(manifest, manifest.auth.revoke);
  if (!asked.ok()) return refuse(std::move(asked).error(), done);
  auto request = token_request(manifest.auth, asked->url, asked->client, token);
  request.deadline_ms = 10'000;
  start(manifest, std::move(request), Repeat::lost_too, kRevokePolicy,
        [done](const ports::HttpOutcome& outcome, bool) {
          done(outcome.reply.ok() ? read_revoke_reply(*outcome.reply)
                                  : Status(outcome.reply.error()));
        });
}

void HttpAuthorization::introspect(const ports::Manifest& manifest, core::Secret token,
                                   std::function<void(Result<bool>)> done) {
  auto asked = party(manifest, manifest.auth.introspect);
  if (!asked.ok()) return refuse(std::move(asked).error(), done);
  start(manifest, token_request(manifest.auth, asked->url, asked->client, token), Repeat::lost_too,
        policy_, [done](const ports::HttpOutcome& outcome, bool) {
          if (!outcome.reply.ok()) return done(outcome.reply.error());
          done(read_introspect_reply(*outcome.reply));
        });
}

void HttpAuthorization::send_signed(const ports::Manifest& manifest,
                                    ports::ConnectorRequest request, core::Secret token,
                                    std::function<void(ports::ConnectorReply)> done) {
  auto url = endpoints_.url(manifest, request.origin, request.target);
  if (!url.ok()) {
    return refuse(std::move(url).error(), [done](Error error) { done({error, false, {}}); });
  }
  ports::HttpRequest signed_request;
  signed_request.method = std::move(request.method);
  signed_request.url = std::move(url).value();
  signed_request.headers = std::move(request.headers);
  signed_request.body = std::move(request.body);
  if (manifest.signs(*manifest.origin(request.origin))) {
    signed_request.headers.emplace_back("Authorization",
                                        "Bearer " + std::string(token.reveal_for_use()));
  }
  start(manifest, std::move(signed_request),
        request.repeatable ? Repeat::lost_too : Repeat::unsent_only, policy_,
        [done](ports::HttpOutcome outcome, bool interrupted) {
          if (!outcome.reply.ok()) return done({std::move(outcome.reply).error(), interrupted, {}});
          done({std::nullopt, true, std::move(outcome.reply).value()});
        });
}

}  // namespace mortise::net
