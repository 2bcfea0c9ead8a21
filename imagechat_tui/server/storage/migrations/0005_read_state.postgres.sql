-- How far each user has read the threads of an image, and that they have been there at all.

CREATE TABLE reader (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    image TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL
);

CREATE INDEX reader_of ON reader USING hash (image);
CREATE UNIQUE INDEX reader_once ON reader (tenant_id, user_id, md5(image));

CREATE TABLE read_mark (
    tenant_id TEXT COLLATE "C" NOT NULL,
    conversation_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, user_id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id) ON DELETE CASCADE
);
