-- Page ids and places may be longer than a B-tree of PostgreSQL takes (2,704 bytes). They are found by hash indexes, and
-- are unique by their digest.

CREATE TABLE installation (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE tenant (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    api_secret_sealed BYTEA NOT NULL,
    allow_anon BIGINT NOT NULL,
    require_sso BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE person (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    id TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    display_name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    avatar_src TEXT COLLATE "C",
    verified BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE room (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    token TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    epoch TEXT COLLATE "C" NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    last_ts BIGINT NOT NULL DEFAULT 0,
    last_event_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    min_seq BIGINT NOT NULL DEFAULT 1,
    last_number BIGINT NOT NULL DEFAULT 0,
    closed_until_ms BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, token)
);

CREATE TABLE conversation (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    id TEXT COLLATE "C" NOT NULL,
    image TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    x DOUBLE PRECISION NOT NULL,
    y DOUBLE PRECISION NOT NULL,
    src TEXT COLLATE "C",
    created_from_comment_id TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    anon_user_id TEXT COLLATE "C",
    commenter_name TEXT COLLATE "C" NOT NULL,
    comment_count BIGINT NOT NULL,
    last_comment_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    number BIGINT NOT NULL,
    resolved BIGINT NOT NULL,
    resolved_by TEXT COLLATE "C",
    resolved_at_ms BIGINT,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX conversation_by_thread ON conversation USING hash (url_id);
CREATE UNIQUE INDEX conversation_of_thread ON conversation (tenant_id, md5(url_id));
CREATE INDEX conversation_by_image ON conversation USING hash (image);
CREATE UNIQUE INDEX conversation_numbered ON conversation (tenant_id, md5(image), number);

CREATE TABLE comment (
    ordinal BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    id TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    anon_user_id TEXT COLLATE "C",
    commenter_name TEXT COLLATE "C" NOT NULL,
    html TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    parent_id TEXT COLLATE "C",
    date_ms BIGINT NOT NULL,
    votes_up BIGINT NOT NULL DEFAULT 0,
    votes_down BIGINT NOT NULL DEFAULT 0,
    verified BIGINT NOT NULL,
    approved BIGINT NOT NULL,
    is_pinned BIGINT NOT NULL,
    is_locked BIGINT NOT NULL,
    is_by_admin BIGINT NOT NULL,
    is_by_moderator BIGINT NOT NULL,
    edited_at_ms BIGINT,
    url TEXT COLLATE "C" NOT NULL,
    page_title TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C",
    UNIQUE (tenant_id, id)
);

CREATE INDEX comment_of_thread ON comment USING hash (url_id);

CREATE TABLE event (
    tenant_id TEXT COLLATE "C" NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    broadcast_id TEXT COLLATE "C" NOT NULL,
    plain TEXT COLLATE "C",
    full_frame TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, token, seq),
    FOREIGN KEY (tenant_id, token) REFERENCES room (tenant_id, token)
);

CREATE INDEX event_by_time ON event (tenant_id, token, timestamp_ms);

CREATE TABLE answer (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    actor_id TEXT COLLATE "C" NOT NULL,
    broadcast_id TEXT COLLATE "C" NOT NULL,
    request_hash BYTEA NOT NULL,
    body BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, actor_id, broadcast_id)
);

CREATE INDEX answer_by_age ON answer (at_ms);

CREATE INDEX answer_by_id ON answer (tenant_id, broadcast_id);
