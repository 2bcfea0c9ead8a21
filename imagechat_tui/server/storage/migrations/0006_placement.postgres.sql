-- On which version of its image a marker was made, and where it is on others: as was worked out, and as a person said.

ALTER TABLE conversation ADD COLUMN version BIGINT;

ALTER TABLE image_version ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

CREATE TABLE placement (
    tenant_id TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    by_person BIGINT NOT NULL,
    x DOUBLE PRECISION NOT NULL,
    y DOUBLE PRECISION NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    from_x DOUBLE PRECISION,
    from_y DOUBLE PRECISION,
    score DOUBLE PRECISION,
    by_id TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, conversation_id, version, by_person),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
);
