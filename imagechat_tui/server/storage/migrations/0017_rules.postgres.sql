-- What operators decide of tenants and users.

ALTER TABLE tenant ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenant ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;

CREATE TABLE user_rule (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    user_id TEXT COLLATE "C" NOT NULL,
    banned_until_ms BIGINT,
    role TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, user_id)
);
