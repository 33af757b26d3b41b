#include "service/tokens.hpp"

#include <atomic>

#include "core/schedule.hpp"
#include "service/events.hpp"
#include "service/granted.hpp"

namespace mortise::service {
namespace {

/// Tokens that end within a minute count as ended: they must outlive the request they sign.
constexpr std::int64_t kMarginMs = 60'000;
constexpr int kCommitTries = 5;

Error needs_reconnect(const core::Connection& connection) {
  return {Code::unauthenticated,
          "the grant of connection " + connection.id + " is dead (" + connection.reason + ")",
          "needs_reconnect"};
}

Error disconnected(const core::Connection& connection) {
  return {Code::unauthenticated, "connection " + connection.id + " is disconnected",
          "needs_reconnect"};
}

/// Whether both are one state of one grant. Not by the revision alone: it starts anew with the
/// grant that a reconnect stores after a disconnect.
bool is_same(const core::Grant& one, const core::Grant& other) {
  return one.rev == other.rev && one.access_token.equals(other.access_token.reveal_for_use()) &&
         one.refresh_token.equals(other.refresh_token.reveal_for_use());
}

/// Binds what a refresh writes to the connection, whose revision never starts anew.
ports::Change unmoved(const core::Connection& connection) {
  return ports::ExpectRev{ports::ExpectRev::Of::connection, connection.id, connection.rev};
}

}  // namespace

Result<StoredTokens::Work> StoredTokens::load(const std::string& connection_id) const {
  auto connection = ports_.store.connections().find(connection_id);
  if (!connection.ok()) return std::move(connection).error();
  if (connection->status == core::ConnectionStatus::disconnected) return disconnected(*connection);
  if (connection->status == core::ConnectionStatus::needs_reconnect) {
    return needs_reconnect(*connection);
  }
  auto connector = ports_.connectors.find(connection->connector);
  if (!connector) {
    return Error{Code::unavailable, "connector " + connection->connector + " is not loaded",
                 "connector_missing"};
  }
  auto grant = ports_.store.grants().find(connection_id);
  if (!grant.ok()) return std::move(grant).error();
  return Work{std::move(connection).value(), std::move(grant).value(), std::move(connector)};
}

bool StoredTokens::is_fresh(const core::Grant& grant) const {
  return !grant.expires_ms || *grant.expires_ms > ports_.clock.now_ms() + kMarginMs;
}

void StoredTokens::access(const std::string& connection_id, Done done) {
  auto work = load(connection_id);
  if (work.ok() && !is_fresh(work->grant)) return join(connection_id, {{}, std::move(done), true});
  auto token = work.ok() ? Result<core::Secret>(std::move(work->grant.access_token))
                         : Result<core::Secret>(std::move(work).error());
  ports_.executor.post([done = std::move(done), token = std::move(token)] { done(token); });
}

void StoredTokens::renew(const std::string& connection_id, core::Secret refused, Done done) {
  join(connection_id, {std::move(refused), std::move(done), false});
}

void StoredTokens::keep_alive(const std::string& connection_id, Done done) {
  auto work = load(connection_id);
  if (!work.ok()) {
    return ports_.executor.post(
        [done = std::move(done), error = std::move(work).error()] { done(error); });
  }
  const ports::Auth& auth = work->connector->manifest().auth;
  const core::Grant& grant = work->grant;
  const core::Instant due_ms =
      core::keepalive_due(grant.refreshed_ms, auth.keepalive_days, connection_id);
  const bool can = auth.refresh != ports::RefreshWhen::never && !grant.refresh_token.empty();
  if (can && due_ms <= ports_.clock.now_ms()) {
    return join(connection_id, {grant.access_token, std::move(done), true});
  }
  ports_.executor.post([done = std::move(done), token = grant.access_token] { done(token); });
}

void StoredTokens::join(const std::string& connection_id, Waiter waiter) {
  {
    const std::lock_guard lock(mutex_);
    const auto [refresh, first] = refreshes_.try_emplace(connection_id);
    refresh->second.waiters.push_back(std::move(waiter));
    if (!first) return;
  }
  ports_.executor.post([this, connection_id] { begin(connection_id, 1); });
}

bool StoredTokens::wants_new(const std::string& connection_id, const core::Grant& grant) {
  if (!is_fresh(grant)) return true;
  const std::string_view current = grant.access_token.reveal_for_use();
  const std::lock_guard lock(mutex_);
  for (const Waiter& waiter : refreshes_.at(connection_id).waiters) {
    if (!waiter.refused.empty() && waiter.refused.equals(current)) return true;
  }
  return false;
}

void StoredTokens::begin(const std::string& connection_id, int tries) {
  auto loaded = load(connection_id);
  if (!loaded.ok()) return settle(connection_id, std::move(loaded).error());
  Work work = std::move(loaded).value();

  std::optional<Unsaved> unsaved;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = unsaved_.find(connection_id); found != unsaved_.end()) {
      unsaved = std::move(found->second);
      unsaved_.erase(found);
    }
  }
  if (unsaved && unsaved->used.equals(work.grant.refresh_token.reveal_for_use())) {
    return settle(connection_id, save(std::move(work), unsaved->reply));
  }
  // Whoever asked may have looked before somebody else's refresh was stored.
  if (!wants_new(connection_id, work.grant)) {
    return settle(connection_id, work.grant.access_token);
  }
  const ports::Auth& auth = work.connector->manifest().auth;
  if (work.grant.refresh_token.empty() || auth.refresh == ports::RefreshWhen::never) {
    return settle(connection_id, give_up(work, "no_refresh_token"));
  }
  const bool interrupted = auth.rotates && work.grant.refresh_intent_ms.has_value();
  if (auth.rotates) {
    if (auto status = mark_intent(work); !status.ok()) {
      if (status.error().code != Code::conflict || tries >= kCommitTries) {
        return settle(connection_id, std::move(status).error());
      }
      return ports_.executor.post(
          [this, connection_id, tries] { begin(connection_id, tries + 1); });
    }
  }
  const core::Secret refresh_token = work.grant.refresh_token;
  const ports::Manifest& manifest = work.connector->manifest();
  auto shared = std::make_shared<Work>(std::move(work));
  ports_.authorization.refresh(manifest, refresh_token,
                               [this, shared, interrupted](ports::TokenOutcome outcome) {
                                 on_reply(std::move(*shared), interrupted, std::move(outcome));
                               });
}

Status StoredTokens::mark_intent(Work& work) {
  if (work.grant.refresh_intent_ms) return {};
  work.grant.refresh_intent_ms = ports_.clock.now_ms();
  auto status = ports_.store.commit({unmoved(work.connection), ports::put(work.grant)},
                                    ports::Durability::full);
  if (status.ok()) ++work.grant.rev;
  return status;
}

void StoredTokens::on_reply(Work work, bool interrupted, ports::TokenOutcome outcome) {
  const std::string connection_id = work.connection.id;
  const bool rotates = work.connector->manifest().auth.rotates;
  interrupted = interrupted || (rotates && outcome.interrupted);
  if (outcome.reply.ok()) {
    return settle(connection_id, save(std::move(work), *outcome.reply));
  }
  const Error& error = outcome.reply.error();
  if (error.reason == "invalid_grant") {
    return settle(connection_id,
                  give_up(work, interrupted ? "refresh_interrupted" : "invalid_grant"));
  }
  settle(connection_id, put_off(std::move(work), interrupted, error));
}

Result<core::Secret> StoredTokens::save(Work work, const ports::TokenReply& reply) {
  core::Grant& grant = work.grant;
  const core::Secret used = grant.refresh_token;
  const auto keep = [&](Error error) {
    const std::lock_guard lock(mutex_);
    unsaved_[work.connection.id] = {used, reply};
    return error;
  };
  for (int tries = 1;; ++tries) {
    grant.access_token = reply.access_token;
    if (!reply.refresh_token.empty()) grant.refresh_token = reply.refresh_token;
    grant.expires_ms.reset();
    const core::Instant now_ms = ports_.clock.now_ms();
    if (reply.expires_in_s) grant.expires_ms = now_ms + *reply.expires_in_s * 1000;
    if (!reply.scope.empty()) grant.scope = reply.scope;
    grant.refresh_intent_ms.reset();
    grant.refreshed_ms = now_ms;
    const auto status =
        ports_.store.commit({unmoved(work.connection), ports::put(grant)}, ports::Durability::full);
    if (status.ok()) return reply.access_token;
    if (status.error().code != Code::conflict || tries >= kCommitTries) {
      return keep(status.error());
    }
    // Somebody wrote the connection or its grant meanwhile. A reconnect or disconnect wins; beside
    // anything else, ours are the newest tokens.
    auto again = load(work.connection.id);
    if (!again.ok()) {
      const Code code = again.error().code;
      const bool is_over = code == Code::unauthenticated || code == Code::not_found;
      if (!is_over) return keep(again.error());
      revoke(work, reply);
      return again.error();
    }
    if (!again->grant.refresh_token.equals(used.reveal_for_use())) {
      return std::move(again->grant.access_token);
    }
    work = std::move(again).value();
  }
}

/// Tokens that came for a connection which ended meanwhile would live on at the service. Where
/// another connection holds the same grant, or may, they are part of that.
void StoredTokens::revoke(const Work& work, const ports::TokenReply& reply) {
  const auto sharing = sharing_grant(ports_.store, work.connection.connector,
                                     work.connection.identity.id, work.connection.id);
  if (!sharing.ok() || sharing->has_value()) return;
  const ports::Manifest& manifest = work.connector->manifest();
  ports_.authorization.revoke(manifest,
                              revocable(manifest.auth, reply.access_token, reply.refresh_token),
                              [](const Status&) {});
}

Error StoredTokens::give_up(const Work& work, const std::string& reason) {
  for (int tries = 1; tries <= kCommitTries; ++tries) {
    auto now = load(work.connection.id);
    if (!now.ok()) return std::move(now).error();
    if (!is_same(now->grant, work.grant)) break;  // reconnected meanwhile: not dead after all
    core::Connection& connection = now->connection;
    const core::Instant now_ms = ports_.clock.now_ms();
    connection.status = core::ConnectionStatus::needs_reconnect;
    connection.reason = reason;
    connection.updated_ms = now_ms;
    const auto status = ports_.store.commit(
        {ports::put(connection),
         ports::ExpectRev{ports::ExpectRev::Of::grant, connection.id, now->grant.rev},
         ports::EraseGrant{connection.id},
         ports::put(connection_event("needs_reconnect", connection, now_ms, ports_.random))},
        ports::Durability::full);
    if (status.ok()) {
      if (ports_.gave_up) ports_.gave_up(connection);
      return needs_reconnect(connection);
    }
    if (status.error().code != Code::conflict) return status.error();
  }
  return {Code::unavailable,
          "connection " + work.connection.id +
              " changed while its token was "
              "refreshed",
          "rev_conflict"};
}

Error StoredTokens::put_off(Work work, bool interrupted, Error error) {
  if (interrupted || !work.grant.refresh_intent_ms) return error;
  // Certainly not used up: the trace of the attempt must not blame a later failure on it.
  for (int tries = 1; tries <= kCommitTries; ++tries) {
    core::Grant grant = work.grant;
    grant.refresh_intent_ms.reset();
    const auto status = ports_.store.commit({unmoved(work.connection), ports::put(grant)},
                                            ports::Durability::relaxed);
    if (status.ok() || status.error().code != Code::conflict) break;
    auto now = load(work.connection.id);
    if (!now.ok() || !is_same(now->grant, work.grant)) break;
    work = std::move(now).value();
  }
  return error;
}

void StoredTokens::settle(const std::string& connection_id, const Result<core::Secret>& token) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard lock(mutex_);
    waiters = std::move(refreshes_.at(connection_id).waiters);
    refreshes_.erase(connection_id);
  }
  for (Waiter& waiter : waiters) {
    // Joined after the new token was stored and already had it refused: one more turn.
    if (token.ok() && !waiter.refused.empty() && !waiter.last_turn &&
        waiter.refused.equals(token.value().reveal_for_use())) {
      waiter.last_turn = true;
      join(connection_id, std::move(waiter));
    } else {
      ports_.executor.post([done = std::move(waiter.done), token] { done(token); });
    }
  }
}

void StoredTokens::recover(std::function<void(std::size_t count)> done) {
  auto grants = ports_.store.grants().interrupted();
  if (!grants.ok() || grants->empty()) {
    return ports_.executor.post([done = std::move(done)] { done(0); });
  }
  const std::size_t count = grants->size();
  auto left = std::make_shared<std::atomic<std::size_t>>(count);
  for (const core::Grant& grant : *grants) {
    auto counted = [left, count, done](const Result<core::Secret>&) {
      if (left->fetch_sub(1) == 1) done(count);
    };
    join(grant.connection_id, {grant.access_token, std::move(counted), true});
  }
}

}  // namespace mortise::service
