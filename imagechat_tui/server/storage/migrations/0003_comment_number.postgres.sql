-- The number of a comment in its thread, by which people call it: it stays when one before it goes.

ALTER TABLE comment ADD COLUMN number BIGINT;
