// What the tests of connecting and calling stand on: two manifests that differ in everything that
// matters, connectors around them, and a transport that answers as a test says, on the manual
// clock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/connector.hpp"
#include "ports/secrets.hpp"
#include "ports/transport.hpp"

namespace mortise::test {

/// Notion's way: no PKCE, no scopes, Basic, JSON, rotating, refreshed on 401.
inline ports::Manifest notion_manifest() {
  ports::Manifest manifest;
  manifest.id = "notion";
  manifest.name = "Notion";
  manifest.manage_url = "https://www.notion.so/my-integrations";
  manifest.origins = {{"api", "https://api.notion.com", "", true}};
  auto& auth = manifest.auth;
  auth.style = ports::AuthStyle::oauth2;
  auth.authorize = {"api", "/v1/oauth/authorize"};
  auth.token = {"api", "/v1/oauth/token"};
  auth.revoke = {"api", "/v1/oauth/revoke"};
  auth.introspect = {"api", "/v1/oauth/introspect"};
  auth.pkce = ports::Pkce::none;
  auth.client_auth = ports::ClientAuth::basic;
  auth.body = ports::BodyFormat::json;
  auth.headers = {{"Notion-Version", "2026-03-11"}};
  auth.authorize_params = {{"owner", "user"}};
  auth.features = {{"sync", {}, true, "Read and write the pages you pick"}};
  auth.refresh = ports::RefreshWhen::on_401;
  auth.rotates = true;
  auth.revoke_with = ports::TokenKind::access;
  manifest.operations.identity = true;
  manifest.operations.targets = true;
  manifest.operations.make_target = true;
  manifest.budgets = {{ports::BudgetScope::connection, 180, 60'000}};
  manifest.limit_rules = {
      {429,
       "/additional_data/rate_limit_reason",
       {"public_api_space_request_rate_limit"},
       ports::BudgetScope::workspace,
       ports::LimitRule::Reaction::wait},
      {429,
       "/additional_data/rate_limit_reason",
       {"public_api_request_blocked"},
       ports::BudgetScope::connection,
       ports::LimitRule::Reaction::refuse},
  };
  return manifest;
}

/// Google's way: PKCE, scopes, form, credentials in the body, not rotating, refreshed before
/// expiry.
inline ports::Manifest google_manifest() {
  ports::Manifest manifest;
  manifest.id = "google_calendar";
  manifest.name = "Google Calendar";
  manifest.manage_url = "https://myaccount.google.com/permissions";
  manifest.origins = {{"api", "https://www.googleapis.com/calendar/v3", "", true},
                      {"accounts", "https://accounts.google.com", "", false},
                      {"oauth", "https://oauth2.googleapis.com", "", false}};
  auto& auth = manifest.auth;
  auth.style = ports::AuthStyle::oauth2;
  auth.authorize = {"accounts", "/o/oauth2/v2/auth"};
  auth.token = {"oauth", "/token"};
  auth.revoke = {"oauth", "/revoke"};
  auth.pkce = ports::Pkce::s256;
  auth.client_auth = ports::ClientAuth::body;
  auth.body = ports::BodyFormat::form;
  auth.authorize_params = {{"access_type", "offline"}, {"prompt", "consent"}};
  auth.features = {{"identity", {"openid", "email"}, true, "See your e-mail address"},
                   {"events", {"https://scope/calendar.events"}, true, "Write events"},
                   {"calendars", {"https://scope/calendar.app.created"}, false, "Make a calendar"}};
  auth.refresh = ports::RefreshWhen::before_expiry;
  manifest.limit_rules = {{403,
                           "/error/errors/0/reason",
                           {"rateLimitExceeded", "userRateLimitExceeded"},
                           ports::BudgetScope::connection,
                           ports::LimitRule::Reaction::wait}};
  manifest.budgets = {{ports::BudgetScope::connection, 600, 60'000},
                      {ports::BudgetScope::application, 10'000, 60'000}};
  return manifest;
}

/// An operation whose steps a test wrote as functions.
class ScriptedOperation final : public ports::ConnectorOperation {
 public:
  using Next = std::function<ports::Step(std::vector<ports::ConnectorReply>)>;
  explicit ScriptedOperation(Next next) : next_(std::move(next)) {}
  ports::Step resume(std::vector<ports::ConnectorReply> replies) override {
    return next_(std::move(replies));
  }

 private:
  Next next_;
};

/// A connector that does what its `on_begin` says.
class ScriptedConnector final : public ports::Connector {
 public:
  using OnBegin = std::function<ports::Started(const ports::Call&)>;
  explicit ScriptedConnector(ports::Manifest manifest, OnBegin on_begin = {})
      : manifest_(std::move(manifest)), on_begin_(std::move(on_begin)) {}
  const ports::Manifest& manifest() const override { return manifest_; }
  ports::Started begin(const ports::Call& call) override {
    if (on_begin_) return on_begin_(call);
    ports::Started started;
    started.operation = std::make_unique<ScriptedOperation>(
        [](std::vector<ports::ConnectorReply>) { return ports::Step{}; });
    started.step.error = Error{Code::unsupported, "not scripted"};
    return started;
  }

 private:
  ports::Manifest manifest_;
  OnBegin on_begin_;
};

class FixedConnectors final : public ports::Connectors {
 public:
  void add(std::shared_ptr<ports::Connector> connector) {
    connectors_[connector->manifest().id] = std::move(connector);
  }
  std::shared_ptr<ports::Connector> find(std::string_view id) const override {
    const auto found = connectors_.find(std::string(id));
    return found == connectors_.end() ? nullptr : found->second;
  }
  std::vector<std::shared_ptr<ports::Connector>> list() const override {
    std::vector<std::shared_ptr<ports::Connector>> all;
    for (const auto& [id, connector] : connectors_) all.push_back(connector);
    return all;
  }

 private:
  std::map<std::string, std::shared_ptr<ports::Connector>> connectors_;
};

class FixedSecrets final : public ports::Secrets {
 public:
  explicit FixedSecrets(
      std::map<std::string, std::string> values = {{"notion.client_id", "nid"},
                                                   {"notion.client_secret", "nsecret"},
                                                   {"google_calendar.client_id", "gid"},
                                                   {"google_calendar.client_secret", "gsecret"}})
      : values_(std::move(values)) {}
  Result<core::Secret> find(const std::string& name) const override {
    const auto found = values_.find(name);
    if (found == values_.end()) return Error{Code::not_found, name + " is not set"};
    return core::Secret(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

/// Answers with what `answer` says, after `latency_ms` on the timers. Keeps every request.
class ScriptedTransport final : public ports::Transport {
 public:
  using Answer = std::function<ports::HttpOutcome(const ports::HttpRequest&)>;
  ScriptedTransport(ports::Timers& timers, Answer answer)
      : timers_(timers), answer_(std::move(answer)) {}

  void send(ports::HttpRequest request, std::function<void(ports::HttpOutcome)> done) override {
    std::shared_ptr<ports::HttpOutcome> outcome;
    std::int64_t wait_ms = 0;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      outcome = std::make_shared<ports::HttpOutcome>(answer_(request));
      wait_ms = latency_ms_;
    }
    timers_.after(wait_ms, [done = std::move(done), outcome] { done(std::move(*outcome)); });
    if (on_sent) on_sent();
  }

  /// Told after each send, once its answer is on its way. Set before the first.
  std::function<void()> on_sent;

  void answer_with(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void latency(std::int64_t ms) {
    const std::lock_guard lock(mutex_);
    latency_ms_ = ms;
  }
  std::vector<ports::HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }

 private:
  ports::Timers& timers_;
  mutable std::mutex mutex_;
  Answer answer_;
  std::int64_t latency_ms_ = 0;
  std::vector<ports::HttpRequest> requests_;
};

inline ports::HttpOutcome answer(int status, std::string body, ports::HttpHeaders headers = {}) {
  headers.emplace_back("content-type", "application/json");
  return {ports::HttpReply{status, std::move(headers), std::move(body)}, true};
}
inline ports::HttpOutcome lost() {
  return {Error{Code::unavailable, "the connection closed without an answer"}, true};
}
inline ports::HttpOutcome unreachable() {
  return {Error{Code::unavailable, "no connection", "no_connection"}, false};
}

/// A token endpoint with one grant: gives access tokens, rotates refresh tokens or not, forgets
/// nothing. The access token "access<n>" goes with the refresh token "refresh<n>" (rotating) or
/// "refresh1". Thread-safe.
class TokenEndpoint {
 public:
  enum class Rotation : std::uint8_t { none, rotating };
  explicit TokenEndpoint(Rotation rotation) : rotation_(rotation) {}

  ports::HttpOutcome operator()(const ports::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    ++exchanges_;
    const std::string live = refresh_token();
    const bool known = request.body.find("\"" + live + "\"") != std::string::npos ||
                       request.body.find("=" + live) != std::string::npos;
    if (revoked_ || !known) return answer(400, R"({"error":"invalid_grant"})");
    ++number_;
    std::string body = R"({"access_token":")" + access_token() + R"(","token_type":"bearer")";
    if (rotation_ == Rotation::rotating) {
      body += R"(,"refresh_token":")" + refresh_token() + R"("})";
    } else {
      body += R"(,"expires_in":3600})";
    }
    return answer(200, body);
  }
  void revoke() {
    const std::lock_guard lock(mutex_);
    revoked_ = true;
  }
  int exchanges() const {
    const std::lock_guard lock(mutex_);
    return exchanges_;
  }

 private:
  std::string access_token() const { return "access" + std::to_string(number_); }
  std::string refresh_token() const {
    return "refresh" + std::to_string(rotation_ == Rotation::rotating ? number_ : 1);
  }

  const Rotation rotation_;
  mutable std::mutex mutex_;
  int number_ = 1;
  int exchanges_ = 0;
  bool revoked_ = false;
};

inline std::string header_of(const ports::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace mortise::test
