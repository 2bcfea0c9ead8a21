-- Who has voted for or against a comment: one vote each. The comment counts them itself.

CREATE TABLE vote (
    tenant_id TEXT COLLATE "C" NOT NULL,
    comment_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    direction BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, comment_id, user_id),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, comment_id) REFERENCES comment (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX vote_in_thread ON vote USING hash (url_id);
