-- Comments that people have flagged for moderators, and whose comments somebody does not want to see.

CREATE TABLE flag (
    tenant_id TEXT COLLATE "C" NOT NULL,
    comment_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, comment_id, user_id),
    FOREIGN KEY (tenant_id, comment_id) REFERENCES comment (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX flag_in_thread ON flag USING hash (url_id);

CREATE TABLE block (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    user_id TEXT COLLATE "C" NOT NULL,
    blocked_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, user_id, blocked_id)
);
