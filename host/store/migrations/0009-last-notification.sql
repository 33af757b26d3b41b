-- When a connection was last notified is found without a walk.
DROP INDEX notification_by_connection;
CREATE INDEX notification_by_connection ON notification (connection_id, received_ms);
