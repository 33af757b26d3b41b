-- Nothing is read by these any more.
DROP INDEX pair_by_remote_id;
DROP INDEX task_removed;
DROP INDEX channel_by_age;
