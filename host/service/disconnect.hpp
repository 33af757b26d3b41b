// Ending a connection: the grant there, the tokens here; plans and the row stay.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/connect.hpp"

namespace mortise::service {

/// Kept alive by the callback that brings it on; steps run one at a time, on the executor. What is
/// committed is bound to the grant that was revoked, or to the one for which it was not: tokens
/// that a refresh brought meanwhile are revoked in a further round, and so is a grant that nobody
/// shares any more. Tokens that cannot be read are destroyed all the same, and not called
/// revoked.
class Departure : public std::enable_shared_from_this<Departure> {
 public:
  using Done = std::function<void(Result<ports::Disconnected>)>;

  Departure(Connecting& connecting, std::string connection_id, Done done)
      : connecting_(connecting), connection_id_(std::move(connection_id)), done_(std::move(done)) {}
  void start();

 private:
  void revoke();
  void end(const Status& revoked);
  void give_up(Error error);
  Status commit();
  Status without_grant() const;
  bool look_for_sharing();
  void answer(const std::string& what, const Status& revoked);

  Connecting& connecting_;
  const std::string connection_id_;
  Done done_;
  int rounds_ = 0;
  core::Connection connection_;
  std::optional<core::Grant> grant_;
  bool is_unreadable_ = false;               ///< the seal of its tokens is broken
  std::optional<ports::ExpectRev> sharing_;  ///< sharing_grant()
  std::shared_ptr<ports::Connector> connector_;
};

}  // namespace mortise::service
