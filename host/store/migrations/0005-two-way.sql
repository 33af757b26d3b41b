-- What two-way sync remembers: settings of a connection, what was seen there, how far it was read,
-- conflicts, push channels, notifications.
ALTER TABLE connection ADD COLUMN direction TEXT NOT NULL DEFAULT 'both';
ALTER TABLE connection ADD COLUMN interval_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE connection ADD COLUMN left_out_plans TEXT NOT NULL DEFAULT '[]';

ALTER TABLE pair ADD COLUMN seen TEXT NOT NULL DEFAULT '';
ALTER TABLE pair ADD COLUMN appeared INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pair_by_remote_id ON pair (connection_id, remote_id) WHERE remote_id <> '';
CREATE INDEX pair_tombstone ON pair (synced_ms, connection_id, plan_id, key)
  WHERE state = 'tombstone';

CREATE INDEX task_removed_of_plan ON task (plan_id, deleted_ms, id) WHERE deleted_ms IS NOT NULL;

ALTER TABLE run ADD COLUMN count_received INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN count_conflicts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX run_unfinished_of_connection ON run (connection_id, created_ms, id)
  WHERE state IN ('queued', 'running', 'waiting');
CREATE INDEX run_ended ON run (finished_ms, id)
  WHERE state IN ('succeeded', 'partial', 'failed', 'cancelled');

ALTER TABLE run_item ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE run_item ADD COLUMN provider_request TEXT NOT NULL DEFAULT '';
ALTER TABLE run_item ADD COLUMN task_rev INTEGER NOT NULL DEFAULT 0;
-- By the key without the slot of an occurrence: "task:x" for "task:x/2026-11-23", too.
CREATE INDEX run_item_by_series
  ON run_item (substr(key, 1, instr(key || '/', '/') - 1), number);

CREATE TABLE sighting (
  connection_id TEXT NOT NULL,
  remote_id TEXT NOT NULL,
  state TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  series TEXT NOT NULL,
  slot TEXT NOT NULL,
  version TEXT NOT NULL,
  fields TEXT NOT NULL,
  memo BLOB NOT NULL,
  url TEXT NOT NULL,
  edited_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  cause TEXT NOT NULL,
  PRIMARY KEY (connection_id, remote_id)
) WITHOUT ROWID;

CREATE TABLE bookmark (
  connection_id TEXT NOT NULL,
  container_id TEXT NOT NULL,
  cursor TEXT NOT NULL,
  tag TEXT NOT NULL,
  edited_ms INTEGER NOT NULL,
  read_ms INTEGER NOT NULL,
  complete_ms INTEGER NOT NULL,
  PRIMARY KEY (connection_id, container_id)
) WITHOUT ROWID;

CREATE TABLE sync_state (
  connection_id TEXT PRIMARY KEY NOT NULL,
  started_ms INTEGER,
  complete_ms INTEGER,
  failures INTEGER NOT NULL,
  error_code TEXT NOT NULL,
  error_reason TEXT NOT NULL,
  error_message TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE conflict (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  key TEXT NOT NULL,
  title TEXT NOT NULL,
  run_id TEXT NOT NULL,
  policy TEXT NOT NULL,
  fields TEXT NOT NULL,
  undo TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  undone_ms INTEGER,
  rev INTEGER NOT NULL
);
CREATE INDEX conflict_by_age ON conflict (at_ms, id);
CREATE INDEX conflict_by_account ON conflict (account_id, at_ms, id);
CREATE INDEX conflict_by_connection ON conflict (connection_id, at_ms, id);
CREATE INDEX conflict_by_task ON conflict (task_id, at_ms, id);
CREATE INDEX conflict_undone ON conflict (undone_ms, id) WHERE undone_ms IS NOT NULL;

CREATE TABLE channel (
  id TEXT PRIMARY KEY NOT NULL,
  connection_id TEXT NOT NULL,
  target_id TEXT NOT NULL,
  state TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  resource TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  notified_ms INTEGER,
  failures INTEGER NOT NULL,
  error_message TEXT NOT NULL,
  rev INTEGER NOT NULL
);
CREATE INDEX channel_by_age ON channel (opened_ms, id);
CREATE INDEX channel_by_connection ON channel (connection_id, opened_ms, id);

CREATE TABLE notification (
  id TEXT PRIMARY KEY NOT NULL,
  connector TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  hint TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  handled_ms INTEGER
);
CREATE INDEX notification_pending ON notification (connection_id, received_ms, id)
  WHERE handled_ms IS NULL;
CREATE INDEX notification_handled ON notification (handled_ms, id) WHERE handled_ms IS NOT NULL;
CREATE INDEX notification_by_provider_id ON notification (connector, provider_id)
  WHERE provider_id <> '';
