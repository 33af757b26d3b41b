-- Who may do what, and what is told to the app. Columns named sealed_* hold AES-256-GCM seals bound
-- to table, column and row.
CREATE TABLE access_grant (
  connection_id TEXT PRIMARY KEY NOT NULL,
  sealed_access_token BLOB NOT NULL,
  sealed_refresh_token BLOB NOT NULL,
  expires_ms INTEGER,
  scope TEXT NOT NULL,
  refresh_intent_ms INTEGER,
  refreshed_ms INTEGER NOT NULL,
  rev INTEGER NOT NULL
);
CREATE INDEX access_grant_interrupted ON access_grant (connection_id)
  WHERE refresh_intent_ms IS NOT NULL;

CREATE TABLE named_secret (
  name TEXT PRIMARY KEY NOT NULL,
  sealed_value BLOB NOT NULL,
  updated_ms INTEGER NOT NULL
);

CREATE TABLE connect_session (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  connector TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  return_to TEXT NOT NULL,
  export_plan_id TEXT NOT NULL,
  state_hash TEXT NOT NULL,
  browser_hash TEXT NOT NULL,
  sealed_verifier BLOB NOT NULL,
  expires_ms INTEGER NOT NULL,
  used INTEGER NOT NULL,
  rev INTEGER NOT NULL
);
CREATE INDEX connect_session_by_state ON connect_session (state_hash) WHERE state_hash <> '';
CREATE INDEX connect_session_by_expiry ON connect_session (expires_ms);

CREATE TABLE api_key (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  revoked_ms INTEGER,
  rev INTEGER NOT NULL
);
CREATE INDEX api_key_by_age ON api_key (created_ms, id);

CREATE TABLE user_session (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  csrf TEXT NOT NULL,
  exchanged INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  rev INTEGER NOT NULL
);
CREATE INDEX user_session_by_hash ON user_session (hash) WHERE hash <> '';
CREATE INDEX user_session_by_expiry ON user_session (expires_ms);

CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_ms);

CREATE TABLE event (
  id TEXT PRIMARY KEY NOT NULL,
  type TEXT NOT NULL,
  account_id TEXT NOT NULL,
  data TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX event_by_age ON event (at_ms, id);
CREATE INDEX event_by_account ON event (account_id, at_ms, id);
