// ports::Connect: sessions, the browser's way to the service and back, checking, disconnecting,
// targets.
// RFC 9700 followed: exact redirect URIs, one per connector; state that is single use, bound to the
// browser and compared in constant time; PKCE wherever the service has it; `iss` checked when
// given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/authorization.hpp"
#include "ports/clock.hpp"
#include "ports/egress.hpp"
#include "ports/service.hpp"
#include "ports/service_connect.hpp"
#include "ports/store.hpp"
#include "ports/tokens.hpp"
#include "ports/upkeep.hpp"

namespace mortise::service {

/// What it stands on. All must outlive the last posted function.
struct ConnectPorts {
  ports::Store& store;
  const ports::Connectors& connectors;
  ports::Authorization& authorization;
  ports::Tokens& tokens;
  ports::Egress& egress;
  ports::Changed& changed;  ///< told of every connection that is ready, and of plans that changed
  ports::Upkeep& upkeep;    ///< push begins before the first sync, and ends before the grant
  const ports::Clock& clock;
  ports::Executor& executor;
  ports::Random& random;
};

struct ConnectOptions {
  std::string base_url;                ///< public_url: "https://sync.example.com"
  std::vector<std::string> return_to;  ///< may_return_to(); base_url itself is always allowed
  std::int64_t session_ms = 600'000;
};

class Connecting final : public ports::Connect {
 public:
  Connecting(ConnectPorts use, ConnectOptions options);

  Result<ports::ConnectView> start_session(const ports::StartConnect& start) override;
  Result<ports::ConnectView> session(const std::string& session_id) const override;
  std::string browser_cookie(const std::string& session_id, const std::string& brought) override;
  Result<ports::Entered> enter(const std::string& session_id,
                               const std::string& browser_cookie) override;
  void callback(ports::ConnectCallback callback,
                std::function<void(Result<ports::Connected>)> done) override;
  void check(const std::string& connection_id,
             std::function<void(Result<ports::GrantChecked>)> done) override;
  void disconnect(const std::string& connection_id,
                  std::function<void(Result<ports::Disconnected>)> done) override;
  void remove_account(const std::string& account_id,
                      std::function<void(Result<std::vector<ports::Disconnected>>)> done) override;
  void targets(const std::string& connection_id,
               std::function<void(Result<std::vector<ports::TargetChoice>>)> done) override;
  void choose_target(const std::string& connection_id, const std::string& target_id,
                     std::function<void(Result<core::Connection>)> done) override;
  void make_target(const std::string& connection_id, const std::string& title,
                   std::function<void(Result<core::Connection>)> done) override;

 private:
  friend class AccountRemoval;
  friend class Arrival;
  friend class Departure;

  std::string redirect_uri(const std::string& connector) const;
  std::string unguessable();
  Result<ports::Entered> enter_once(const std::string& session_id,
                                    const std::string& browser_cookie);
  Result<core::ConnectSession> live_session(const std::string& session_id) const;
  /// Takes the session out of use; the error says that the browser can not be sent anywhere.
  Result<core::ConnectSession> claim(const ports::ConnectCallback& callback);
  void drive_targets(const std::string& connection_id, ports::Call call,
                     std::function<void(Result<std::vector<ports::TargetChoice>>)> done);
  bool holds_items(const std::string& connection_id) const;
  Result<bool> works_elsewhere(const core::Connection& connection,
                               const core::Target& target) const;
  bool lost_target(const std::string& connection_id) const;
  Result<std::set<std::string>> leave_target(const std::string& connection_id,
                                             ports::Changes& changes) const;
  Result<core::Connection> keep_target(const std::string& connection_id,
                                       const core::Target& target);

  const ConnectPorts ports_;
  const ConnectOptions options_;
  const core::Secret cookie_key_;  ///< of this process: what a page gave outlives no restart
};

}  // namespace mortise::service
