-- How far each user has read the threads of an image, and that they have been there at all.

CREATE TABLE reader (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    image TEXT NOT NULL,
    user_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, image, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE read_mark (
    tenant_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, user_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
