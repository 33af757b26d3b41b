-- A run may both take news of an item over and write it: a line each.
CREATE TABLE run_item_of_action (
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
  cause TEXT NOT NULL,
  provider_request TEXT NOT NULL,
  task_rev INTEGER NOT NULL,
  UNIQUE (run_id, key, action)
);
INSERT INTO run_item_of_action
  SELECT number, run_id, key, kind, title, action, result, code, message, url, at_ms, cause, provider_request, task_rev
  FROM run_item;
DROP TABLE run_item;
ALTER TABLE run_item_of_action RENAME TO run_item;
CREATE INDEX run_item_by_number ON run_item (run_id, number);
-- By the key without the slot of an occurrence: "task:x" for "task:x/2026-11-23", too.
CREATE INDEX run_item_by_series
  ON run_item (substr(key, 1, instr(key || '/', '/') - 1), number);
