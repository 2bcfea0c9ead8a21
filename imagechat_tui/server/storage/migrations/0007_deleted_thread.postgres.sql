-- Threads that were deleted a short time ago, whole, with how far each user had read them: they can be restored. The log
-- and kept answers still quote their words, until they are due.

CREATE TABLE deleted_thread (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    conversation_id TEXT COLLATE "C" NOT NULL,
    due_ms BIGINT NOT NULL,
    comment_ids TEXT COLLATE "C" NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id)
);

CREATE INDEX deleted_thread_by_due ON deleted_thread (due_ms);
