-- What operators decide of tenants and users.

ALTER TABLE tenant ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenant ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

CREATE TABLE user_rule (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    user_id TEXT NOT NULL,
    banned_until_ms INTEGER,
    role TEXT,
    PRIMARY KEY (tenant_id, user_id)
) STRICT, WITHOUT ROWID;
