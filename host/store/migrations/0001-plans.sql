-- What accounts want done.
CREATE TABLE account (
  id TEXT PRIMARY KEY NOT NULL,
  tier TEXT NOT NULL,
  email TEXT NOT NULL,
  phone TEXT NOT NULL,
  zone TEXT NOT NULL,
  locale TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
);
CREATE INDEX account_by_age ON account (created_ms, id);

CREATE TABLE plan (
  id TEXT PRIMARY KEY NOT NULL,
  external_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  title TEXT NOT NULL,
  topic TEXT NOT NULL,
  skill_level TEXT NOT NULL,
  weekly_time_s INTEGER,
  start TEXT NOT NULL,
  deadline TEXT NOT NULL,
  learning_style TEXT NOT NULL,
  zone TEXT NOT NULL,
  source TEXT NOT NULL,
  modules TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  deleted_ms INTEGER
);
CREATE INDEX plan_by_age ON plan (account_id, created_ms, id) WHERE deleted_ms IS NULL;
CREATE UNIQUE INDEX plan_by_external_id ON plan (account_id, external_id)
  WHERE deleted_ms IS NULL AND external_id <> '';
CREATE INDEX plan_removed ON plan (account_id, external_id, deleted_ms)
  WHERE deleted_ms IS NOT NULL AND external_id <> '';

-- Apart from plan, so that ticking one task does not rewrite all modules of its plan.
CREATE TABLE plan_tasks (
  plan_id TEXT PRIMARY KEY NOT NULL REFERENCES plan (id),
  tasks_rev INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE task (
  id TEXT PRIMARY KEY NOT NULL,
  external_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  plan_id TEXT NOT NULL REFERENCES plan (id),
  week_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  notes TEXT NOT NULL,
  link TEXT NOT NULL,
  duration_s INTEGER,
  due TEXT NOT NULL,
  status TEXT NOT NULL,
  kind TEXT NOT NULL,
  schedule_kind TEXT NOT NULL,
  schedule_origin TEXT NOT NULL,
  schedule_start TEXT NOT NULL,
  schedule_end TEXT NOT NULL,
  schedule_zone TEXT NOT NULL,
  reminders TEXT NOT NULL,
  recurrence TEXT NOT NULL,
  location TEXT NOT NULL,
  attendees TEXT NOT NULL,
  meeting_link TEXT NOT NULL,
  color TEXT NOT NULL,
  extra TEXT NOT NULL,
  rev INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  deleted_ms INTEGER
);
CREATE INDEX task_by_position ON task (plan_id, position, id) WHERE deleted_ms IS NULL;
CREATE UNIQUE INDEX task_by_external_id ON task (account_id, external_id)
  WHERE deleted_ms IS NULL AND external_id <> '';
CREATE INDEX task_removed ON task (account_id, external_id, deleted_ms)
  WHERE deleted_ms IS NOT NULL AND external_id <> '';
