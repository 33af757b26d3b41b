-- What sync remembers.
CREATE TABLE connection (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  connector TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  identity_id TEXT NOT NULL,
  identity_email TEXT NOT NULL,
  identity_name TEXT NOT NULL,
  identity_workspace_id TEXT NOT NULL,
  identity_workspace_name TEXT NOT NULL,
  target_id TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_title TEXT NOT NULL,
  target_url TEXT NOT NULL,
  features TEXT NOT NULL,
  settings TEXT NOT NULL,
  auto_sync INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  last_sync_ms INTEGER,
  rev INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
);
CREATE INDEX connection_by_age ON connection (created_ms, id);
CREATE INDEX connection_by_account ON connection (account_id, created_ms, id);

CREATE TABLE pair (
  connection_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent_key TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  remote_parent_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  state TEXT NOT NULL,
  fields TEXT NOT NULL,
  sent_hash TEXT NOT NULL,
  seen_hash TEXT NOT NULL,
  version TEXT NOT NULL,
  memo BLOB NOT NULL,
  url TEXT NOT NULL,
  generation INTEGER NOT NULL,
  synced_ms INTEGER NOT NULL,
  PRIMARY KEY (connection_id, plan_id, key)
) WITHOUT ROWID;
CREATE INDEX pair_by_key ON pair (key);

-- number keeps the order in which intents were written.
CREATE TABLE intent (
  number INTEGER PRIMARY KEY NOT NULL,
  id TEXT NOT NULL UNIQUE,
  run_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent_key TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  action TEXT NOT NULL,
  once_key TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  expect_version TEXT NOT NULL,
  generation INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  fields TEXT NOT NULL,
  sent INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
);
CREATE INDEX intent_by_connection ON intent (connection_id, number);

CREATE TABLE run (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  started_by TEXT NOT NULL,
  state TEXT NOT NULL,
  waiting_for TEXT NOT NULL,
  waiting_until_ms INTEGER,
  cancel_requested INTEGER NOT NULL,
  approved INTEGER NOT NULL,
  guard TEXT NOT NULL,
  count_create INTEGER NOT NULL,
  count_update INTEGER NOT NULL,
  count_remove INTEGER NOT NULL,
  count_unchanged INTEGER NOT NULL,
  count_done INTEGER NOT NULL,
  count_failed INTEGER NOT NULL,
  count_parked INTEGER NOT NULL,
  count_uncertain INTEGER NOT NULL,
  count_writes INTEGER NOT NULL,
  count_reads INTEGER NOT NULL,
  count_retries INTEGER NOT NULL,
  error_code TEXT NOT NULL,
  error_reason TEXT NOT NULL,
  error_message TEXT NOT NULL,
  usage_state TEXT NOT NULL,
  usage_month TEXT NOT NULL,
  script_revision TEXT NOT NULL,
  url TEXT NOT NULL,
  request_id TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER
);
CREATE INDEX run_by_age ON run (created_ms, id);
CREATE INDEX run_by_account ON run (account_id, created_ms, id);
CREATE INDEX run_by_connection ON run (connection_id, created_ms, id);
CREATE INDEX run_unfinished ON run (created_ms, id) WHERE state IN ('queued', 'running', 'waiting');

-- number keeps the order in which items first came.
CREATE TABLE run_item (
  number INTEGER PRIMARY KEY NOT NULL,
  run_id TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  action TEXT NOT NULL,
  result TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  url TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  UNIQUE (run_id, key)
);
CREATE INDEX run_item_by_number ON run_item (run_id, number);

CREATE TABLE usage (
  account_id TEXT NOT NULL,
  month TEXT NOT NULL,
  reserved INTEGER NOT NULL,
  committed INTEGER NOT NULL,
  rev INTEGER NOT NULL,
  PRIMARY KEY (account_id, month)
) WITHOUT ROWID;
