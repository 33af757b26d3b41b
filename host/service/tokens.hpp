// ports::Tokens over the store: tokens are refreshed when they are needed, exactly once per expiry
// however many ask, and a refresh survives a crash at any instant.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/authorization.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "ports/tokens.hpp"

namespace mortise::service {

/// What it stands on. All must outlive the last posted function.
struct TokensPorts {
  ports::Store& store;
  const ports::Connectors& connectors;
  ports::Authorization& authorization;
  const ports::Clock& clock;
  ports::Executor& executor;
  ports::Random& random;
  /// Told of a connection that needs its person, once that is stored; may be empty.
  std::function<void(const core::Connection&)> gave_up = {};
};

/// One refresh at a time per connection; whoever asks meanwhile waits for its end without a thread.
///
/// Where the service rotates refresh tokens, the intent is committed durably before the request is
/// sent, with the grant's revision: of two hosts on one store only one gets through, and a crash
/// leaves a trace. Both tokens are then replaced in one commit before either is used. A grant that
/// the service declares dead (`invalid_grant`, and only that) or that has nothing to be refreshed
/// with turns the connection to `needs_reconnect` and says so by an event in the same commit; the
/// reason is `refresh_interrupted` when an earlier refresh may have used the token up unanswered.
/// An answer that comes after the connection got another grant changes nothing of that one.
/// A service that answers a refresh with the token that it had refused is asked twice, not for
/// ever.
class StoredTokens final : public ports::Tokens {
 public:
  explicit StoredTokens(TokensPorts use) : ports_(use) {}

  void access(const std::string& connection_id, Done done) override;
  void renew(const std::string& connection_id, core::Secret refused, Done done) override;
  void keep_alive(const std::string& connection_id, Done done) override;

  /// Finishes the refreshes that a crash interrupted; call once at start. `done` is told how many
  /// there were when all have ended, on the executor.
  void recover(std::function<void(std::size_t count)> done);

 private:
  struct Waiter {
    core::Secret refused;  ///< empty: any fresh token will do
    Done done;
    bool last_turn = false;  ///< takes what comes, also the refused one once more
  };
  /// Tokens that the service gave and the store did not take (disk full): kept until it does.
  struct Unsaved {
    core::Secret used;  ///< the refresh token they were got with
    ports::TokenReply reply;
  };
  struct Refresh {
    std::vector<Waiter> waiters;
  };
  /// What one refresh works on.
  struct Work {
    core::Connection connection;
    core::Grant grant;
    std::shared_ptr<ports::Connector> connector;
  };

  Result<Work> load(const std::string& connection_id) const;
  bool is_fresh(const core::Grant& grant) const;
  void join(const std::string& connection_id, Waiter waiter);
  void begin(const std::string& connection_id, int tries);
  Status mark_intent(Work& work);
  void on_reply(Work work, bool interrupted, ports::TokenOutcome outcome);
  Result<core::Secret> save(Work work, const ports::TokenReply& reply);
  void revoke(const Work& work, const ports::TokenReply& reply);
  Error give_up(const Work& work, const std::string& reason);
  Error put_off(Work work, bool interrupted, Error error);
  bool wants_new(const std::string& connection_id, const core::Grant& grant);
  void settle(const std::string& connection_id, const Result<core::Secret>& token);

  const TokensPorts ports_;
  std::mutex mutex_;  ///< guards the two below; never held across a port call
  std::map<std::string, Refresh> refreshes_;
  std::map<std::string, Unsaved> unsaved_;
};

}  // namespace mortise::service
