-- Threads that a moderator has closed: they take no comments.

ALTER TABLE room ADD COLUMN is_closed BIGINT NOT NULL DEFAULT 0;
