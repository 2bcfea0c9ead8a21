-- Comments that people have flagged for moderators, and whose comments somebody does not want to see.

CREATE TABLE flag (
    tenant_id TEXT NOT NULL,
    comment_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    url_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, comment_id, user_id),
    FOREIGN KEY (tenant_id, comment_id) REFERENCES comment (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX flag_in_thread ON flag (tenant_id, url_id, user_id);

CREATE TABLE block (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    user_id TEXT NOT NULL,
    blocked_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, blocked_id)
) STRICT, WITHOUT ROWID;
