-- Whether the thread of a marker is closed, for those who read markers alone.

ALTER TABLE conversation ADD COLUMN closed BIGINT NOT NULL DEFAULT 0;

UPDATE conversation SET closed = 1 WHERE EXISTS (
    SELECT 1 FROM room
    WHERE room.tenant_id = conversation.tenant_id AND room.url_id = conversation.url_id AND room.is_closed = 1
);
