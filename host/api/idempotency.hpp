// Idempotency-Key on what acts (draft-ietf-httpapi-idempotency-key-header): the first call's answer
// is kept for a day and given again, unless it is a refusal that may be mended (all but 400 and
// 422); the same key with another body or If-Match is refused, and so is a second call while the
// first one runs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api/http.hpp"
#include "api/router.hpp"
#include "api/services.hpp"

namespace mortise::api {

/// Thread-safe; one per host.
class Idempotency {
 public:
  explicit Idempotency(ports::Store& store, const ports::Clock& clock)
      : store_(store), clock_(clock) {}

  /// What to do about a first call that a crash cut off. It may have acted: the answer is found by
  /// the first call's request id, the call is repeated because it does no harm twice, or the caller
  /// is told that the outcome is unknown. An answer of 500 and more: not found out, and the next
  /// call with the key tries again; any other is kept.
  using Recover = std::function<std::optional<Response>(const Request&)>;
  static Recover repeat();   ///< doing it again is harmless
  static Recover unknown();  ///< 409 `outcome_unknown`

  /// The handler with all this around it.
  Handler around(Handler handler, Recover recover);

 private:
  using Key = std::pair<std::string, std::string>;  // scope, key

  /// Held while a call with a key runs in this process; null if one runs already.
  class Running;
  using Claim = std::shared_ptr<Running>;

  Response run(const Request& request, const Handler& handler, const Recover& recover);
  Response act(const Request& request, const Handler& handler, core::IdempotencyRecord record,
               const Recover* recover, const Claim& claim);
  /// Keeps an answer for the next call with the key.
  Response keep(core::IdempotencyRecord record, Response response);
  /// Keeps it if it is final, else forgets the key.
  Response settle(core::IdempotencyRecord record, Response response);
  Claim claim(const Key& key);

  ports::Store& store_;
  const ports::Clock& clock_;
  std::mutex mutex_;
  std::set<Key> running_;  ///< guarded by mutex_
};

}  // namespace mortise::api
