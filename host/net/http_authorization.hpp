// ports::Authorization over HTTP: the pure half is oauth.hpp, this sends and repeats.
#pragma once

#include <memory>
#include <string>

#include "net/backoff.hpp"
#include "net/endpoints.hpp"
#include "net/oauth.hpp"
#include "ports/authorization.hpp"
#include "ports/clock.hpp"
#include "ports/secrets.hpp"

namespace mortise::net {

/// What it stands on. All must outlive the last request, timer and posted function.
struct AuthorizationPorts {
  ports::Transport& transport;
  const ports::Secrets& secrets;
  const ports::Clock& clock;
  ports::Timers& timers;
  ports::Executor& executor;
  ports::Random& random;
};

class HttpAuthorization final : public ports::Authorization {
 public:
  HttpAuthorization(AuthorizationPorts use, Endpoints endpoints,
                    RetryPolicy policy = {5, 300, 5'000, 60'000})
      : ports_(use), endpoints_(std::move(endpoints)), policy_(policy) {}

  Result<std::string> authorize_url(const ports::Manifest& manifest,
                                    const ports::AuthorizeAsk& ask) override;
  void exchange(const ports::Manifest& manifest, ports::ExchangeAsk ask, TokenDone done) override;
  void refresh(const ports::Manifest& manifest, core::Secret refresh_token,
               TokenDone done) override;
  void revoke(const ports::Manifest& manifest, core::Secret token,
              std::function<void(Status)> done) override;
  void introspect(const ports::Manifest& manifest, core::Secret token,
                  std::function<void(Result<bool>)> done) override;
  void send_signed(const ports::Manifest& manifest, ports::ConnectorRequest request,
                   core::Secret token, std::function<void(ports::ConnectorReply)> done) override;

 private:
  /// An endpoint's URL and ourselves.
  struct Party {
    std::string url;
    OAuthClient client;
  };
  /// `interrupted`: an attempt before the last, or the last, may have been carried out unanswered.
  using Done = std::function<void(ports::HttpOutcome outcome, bool interrupted)>;
  /// What is sent again beside requests that certainly did not arrive.
  enum class Repeat : std::uint8_t { unsent_only, lost_too };
  struct Errand;

  Result<Party> party(const ports::Manifest& manifest, const ports::Endpoint& endpoint) const;
  void refuse(Error error, std::function<void(Error)> done);
  void start(const ports::Manifest& manifest, ports::HttpRequest request, Repeat repeat,
             const RetryPolicy& policy, Done done);
  void run(std::shared_ptr<Errand> errand);
  void on_outcome(const std::shared_ptr<Errand>& errand, ports::HttpOutcome outcome);

  const AuthorizationPorts ports_;
  const Endpoints endpoints_;
  const RetryPolicy policy_;
};

}  // namespace mortise::net
