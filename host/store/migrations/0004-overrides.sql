-- How single occurrences of a recurring task differ from it.
ALTER TABLE task ADD COLUMN overrides TEXT NOT NULL DEFAULT '[]';
