// What connecting and calling need: grants, sessions, keys. Secrets are a type of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/records.hpp"
#include "core/secret.hpp"

namespace mortise::core {

/// The tokens of one connection. Stored sealed.
struct Grant {
  std::string connection_id;
  Secret access_token;
  Secret refresh_token;  ///< empty when the service gave none
  std::optional<Instant> expires_ms;
  std::string scope;  ///< as granted
  /// Set before a refresh is sent, cleared with its answer: what a crash in between leaves behind.
  std::optional<Instant> refresh_intent_ms;
  Instant refreshed_ms = 0;
  Rev rev = 0;
};

/// A connect that a person has begun. Single use, at most 10 minutes old.
struct ConnectSession {
  std::string id;  ///< "cns_...", in the URL that the app hands to the browser
  std::string account_id;
  std::string connector;
  std::string connection_id;  ///< when reconnecting a known one
  std::string return_to;
  std::string export_plan_id;  ///< export this plan once connected, or empty
  std::string state_hash;    ///< SHA-256 of the state parameter, hex; empty until the browser came
  std::string browser_hash;  ///< SHA-256 of the browser-binding cookie
  Secret verifier;           ///< PKCE code verifier, empty where the service has none
  Instant expires_ms = 0;
  bool used = false;
  Rev rev = 0;
};

/// A key of the app. Only the hash is kept.
struct ApiKey {
  std::string id;  ///< the middle part of "mk_<id>_<secret>"
  std::string name;
  std::string hash;                 ///< SHA-256 of the whole key, hex
  std::vector<std::string> scopes;  ///< read, write, admin
  Instant created_ms = 0;
  std::optional<Instant> revoked_ms;
  Rev rev = 0;
};

/// A one-time code that the app mints for an end user's browser, or the session it became.
struct UserSession {
  std::string id;  ///< "ses_..."
  std::string account_id;
  std::string hash;  ///< SHA-256 of the code, after exchange of the cookie's secret
  std::string csrf;  ///< token that the page sends back on unsafe methods
  bool exchanged = false;
  Instant expires_ms = 0;
  Rev rev = 0;
};

/// A secret that an operator set: "<connector>.client_secret", "<connector>.client_id" ...
struct NamedSecret {
  std::string name;
  Secret value;
  Instant updated_ms = 0;
};

/// The remembered answer to an Idempotency-Key.
struct IdempotencyRecord {
  std::string scope;  ///< account or key that owns the key
  std::string key;
  std::string fingerprint;  ///< SHA-256 of method, path and body
  int status = 0;           ///< 0 while the first call is running
  std::string headers;      ///< JSON object
  std::string body;
  Instant expires_ms = 0;
  Rev rev = 0;
};

/// Something that the app is told about.
struct Event {
  std::string id;    ///< "evt_..."
  std::string type;  ///< "connection.needs_reconnect", "run.finished" ...
  std::string account_id;
  JsonText data = "{}";
  Instant at_ms = 0;
};

}  // namespace mortise::core
