// The use cases about connecting an account to a service, as the API reaches them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/sync_records.hpp"
#include "ports/connector.hpp"

namespace mortise::ports {

struct StartConnect {
  std::string account_id;
  std::string connector;
  std::string return_to;  ///< where the browser goes afterwards; checked against the allow list
  std::string export_plan_id;  ///< export this plan once connected, or empty
};

struct ConnectView {
  std::string session_id;
  std::string account_id;
  std::string connector;
  std::string url;  ///< where the app sends the end user's browser
  core::Instant expires_ms = 0;
};

/// What to answer the browser that opened the connect URL.
struct Entered {
  std::string location;  ///< the service's consent page
  /// Value of the cookie that binds this browser: connect_cookie_name(), HttpOnly, SameSite=Lax,
  /// Path=/, 10 minutes; Secure when the host is reached over https.
  std::string browser_cookie;
};

/// One cookie per service, so that two connects of one browser do not disturb each other.
inline std::string connect_cookie_name(const std::string& connector) {
  return "mortise_connect_" + connector;
}

/// The service's redirect back to us, as it came.
struct ConnectCallback {
  std::string connector;  ///< from the path: each connector has its own redirect URI
  std::string state;
  std::string code;
  std::string error;  ///< "access_denied" ...
  std::string iss;    ///< RFC 9207, when given
  std::string browser_cookie;
};

/// Where the browser goes now. `location` is return_to with `status` and `reason` added, and
/// `access=left` where a consent lives on at the service that led to no connection.
struct Connected {
  std::string location;
  std::string account_id;
  std::string connection_id;   ///< empty when there is no connection
  std::string export_plan_id;  ///< to be exported now, or empty
  std::string reason;          ///< why not, or empty: access_denied, missing_scope ...
};

/// What the service said of a grant.
struct GrantChecked {
  /// Who said it. `refresh`: no new token could be had, and the connection needs a reconnect.
  enum class By : std::uint8_t { introspection, identity, refresh };
  bool active = false;
  By by = By::introspection;
  core::Instant at_ms = 0;
};

struct Disconnected {
  core::Connection connection;
  bool revoked = false;     ///< the grant is dead at the service too
  std::string by_hand_url;  ///< where the user can still revoke it, when it may be alive
  std::string message;      ///< one sentence for the user
};

/// Thread-safe. What takes a callback calls it exactly once, on the executor, never inside the
/// call.
class Connect {
 public:
  virtual ~Connect() = default;

  /// For the app's server: begins a connect that a browser has to finish within 10 minutes. Errors:
  /// `invalid` with reason `return_to_refused`, `not_found` (account, connector), `unavailable`
  /// with reason `not_configured` (no client id and secret for this connector).
  virtual Result<ConnectView> start_session(const StartConnect& start) = 0;
  /// What a connect page shows before anything happens. `not_found` also when used up or expired.
  virtual Result<ConnectView> session(const std::string& session_id) const = 0;
  /// The cookie that the page of a session gives a browser (Entered::browser_cookie): what it
  /// `brought`, if that was made for this session, else a fresh one. A browser that sends the
  /// page's form twice shows the same cookie twice.
  virtual std::string browser_cookie(const std::string& session_id, const std::string& brought) = 0;
  /// The end user agreed to go to the service. The first browser that comes is the only one that
  /// may come back; `browser_cookie` is what it sent, or empty. Errors: `not_found`, `forbidden`
  /// with reason `other_browser`.
  virtual Result<Entered> enter(const std::string& session_id,
                                const std::string& browser_cookie) = 0;
  /// The browser came back. An error here means that there is nowhere to send it: the state is
  /// unknown, used, too old, or belongs to another browser. All else ends at return_to.
  virtual void callback(ConnectCallback callback, std::function<void(Result<Connected>)> done) = 0;

  /// Asks the service whether the grant is good: introspection where it has that, else whose it is.
  /// A token that it refuses is renewed first (ports::Tokens), which marks the connection
  /// `needs_reconnect` where the grant is dead; nothing else changes. Errors: `not_found`;
  /// `conflict` with reason `not_connected`, `needs_reconnect`, `no_grant`; `unsupported` with
  /// reason `check_unsupported`; `unavailable`, also for all that the service refused to say.
  virtual void check(const std::string& connection_id,
                     std::function<void(Result<GrantChecked>)> done) = 0;

  /// Revokes the grant (unless another connection has the same identity, whose grant it is, too),
  /// destroys the tokens, keeps the row and all plans, sets pairs aside. A service that can not be
  /// reached delays this by seconds and never prevents it.
  virtual void disconnect(const std::string& connection_id,
                          std::function<void(Result<Disconnected>)> done) = 0;

  /// Ends all connections of an account, then erases everything of its own (EraseAccount). What
  /// stands at services stays there, as the person's own. Answers what became of all of them.
  /// Errors: `not_found`; `conflict` with reason `sync_under_way`, after which asking again is
  /// safe.
  virtual void remove_account(const std::string& account_id,
                              std::function<void(Result<std::vector<Disconnected>>)> done) = 0;

  /// The places this connection may work in, as the service lists them now. Errors of all three:
  /// `not_found`; `conflict` with reason `not_connected`, `needs_reconnect`; `unsupported` where
  /// the connector cannot; `unavailable` for whatever the service refused.
  virtual void targets(const std::string& connection_id,
                       std::function<void(Result<std::vector<TargetChoice>>)> done) = 0;
  /// Works in `target_id` from now on. `not_found` if the service does not list it, `forbidden` if
  /// it can only be read.
  virtual void choose_target(const std::string& connection_id, const std::string& target_id,
                             std::function<void(Result<core::Connection>)> done) = 0;
  /// Finds or makes a place of this title and works in it from now on.
  virtual void make_target(const std::string& connection_id, const std::string& title,
                           std::function<void(Result<core::Connection>)> done) = 0;
};

}  // namespace mortise::ports
