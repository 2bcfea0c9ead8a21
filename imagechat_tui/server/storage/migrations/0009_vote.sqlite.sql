-- Who has voted for or against a comment: one vote each. The comment counts them itself.

CREATE TABLE vote (
    tenant_id TEXT NOT NULL,
    comment_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    url_id TEXT NOT NULL,
    direction INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, comment_id, user_id),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, comment_id) REFERENCES comment (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX vote_in_thread ON vote (tenant_id, url_id, user_id);
