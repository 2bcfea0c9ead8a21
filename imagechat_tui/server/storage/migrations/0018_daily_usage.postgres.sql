-- What a tenant has used on a day (UTC): 20261130 is the last of November. Processes add to it.

CREATE TABLE daily_usage (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    day BIGINT NOT NULL,
    conversation_count BIGINT NOT NULL,
    comment_count BIGINT NOT NULL,
    vote_count BIGINT NOT NULL,
    comment_list_count BIGINT NOT NULL,
    user_search_count BIGINT NOT NULL,
    message_count BIGINT NOT NULL,
    message_bytes BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, day)
);
