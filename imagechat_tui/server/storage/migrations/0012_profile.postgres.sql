-- What else a token says of a person, what of it stands beside their comments, and finding people by the beginning of a name.

ALTER TABLE person ADD COLUMN display_label TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN website_url TEXT COLLATE "C";
ALTER TABLE person ADD COLUMN is_private BIGINT NOT NULL DEFAULT 0;

CREATE INDEX person_by_username ON person (tenant_id, substr(lower(username), 1, 100));
CREATE INDEX person_by_display_name ON person (tenant_id, substr(lower(display_name), 1, 100));

ALTER TABLE comment ADD COLUMN avatar_src TEXT COLLATE "C";
ALTER TABLE comment ADD COLUMN commenter_link TEXT COLLATE "C";
ALTER TABLE comment ADD COLUMN display_label TEXT COLLATE "C" NOT NULL DEFAULT '';
