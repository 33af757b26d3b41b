#include "service/connect.hpp"

#include <cstddef>

#include "core/hash.hpp"
#include "core/ids.hpp"
#include "ports/random.hpp"
#include "service/arrival.hpp"
#include "service/events.hpp"
#include "service/return_to.hpp"
#include "service/saving.hpp"

namespace mortise::service {
namespace {

using ports::ConnectView;

Error no_session() {
  return {Code::not_found, "no such connect session: it is used up, too old or never was",
          "connect_session_gone"};
}

std::vector<std::string> with_own(ConnectOptions& options) {
  options.return_to.push_back(options.base_url);
  return options.return_to;
}

ConnectOptions completed(ConnectOptions options) {
  options.return_to = with_own(options);
  return options;
}

}  // namespace

Connecting::Connecting(ConnectPorts use, ConnectOptions options)
    : ports_(use), options_(completed(std::move(options))), cookie_key_(unguessable()) {}

std::string Connecting::redirect_uri(const std::string& connector) const {
  return options_.base_url + "/oauth/" + connector + "/callback";
}

std::string Connecting::unguessable() {
  return ports::random_hex(ports_.random, 32);
}

Result<ConnectView> Connecting::start_session(const ports::StartConnect& start) {
  if (!may_return_to(start.return_to, options_.return_to)) {
    return Error{Code::invalid, "return_to is not in the list of allowed addresses",
                 "return_to_refused"};
  }
  if (auto account = ports_.store.accounts().find(start.account_id); !account.ok()) {
    return std::move(account).error();
  }
  const auto connector = ports_.connectors.find(start.connector);
  if (!connector) {
    return Error{Code::not_found, "no connector '" + start.connector + "' is loaded",
                 "connector_missing"};
  }
  const ports::Manifest& manifest = connector->manifest();
  if (manifest.auth.style == ports::AuthStyle::oauth2) {
    // Tried now, so that a missing client id is told to the app and not to its user.
    const auto url = ports_.authorization.authorize_url(manifest, {});
    if (!url.ok()) return Error{Code::unavailable, url.error().message, "not_configured"};
  }
  const core::Instant now_ms = ports_.clock.now_ms();
  core::ConnectSession session;
  session.id = ports::new_id(core::kConnectSessionPrefix, now_ms, ports_.random);
  session.account_id = start.account_id;
  session.connector = start.connector;
  session.return_to = start.return_to;
  session.export_plan_id = start.export_plan_id;
  session.expires_ms = now_ms + options_.session_ms;
  if (auto status = ports_.store.commit({ports::put(session)}); !status.ok()) {
    return std::move(status).error();
  }
  return ConnectView{session.id, session.account_id, session.connector,
                     options_.base_url + "/connect/" + session.id, session.expires_ms};
}

Result<core::ConnectSession> Connecting::live_session(const std::string& session_id) const {
  auto session = ports_.store.grants().session(session_id);
  if (!session.ok()) {
    return session.error().code == Code::not_found ? no_session() : session.error();
  }
  if (session->used || session->expires_ms <= ports_.clock.now_ms()) return no_session();
  return session;
}

Result<ConnectView> Connecting::session(const std::string& session_id) const {
  const auto session = live_session(session_id);
  if (!session.ok()) return session.error();
  return ConnectView{session->id, session->account_id, session->connector,
                     options_.base_url + "/connect/" + session->id, session->expires_ms};
}

// "<nonce><its HMAC for this session>", 32 hex digits each.
std::string Connecting::browser_cookie(const std::string& session_id, const std::string& brought) {
  const auto cookie_of = [&](const std::string& nonce) {
    return nonce + core::hmac_sha256_hex(cookie_key_, session_id + "." + nonce).substr(0, 32);
  };
  if (brought.size() == 64 &&
      core::constant_time_equal(brought, cookie_of(brought.substr(0, 32)))) {
    return brought;
  }
  return cookie_of(ports::random_hex(ports_.random, 16));
}

Result<ports::Entered> Connecting::enter(const std::string& session_id,
                                         const std::string& browser_cookie) {
  for (int race = 0;; ++race) {
    auto entered = enter_once(session_id, browser_cookie);
    if (entered.ok() || entered.error().reason != "rev_conflict" || race == kMostRaces) {
      return entered;
    }
  }
}

Result<ports::Entered> Connecting::enter_once(const std::string& session_id,
                                              const std::string& browser_cookie) {
  auto session = live_session(session_id);
  if (!session.ok()) return std::move(session).error();
  const auto connector = ports_.connectors.find(session->connector);
  if (!connector) return no_session();

  std::string cookie = browser_cookie;
  if (session->browser_hash.empty()) {
    // Only a value that we made for this session: any other somebody else might have put there.
    cookie = this->browser_cookie(session_id, browser_cookie);
    session->browser_hash = core::sha256_hex(cookie);
  } else if (!core::constant_time_equal(session->browser_hash, core::sha256_hex(cookie))) {
    return Error{Code::forbidden, "this connect was begun in another browser", "other_browser"};
  }
  const std::string state = unguessable();
  session->state_hash = core::sha256_hex(state);
  session->verifier = core::Secret(unguessable());
  if (auto status = ports_.store.commit({ports::put(*session)}); !status.ok()) {
    return std::move(status).error();
  }
  const ports::Manifest& manifest = connector->manifest();
  const std::string redirect = redirect_uri(manifest.id);
  if (manifest.auth.style == ports::AuthStyle::none) {
    // Nobody to ask: straight to where the service would have sent the browser.
    return ports::Entered{redirect + "?code=none&state=" + state, cookie};
  }
  auto url = ports_.authorization.authorize_url(manifest, {redirect, state, session->verifier});
  if (!url.ok()) return std::move(url).error();
  return ports::Entered{std::move(url).value(), cookie};
}

Result<core::ConnectSession> Connecting::claim(const ports::ConnectCallback& callback) {
  if (callback.state.empty()) return no_session();
  const std::string state_hash = core::sha256_hex(callback.state);
  auto session = ports_.store.grants().session_by_state(state_hash);
  if (!session.ok()) {
    return session.error().code == Code::not_found ? no_session() : session.error();
  }
  const bool known = core::constant_time_equal(session->state_hash, state_hash) &&
                     session->connector == callback.connector && !session->used &&
                     session->expires_ms > ports_.clock.now_ms();
  if (!known) return no_session();
  const std::string browser = core::sha256_hex(callback.browser_cookie);
  if (!core::constant_time_equal(session->browser_hash, browser)) {
    return Error{Code::forbidden, "this connect was begun in another browser", "other_browser"};
  }
  session->used = true;
  auto spent = *session;
  spent.verifier = core::Secret();
  if (auto status = ports_.store.commit({ports::put(spent)}, ports::Durability::full);
      !status.ok()) {
    return status.error().code == Code::conflict ? no_session() : std::move(status).error();
  }
  return session;
}

void Connecting::callback(ports::ConnectCallback callback,
                          std::function<void(Result<ports::Connected>)> done) {
  auto session = claim(callback);
  if (!session.ok()) {
    return ports_.executor.post(
        [done = std::move(done), error = std::move(session).error()] { done(error); });
  }
  auto arrival =
      std::make_shared<Arrival>(*this, std::move(session).value(), std::move(callback), done);
  ports_.executor.post([arrival] { arrival->start(); });
}

}  // namespace mortise::service
