-- Which revision of its plan an item's line speaks of; 0 where that was not noted.
ALTER TABLE run_item ADD COLUMN plan_rev INTEGER NOT NULL DEFAULT 0;
