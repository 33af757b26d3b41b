#include "service/grant_check.hpp"

#include "ports/drive.hpp"
#include "service/granted.hpp"

namespace mortise::service {
namespace {

using By = ports::GrantChecked::By;

}  // namespace

void Connecting::check(const std::string& connection_id,
                       std::function<void(Result<ports::GrantChecked>)> done) {
  auto check = std::make_shared<GrantCheck>(ports_, connection_id, std::move(done));
  ports_.executor.post([check] { check->start(); });
}

void GrantCheck::start() {
  const auto connection = ports_.store.connections().find(connection_id_);
  if (!connection.ok()) return done_(connection.error());
  if (auto usable = check_usable(*connection); !usable.ok()) return done_(usable.error());
  connector_ = ports_.connectors.find(connection->connector);
  if (!connector_) {
    return done_(Error{Code::unavailable, "connector " + connection->connector + " is not loaded",
                       "connector_missing"});
  }
  const auto grant = ports_.store.grants().find(connection_id_);
  if (!grant.ok()) {
    if (grant.error().code != Code::not_found) return done_(grant.error());
    return done_(Error{Code::conflict, "this connection has no grant: there is nothing to check",
                       "no_grant"});
  }
  const ports::Manifest& manifest = connector_->manifest();
  if (manifest.auth.introspect.empty()) return ask_identity(*connection);
  can_renew_ = manifest.auth.refresh != ports::RefreshWhen::never && !grant->refresh_token.empty();
  ports_.tokens.access(connection_id_, [self = shared_from_this()](Result<core::Secret> token) {
    self->introspect(std::move(token));
  });
}

void GrantCheck::introspect(Result<core::Secret> token) {
  if (!token.ok()) return on_error(std::move(token).error());
  token_ = std::move(token).value();
  ports_.authorization.introspect(
      connector_->manifest(), token_,
      [self = shared_from_this()](const Result<bool>& active) { self->on_introspected(active); });
}

void GrantCheck::on_introspected(const Result<bool>& active) {
  if (!active.ok()) return on_error(active.error());
  // With nothing to refresh with, renewing would end the grant on this word alone.
  if (*active || !can_renew_) return answer(*active, By::introspection);
  can_renew_ = false;
  ports_.tokens.renew(connection_id_, token_,
                      [self = shared_from_this()](Result<core::Secret> token) {
                        self->introspect(std::move(token));
                      });
}

void GrantCheck::ask_identity(const core::Connection& connection) {
  const ports::Manifest& manifest = connector_->manifest();
  ports::Call call;
  call.operation = ports::Operation::identity;
  call.now_ms = ports_.clock.now_ms();
  call.settings = ports::connector_settings(manifest, connection.settings);
  call.token_reply = "{}";  // nothing to read it from: the service has to be asked
  const auto send = [self = shared_from_this()](ports::ConnectorRequest request,
                                                std::function<void(ports::ConnectorReply)> reply) {
    self->asked_ = true;
    ports::EgressCall out;
    out.connection_id = self->connection_id_;
    out.request = std::move(request);
    self->ports_.egress.send(std::move(out), std::move(reply));
  };
  ports::drive(connector_->begin(call), send,
               [self = shared_from_this()](const ports::Step& step) { self->on_identity(step); });
}

void GrantCheck::on_identity(const ports::Step& step) {
  if (step.error) return on_error(*step.error);
  if (asked_) return answer(true, By::identity);
  done_(Error{Code::unsupported,
              connector_->manifest().name + " has no way to say whether a grant is good",
              "check_unsupported"});
}

/// What became of the connection says more than the error: a refusal to refresh has ended it, or a
/// person has, meanwhile.
void GrantCheck::on_error(Error error) {
  const auto connection = ports_.store.connections().find(connection_id_);
  if (connection.ok() && connection->status == core::ConnectionStatus::needs_reconnect) {
    return answer(false, By::refresh);
  }
  const bool is_usable = connection.ok() && check_usable(*connection).ok();
  if (is_usable && error.reason == "token_refused") return answer(false, By::identity);
  done_(failure_there(std::move(error), connection));
}

void GrantCheck::answer(bool active, By by) {
  done_(ports::GrantChecked{active, by, ports_.clock.now_ms()});
}

}  // namespace mortise::service
