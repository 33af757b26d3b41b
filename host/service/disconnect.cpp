#include "service/disconnect.hpp"

#include "service/events.hpp"
#include "service/granted.hpp"

namespace mortise::service {
namespace {

constexpr int kRounds = 5;

}  // namespace

void Connecting::disconnect(const std::string& connection_id,
                            std::function<void(Result<ports::Disconnected>)> done) {
  auto departure = std::make_shared<Departure>(*this, connection_id, std::move(done));
  ports_.executor.post([departure] { departure->start(); });
}

/// False: nobody could say, and done_ was told. Where there is no token to revoke with, it only
/// matters for what the person is told.
bool Departure::look_for_sharing() {
  sharing_.reset();
  auto sharing = sharing_grant(connecting_.ports_.store, connection_.connector,
                               connection_.identity.id, connection_.id);
  if (sharing.ok()) {
    sharing_ = std::move(sharing).value();
  } else if (!is_unreadable_) {
    give_up(std::move(sharing).error());
    return false;
  }
  return true;
}

void Departure::start() {
  const ConnectPorts& ports = connecting_.ports_;
  ++rounds_;
  auto connection = ports.store.connections().find(connection_id_);
  if (!connection.ok()) return give_up(std::move(connection).error());
  connection_ = std::move(connection).value();
  connector_ = ports.connectors.find(connection_.connector);
  grant_.reset();
  auto grant = ports.store.grants().find(connection_id_);
  is_unreadable_ = !grant.ok() && grant.error().reason == "seal_broken";
  if (!grant.ok() && !is_unreadable_ && grant.error().code != Code::not_found) {
    return give_up(std::move(grant).error());
  }
  if (grant.ok()) grant_ = std::move(grant).value();
  const bool has_none = !grant_ && !is_unreadable_;
  if (connection_.status == core::ConnectionStatus::disconnected && has_none) {
    if (!look_for_sharing()) return;
    return answer("Already disconnected.", Status(Error{Code::not_found, "no grant"}));
  }
  if (rounds_ > 1) return revoke();
  // While the grant lives: without it, nobody can stop the service from telling us.
  connecting_.ports_.upkeep.leaving(connection_id_,
                                    [self = shared_from_this()] { self->revoke(); });
}

void Departure::revoke() {
  if (!look_for_sharing()) return;
  if (!grant_) return end(without_grant());
  if (sharing_) return end(Error{Code::conflict, "another connection holds the same grant"});
  if (!connector_) return end(Error{Code::unavailable, "the connector is not loaded"});
  const ports::Manifest& manifest = connector_->manifest();
  connecting_.ports_.authorization.revoke(
      manifest, revocable(manifest.auth, grant_->access_token, grant_->refresh_token),
      [self = shared_from_this(), rotates = manifest.auth.rotates](Status revoked) {
        // What a refresh brings that is under way, or was never answered, nobody here knows.
        if (revoked.ok() && rotates && self->grant_->refresh_intent_ms) {
          revoked = Error{Code::unavailable, "a refresh was under way"};
        }
        self->end(revoked);
      });
}

Status Departure::without_grant() const {
  if (is_unreadable_) return Error{Code::unavailable, "the tokens here cannot be read"};
  const bool none = connector_ && connector_->manifest().auth.style == ports::AuthStyle::none;
  // What the service itself called dead needs no revoking; any other grant without tokens might
  // live.
  if (none || connection_.reason == "invalid_grant") return {};
  return Error{Code::unavailable, "there is no token left to revoke the grant with"};
}

void Departure::end(const Status& revoked) {
  // A host that stops has not asked: the tokens are still needed for that.
  if (!revoked.ok() && revoked.error().reason == "closing") return give_up(revoked.error());
  const auto status = commit();
  if (status.ok()) {
    connecting_.ports_.changed.connection_ready(connection_id_);
    connecting_.ports_.upkeep.look(connection_id_);
    return answer("Disconnected.", revoked);
  }
  if (status.error().code != Code::conflict || rounds_ >= kRounds) return give_up(status.error());
  start();
}

/// It stays connected, and wants its channels again.
void Departure::give_up(Error error) {
  connecting_.ports_.upkeep.look(connection_id_);
  done_(std::move(error));
}

Status Departure::commit() {
  const ConnectPorts& ports = connecting_.ports_;
  const core::Instant now_ms = ports.clock.now_ms();
  connection_.status = core::ConnectionStatus::disconnected;
  connection_.reason.clear();
  connection_.updated_ms = now_ms;
  ports::Changes changes = {ports::put(connection_)};
  if (grant_) {
    changes.push_back(ports::ExpectRev{ports::ExpectRev::Of::grant, connection_id_, grant_->rev});
    if (sharing_) changes.push_back(*sharing_);
  }
  // One that cannot be read is bound by the connection's revision alone.
  if (grant_ || is_unreadable_) changes.push_back(ports::EraseGrant{connection_id_});
  using State = core::PairState;
  changes.push_back(ports::SetPairState{connection_id_, State::paired, State::set_aside});
  // What was seen there is history; the next connection looks at all of it.
  changes.push_back(ports::EraseSightings{connection_id_});
  changes.push_back(ports::EraseBookmarks{connection_id_});
  changes.push_back(
      ports::put(connection_event("disconnected", connection_, now_ms, ports.random)));
  auto status = ports.store.commit(std::move(changes), ports::Durability::full);
  if (status.ok()) ++connection_.rev;
  return status;
}

void Departure::answer(const std::string& what, const Status& revoked) {
  ports::Disconnected ended;
  ended.connection = connection_;
  ended.revoked = revoked.ok();
  ended.message = what;
  const std::string name = connector_ ? connector_->manifest().name : connection_.connector;
  if (!ended.revoked && sharing_) {
    ended.message += " The access stays at " + name +
                     ", because the same account there is still connected elsewhere.";
  } else if (!ended.revoked) {
    ended.by_hand_url = connector_ ? connector_->manifest().manage_url : std::string();
    ended.message += " If " + name + " still lists the access, remove it there by hand.";
  }
  done_(std::move(ended));
}

}  // namespace mortise::service
