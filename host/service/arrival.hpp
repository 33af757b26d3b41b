// A browser that came back from the service: from its code to a stored connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/connect.hpp"

namespace mortise::service {

/// Kept alive by the callback that brings it on; steps run one at a time, on the executor. Every
/// end but one sends the browser to the session's return_to. A consent that leads to no connection
/// is ended at the service where that is sure to end nobody else's; what lives on there is told.
class Arrival : public std::enable_shared_from_this<Arrival> {
 public:
  using Done = std::function<void(Result<ports::Connected>)>;

  Arrival(Connecting& connecting, core::ConnectSession session, ports::ConnectCallback callback,
          Done done);
  void start();

 private:
  const ports::Manifest& manifest() const { return connector_->manifest(); }
  /// Empty, or why the service's redirect is no consent.
  std::string refused() const;
  bool is_issuer(const std::string& issuer) const;
  void on_tokens(ports::TokenOutcome outcome);
  void ask_identity();
  void on_identity(const ports::Step& step);
  void store(const core::Identity& identity);
  void give_back(const core::Identity& identity, const std::string& reason);
  void leave(const std::string& reason);
  Result<core::Connection> commit(const core::Identity& identity);
  Result<core::Connection> connection_of(const core::Identity& identity) const;
  Status add_grant(ports::Changes& changes, const core::Connection& connection) const;
  void listen(const core::Connection& connection);
  void end_well(const core::Connection& connection);
  void end(const std::string& reason);

  Connecting& connecting_;
  const core::ConnectSession session_;
  const ports::ConnectCallback callback_;
  Done done_;
  std::shared_ptr<ports::Connector> connector_;
  ports::TokenReply tokens_;
  std::vector<std::string> features_;
  std::string refusal_;   ///< why the consent will not do, or empty
  bool is_left_ = false;  ///< the consent lives on at the service, for nobody
};

}  // namespace mortise::service
