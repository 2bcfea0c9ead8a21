-- Which image a picture is: names it was met under, and the pixels it has had. One room each, for ever.

CREATE TABLE image (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    id TEXT NOT NULL,
    url_id TEXT NOT NULL,
    src TEXT NOT NULL,
    name TEXT NOT NULL,
    project TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, url_id)
) STRICT;

CREATE INDEX image_by_due ON image (due_ms);

CREATE TABLE image_place (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    project TEXT NOT NULL,
    value TEXT NOT NULL,
    image_id TEXT NOT NULL,
    moved INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, project, value),
    FOREIGN KEY (tenant_id, image_id) REFERENCES image (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX image_place_of ON image_place (tenant_id, image_id);

CREATE TABLE image_version (
    tenant_id TEXT NOT NULL,
    image_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    pixels TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    scale INTEGER NOT NULL,
    plain INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    by_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, image_id, number),
    UNIQUE (tenant_id, image_id, pixels),
    FOREIGN KEY (tenant_id, image_id) REFERENCES image (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX image_version_alike ON image_version (tenant_id, pixels) WHERE NOT plain;
