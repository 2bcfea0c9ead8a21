-- What a tenant has used on a day (UTC): 20261130 is the last of November. Processes add to it.

CREATE TABLE daily_usage (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    day INTEGER NOT NULL,
    conversation_count INTEGER NOT NULL,
    comment_count INTEGER NOT NULL,
    vote_count INTEGER NOT NULL,
    comment_list_count INTEGER NOT NULL,
    user_search_count INTEGER NOT NULL,
    message_count INTEGER NOT NULL,
    message_bytes INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, day)
) STRICT, WITHOUT ROWID;
