// Asking a service whether a grant is still good.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/connect.hpp"

namespace mortise::service {

/// Introspection (RFC 7662) where the manifest has it, else the connector's identity operation.
/// Both begin with a token of ports::Tokens and leave what a refusal means to it: a token that is
/// not good any more is renewed and asked about once more, and only the token endpoint's
/// `invalid_grant` ends the grant. Kept alive by the callback that brings it on; steps run one at a
/// time, on the executor.
class GrantCheck : public std::enable_shared_from_this<GrantCheck> {
 public:
  using Done = std::function<void(Result<ports::GrantChecked>)>;

  GrantCheck(const ConnectPorts& ports, std::string connection_id, Done done)
      : ports_(ports), connection_id_(std::move(connection_id)), done_(std::move(done)) {}
  void start();

 private:
  void introspect(Result<core::Secret> token);
  void on_introspected(const Result<bool>& active);
  void ask_identity(const core::Connection& connection);
  void on_identity(const ports::Step& step);
  void on_error(Error error);
  void answer(bool active, ports::GrantChecked::By by);

  const ConnectPorts& ports_;
  const std::string connection_id_;
  Done done_;
  std::shared_ptr<ports::Connector> connector_;
  core::Secret token_;
  bool can_renew_ = false;
  bool asked_ = false;  ///< the connector sent something
};

}  // namespace mortise::service
