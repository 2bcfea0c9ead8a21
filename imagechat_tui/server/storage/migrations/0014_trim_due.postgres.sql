-- When a room's log has something to trim; NULL: no event is left.

ALTER TABLE room ADD COLUMN trim_due_ms BIGINT;
UPDATE room SET trim_due_ms = (
    SELECT min(timestamp_ms) + 604800000 FROM event WHERE event.tenant_id = room.tenant_id AND event.token = room.token
);
CREATE INDEX room_by_trim_due ON room (trim_due_ms) WHERE trim_due_ms IS NOT NULL;
