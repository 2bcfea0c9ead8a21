-- How many comments a tenant has, for its quota.

CREATE TABLE comment_count (
    tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenant (id),
    comments BIGINT NOT NULL
);

INSERT INTO comment_count SELECT tenant_id, count(*) FROM comment GROUP BY tenant_id;
