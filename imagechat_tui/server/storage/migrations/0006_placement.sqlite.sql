-- On which version of its image a marker was made, and where it is on others: as was worked out, and as a person said.

ALTER TABLE conversation ADD COLUMN version INTEGER;
UPDATE conversation SET version = (
    SELECT max(held.number) FROM image JOIN image_version AS held
    ON held.tenant_id = image.tenant_id AND held.image_id = image.id
    WHERE image.tenant_id = conversation.tenant_id AND image.url_id = conversation.image
    AND held.at_ms <= conversation.created_at_ms
);

ALTER TABLE image_version ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE TABLE placement (
    tenant_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    by_person INTEGER NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    state TEXT NOT NULL,
    from_x REAL,
    from_y REAL,
    score REAL,
    by_id TEXT,
    PRIMARY KEY (tenant_id, conversation_id, version, by_person),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
