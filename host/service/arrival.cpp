#include "service/arrival.hpp"

#include "core/ids.hpp"
#include "ports/drive.hpp"
#include "ports/random.hpp"
#include "service/events.hpp"
#include "service/granted.hpp"
#include "service/return_to.hpp"

namespace mortise::service {
namespace {

constexpr int kCommitTries = 5;

/// The reason that the app's page gets for an error of ours or of the token endpoint.
std::string reason_of(const Error& error) {
  if (error.reason == "invalid_grant") return "code_refused";
  if (error.code == Code::unavailable) return "service_unavailable";
  if (error.code == Code::forbidden || error.code == Code::not_found) return "not_configured";
  return "connect_failed";
}

}  // namespace

Arrival::Arrival(Connecting& connecting, core::ConnectSession session,
                 ports::ConnectCallback callback, Done done)
    : connecting_(connecting),
      session_(std::move(session)),
      callback_(std::move(callback)),
      done_(std::move(done)),
      connector_(connecting.ports_.connectors.find(session_.connector)) {}

void Arrival::start() {
  if (!connector_) return end("connector_missing");
  if (const std::string reason = refused(); !reason.empty()) return end(reason);
  if (manifest().auth.style == ports::AuthStyle::none) {
    features_ = granted_features(manifest().auth, "").features;
    return ask_identity();
  }
  connecting_.ports_.authorization.exchange(
      manifest(), {callback_.code, connecting_.redirect_uri(session_.connector), session_.verifier},
      [self = shared_from_this()](ports::TokenOutcome outcome) {
        self->on_tokens(std::move(outcome));
      });
}

std::string Arrival::refused() const {
  if (!callback_.error.empty()) return safe_word(callback_.error, "service_refused");
  if (callback_.code.empty() || callback_.code.size() > 4096) return "service_refused";
  if (!callback_.iss.empty() && !is_issuer(callback_.iss)) return "wrong_issuer";
  return {};
}

bool Arrival::is_issuer(const std::string& issuer) const {
  // RFC 9207: an answer of another authorisation server must not reach this one's token endpoint.
  const auto url = connecting_.ports_.authorization.authorize_url(manifest(), {});
  return url.ok() && !written_origin(issuer).empty() &&
         written_origin(issuer) == written_origin(*url);
}

void Arrival::on_tokens(ports::TokenOutcome outcome) {
  if (!outcome.reply.ok()) return end(reason_of(outcome.reply.error()));
  tokens_ = std::move(outcome.reply).value();
  Granted granted = granted_features(manifest().auth, tokens_.scope);
  if (!granted.missing_required.empty()) refusal_ = "missing_scope";
  features_ = std::move(granted.features);
  ask_identity();
}

void Arrival::ask_identity() {
  if (!manifest().operations.identity) return on_identity({});
  ports::Call call;
  call.operation = ports::Operation::identity;
  call.now_ms = connecting_.ports_.clock.now_ms();
  call.settings = ports::connector_settings(manifest(), "{}");
  call.token_reply = tokens_.visible.empty() ? "{}" : tokens_.visible;
  const auto send = [self = shared_from_this()](ports::ConnectorRequest request,
                                                std::function<void(ports::ConnectorReply)> done) {
    self->connecting_.ports_.authorization.send_signed(self->manifest(), std::move(request),
                                                       self->tokens_.access_token, std::move(done));
  };
  ports::drive(connector_->begin(call), send,
               [self = shared_from_this()](ports::Step step) { self->on_identity(step); });
}

void Arrival::on_identity(const ports::Step& step) {
  if (step.error && step.error->code != Code::unsupported) return leave(reason_of(*step.error));
  auto identity = read_identity(step.identity);
  if (!identity.ok()) identity = identity_from_claims(tokens_.visible);
  if (!identity.ok() && manifest().auth.style == ports::AuthStyle::none) {
    core::Identity own;
    own.id = session_.account_id;
    own.name = manifest().name;
    identity = own;
  }
  if (!identity.ok()) return leave("identity_unknown");
  if (!refusal_.empty()) return give_back(*identity, refusal_);
  store(*identity);
}

void Arrival::store(const core::Identity& identity) {
  for (int tries = 1;; ++tries) {
    auto connection = commit(identity);
    if (connection.ok()) return listen(*connection);
    if (connection.error().code != Code::conflict || tries >= kCommitTries) {
      return give_back(identity, "connect_failed");  // also where the account ended meanwhile
    }
  }
}

/// Ends the new grant, unless a connection keeps it: there it is one grant.
void Arrival::give_back(const core::Identity& identity, const std::string& reason) {
  const auto sharing = sharing_grant(connecting_.ports_.store, session_.connector, identity.id, "");
  const bool is_kept = !sharing.ok() || sharing->has_value();
  if (is_kept || manifest().auth.style != ports::AuthStyle::oauth2) return end(reason);
  connecting_.ports_.authorization.revoke(
      manifest(), revocable(manifest().auth, tokens_.access_token, tokens_.refresh_token),
      [self = shared_from_this(), reason](const Status& revoked) {
        if (!revoked.ok()) return self->leave(reason);
        self->end(reason);
      });
}

/// The new grant lives on there: nobody knows whose it is, and so not whose would end with it, or
/// the service did not end it. That is the person's to do.
void Arrival::leave(const std::string& reason) {
  is_left_ = manifest().auth.style == ports::AuthStyle::oauth2;
  end(refusal_.empty() ? reason : refusal_);
}

Result<core::Connection> Arrival::connection_of(const core::Identity& identity) const {
  auto all = connecting_.ports_.store.connections().list(session_.account_id);
  if (!all.ok()) return std::move(all).error();
  for (core::Connection& one : *all) {
    if (one.connector == session_.connector && one.identity.id == identity.id) {
      return std::move(one);
    }
  }
  const core::Instant now_ms = connecting_.ports_.clock.now_ms();
  core::Connection fresh;
  fresh.id = ports::new_id(core::kConnectionPrefix, now_ms, connecting_.ports_.random);
  fresh.account_id = session_.account_id;
  fresh.connector = session_.connector;
  fresh.created_ms = now_ms;
  return fresh;
}

Result<core::Connection> Arrival::commit(const core::Identity& identity) {
  const ConnectPorts& ports = connecting_.ports_;
  auto account = ports.store.accounts().find(session_.account_id);
  if (!account.ok()) return std::move(account).error();
  auto found = connection_of(identity);
  if (!found.ok()) return found;
  core::Connection& connection = *found;
  const core::Instant now_ms = ports.clock.now_ms();
  connection.status = core::ConnectionStatus::connected;
  connection.reason.clear();
  connection.identity = identity;
  connection.features = features_;
  connection.updated_ms = now_ms;
  ports::Changes changes = {
      ports::ExpectRev{ports::ExpectRev::Of::account, account->id, account->rev},
      ports::put(connection)};
  // Of two consents that end together, the second takes up what the first made.
  if (connection.rev == 0) changes.push_back(ports::ExpectNoTwin{connection.id});
  if (manifest().auth.style == ports::AuthStyle::oauth2) {
    if (Status added = add_grant(changes, connection); !added.ok()) return std::move(added).error();
  }
  using State = core::PairState;
  changes.push_back(ports::SetPairState{connection.id, State::set_aside, State::paired});
  changes.push_back(ports::put(connection_event("connected", connection, now_ms, ports.random)));
  auto status = ports.store.commit(std::move(changes), ports::Durability::full);
  if (!status.ok()) return std::move(status).error();
  ++connection.rev;
  return found;
}

Status Arrival::add_grant(ports::Changes& changes, const core::Connection& connection) const {
  const core::Instant now_ms = connecting_.ports_.clock.now_ms();
  core::Grant grant;
  grant.connection_id = connection.id;
  const auto stored = connecting_.ports_.store.grants().find(connection.id);
  if (stored.ok()) {
    grant.rev = stored->rev;
    grant.refresh_token = stored->refresh_token;  // a re-consent may bring none: the old one lives
  } else if (stored.error().reason == "seal_broken") {
    changes.push_back(ports::EraseGrant{connection.id});  // nobody can open it any more
  } else if (stored.error().code != Code::not_found) {
    return stored.error();
  }
  grant.access_token = tokens_.access_token;
  if (!tokens_.refresh_token.empty()) grant.refresh_token = tokens_.refresh_token;
  if (tokens_.expires_in_s) grant.expires_ms = now_ms + *tokens_.expires_in_s * 1000;
  grant.scope = tokens_.scope;
  grant.refreshed_ms = now_ms;
  changes.push_back(ports::put(std::move(grant)));
  return {};
}

/// Changes there are told from now on; only then is looked at what is there.
void Arrival::listen(const core::Connection& connection) {
  connecting_.ports_.upkeep.arrived(
      connection.id, [self = shared_from_this(), connection] { self->end_well(connection); });
}

void Arrival::end_well(const core::Connection& connection) {
  connecting_.ports_.changed.connection_ready(connection.id);
  ports::Connected connected;
  connected.location = with_query(session_.return_to, "status", "success");
  connected.account_id = session_.account_id;
  connected.connection_id = connection.id;
  connected.export_plan_id = session_.export_plan_id;
  done_(std::move(connected));
}

void Arrival::end(const std::string& reason) {
  ports::Connected connected;
  connected.location =
      with_query(with_query(session_.return_to, "status", "error"), "reason", reason);
  if (is_left_) connected.location = with_query(connected.location, "access", "left");
  connected.account_id = session_.account_id;
  connected.reason = reason;
  done_(std::move(connected));
}

}  // namespace mortise::service
