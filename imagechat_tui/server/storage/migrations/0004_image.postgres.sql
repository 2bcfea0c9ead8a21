-- Which image a picture is: names it was met under, and the pixels it has had. One room each, for ever.

CREATE TABLE image (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenant (id),
    id TEXT COLLATE "C" NOT NULL,
    url_id TEXT COLLATE "C" NOT NULL,
    src TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    due_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX image_by_key ON image USING hash (url_id);
CREATE UNIQUE INDEX image_of_key ON image (tenant_id, md5(url_id));

CREATE INDEX image_by_due ON image (due_ms);

CREATE TABLE image_place (
    tenant_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    image_id TEXT COLLATE "C" NOT NULL,
    moved BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, image_id) REFERENCES image (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX image_place_by_value ON image_place USING hash (value);
CREATE UNIQUE INDEX image_place_once ON image_place (tenant_id, kind, md5(project), md5(value));
CREATE INDEX image_place_of ON image_place (tenant_id, image_id);

CREATE TABLE image_version (
    tenant_id TEXT COLLATE "C" NOT NULL,
    image_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    pixels TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    scale BIGINT NOT NULL,
    plain BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    by_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, image_id, number),
    UNIQUE (tenant_id, image_id, pixels),
    FOREIGN KEY (tenant_id, image_id) REFERENCES image (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX image_version_alike ON image_version (tenant_id, pixels) WHERE plain = 0;
