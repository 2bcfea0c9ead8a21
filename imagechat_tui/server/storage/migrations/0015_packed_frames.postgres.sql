-- The frames of an event, packed. Earlier ones have them as they are until they are trimmed; then ``full_frame`` is empty, and
-- ``plain`` says only whether plain readers get it.

ALTER TABLE event ADD COLUMN packed BYTEA;
