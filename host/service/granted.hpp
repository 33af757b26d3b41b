// What a grant is good for, and whose it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/json.hpp"
#include "core/secret.hpp"
#include "core/sync_records.hpp"
#include "ports/manifest.hpp"
#include "ports/store.hpp"

namespace mortise::service {

/// Whether anything can be done through a connection as it stands. Errors: `conflict` with reason
/// `needs_reconnect` or `not_connected`.
Status check_usable(const core::Connection& connection);

/// What to tell who called a service through a connection when that failed with `error`; `now`: the
/// connection as it is since. What became of the connection says more than the error. All else is
/// `unavailable`, whatever the service answered: it is not the caller who was refused.
Error failure_there(Error error, const Result<core::Connection>& now);

struct Granted {
  std::vector<std::string> features;          ///< names, in the manifest's order
  std::vector<std::string> missing_required;  ///< without these there is no connection
};

/// `scope` as the token endpoint said; empty means what was asked for (RFC 6749 section 5.1).
Granted granted_features(const ports::Auth& auth, const std::string& scope);

/// Of a grant's tokens the one whose revocation ends it.
const core::Secret& revocable(const ports::Auth& auth, const core::Secret& access,
                              const core::Secret& refresh);

/// What holds a grant of the same identity at the same service beside the connection `but`: there
/// it is one grant, which a revocation ends for all. The grant as it is, or nothing. Error: the
/// store could not say, and nothing may be revoked.
Result<std::optional<ports::ExpectRev>> sharing_grant(const ports::Store& store,
                                                      const std::string& connector,
                                                      const std::string& identity_id,
                                                      const std::string& but);

/// What a connector's identity operation reported: {"id","email"?,"name"?,"workspace_id"?,...}.
/// Error: `invalid` without an id.
Result<core::Identity> read_identity(const core::JsonText& reported);

/// For services whose connector has no such operation: the claims of the id token ("sub", "email").
Result<core::Identity> identity_from_claims(const core::JsonText& visible_token_reply);

}  // namespace mortise::service
