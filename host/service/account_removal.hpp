// Ending an account: its connections one by one, then everything of its own at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/connect.hpp"

namespace mortise::service {

/// Kept alive by the callback that brings it on; steps run one at a time, on the executor. A
/// connection that somebody makes meanwhile is ended in a further round.
class AccountRemoval : public std::enable_shared_from_this<AccountRemoval> {
 public:
  using Done = std::function<void(Result<std::vector<ports::Disconnected>>)>;

  AccountRemoval(Connecting& connecting, std::string account_id, Done done)
      : connecting_(connecting), account_id_(std::move(account_id)), done_(std::move(done)) {}
  void next();

 private:
  /// The first of its connections that is not ended, or holds tokens.
  Result<std::string> to_end() const;
  Status expect_quiet() const;
  Status erase() const;

  Connecting& connecting_;
  const std::string account_id_;
  Done done_;
  int left_ = 200;  ///< disconnects, so that nobody who keeps connecting keeps this going
  std::vector<ports::Disconnected> ended_;
};

}  // namespace mortise::service
