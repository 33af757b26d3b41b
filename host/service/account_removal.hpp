// Ending an account: its connections one by one, then everything of its own at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "service/connect.hpp"

namespace mortise::service {

/// Kept alive by the callback that brings it on; steps run one at a time, on the executor. Every
/// connection is ended once, also one that was ended before, so that the answer is whole when it is
/// asked again; one that somebody takes up meanwhile is ended in a further round.
class AccountRemoval : public std::enable_shared_from_this<AccountRemoval> {
 public:
  using Done = std::function<void(Result<std::vector<ports::Disconnected>>)>;

  AccountRemoval(Connecting& connecting, std::string account_id, Done done)
      : connecting_(connecting), account_id_(std::move(account_id)), done_(std::move(done)) {}
  void next();

 private:
  /// The first of its connections that this did not end yet, or that is not ended (any more).
  Result<std::string> to_end() const;
  void finish();
  /// What a run under way is writing would come after the end. The others must not begin before it.
  Status expect_quiet(ports::Changes& changes) const;
  Status erase() const;

  Connecting& connecting_;
  const std::string account_id_;
  Done done_;
  int again_ = 20;  ///< further rounds, so that nobody who keeps connecting keeps this going
  std::map<std::string, ports::Disconnected> ended_;  ///< by connection
};

}  // namespace mortise::service
