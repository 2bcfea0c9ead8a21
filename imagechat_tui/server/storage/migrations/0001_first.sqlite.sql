CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    api_secret_sealed BLOB NOT NULL,
    allow_anon INTEGER NOT NULL,
    require_sso INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    id TEXT NOT NULL,
    username TEXT NOT NULL,
    display_name TEXT NOT NULL,
    email TEXT NOT NULL,
    avatar_src TEXT,
    verified INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE room (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    token TEXT NOT NULL,
    url_id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_ts INTEGER NOT NULL DEFAULT 0,
    last_event_id TEXT NOT NULL DEFAULT '',
    min_seq INTEGER NOT NULL DEFAULT 1,
    last_number INTEGER NOT NULL DEFAULT 0,
    closed_until_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    id TEXT NOT NULL,
    image TEXT NOT NULL,
    url_id TEXT NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    src TEXT,
    created_from_comment_id TEXT,
    user_id TEXT,
    anon_user_id TEXT,
    commenter_name TEXT NOT NULL,
    comment_count INTEGER NOT NULL,
    last_comment_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    number INTEGER NOT NULL,
    resolved INTEGER NOT NULL,
    resolved_by TEXT,
    resolved_at_ms INTEGER,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, url_id),
    UNIQUE (tenant_id, image, number)
) STRICT;

CREATE TABLE comment (
    ordinal INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    id TEXT NOT NULL,
    url_id TEXT NOT NULL,
    user_id TEXT,
    anon_user_id TEXT,
    commenter_name TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    parent_id TEXT,
    date_ms INTEGER NOT NULL,
    votes_up INTEGER NOT NULL DEFAULT 0,
    votes_down INTEGER NOT NULL DEFAULT 0,
    verified INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    is_pinned INTEGER NOT NULL,
    is_locked INTEGER NOT NULL,
    is_by_admin INTEGER NOT NULL,
    is_by_moderator INTEGER NOT NULL,
    edited_at_ms INTEGER,
    url TEXT NOT NULL,
    page_title TEXT NOT NULL,
    locale TEXT,
    UNIQUE (tenant_id, id)
) STRICT;

CREATE INDEX comment_of_thread ON comment (tenant_id, url_id, ordinal);

CREATE TABLE event (
    tenant_id TEXT NOT NULL,
    token TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    url_id TEXT NOT NULL,
    broadcast_id TEXT NOT NULL,
    plain TEXT,
    full_frame TEXT NOT NULL,
    PRIMARY KEY (tenant_id, token, seq),
    FOREIGN KEY (tenant_id, token) REFERENCES room (tenant_id, token)
) STRICT;

CREATE INDEX event_by_time ON event (tenant_id, token, timestamp_ms);

CREATE TABLE answer (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    actor_id TEXT NOT NULL,
    broadcast_id TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    body BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, actor_id, broadcast_id)
) STRICT;

CREATE INDEX answer_by_age ON answer (at_ms);

CREATE INDEX answer_by_id ON answer (tenant_id, broadcast_id);
