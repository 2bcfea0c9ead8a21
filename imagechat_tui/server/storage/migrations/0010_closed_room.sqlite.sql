-- Threads that a moderator has closed: they take no comments.

ALTER TABLE room ADD COLUMN is_closed INTEGER NOT NULL DEFAULT 0;
