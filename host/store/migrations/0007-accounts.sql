-- An account is erased as a whole: what is its own is found without a walk.
CREATE INDEX plan_by_account ON plan (account_id);
CREATE INDEX task_by_plan ON task (plan_id);
CREATE INDEX user_session_by_account ON user_session (account_id);
CREATE INDEX connect_session_by_account ON connect_session (account_id);
CREATE INDEX notification_by_connection ON notification (connection_id);
