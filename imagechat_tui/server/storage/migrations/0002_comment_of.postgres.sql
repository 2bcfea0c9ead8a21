-- Which comment a logged event and a stored answer quote: a deletion blanks it there too.

ALTER TABLE event ADD COLUMN comment_id TEXT COLLATE "C";
CREATE INDEX event_of_comment ON event (tenant_id, comment_id) WHERE comment_id IS NOT NULL;

ALTER TABLE answer ADD COLUMN comment_id TEXT COLLATE "C";
CREATE INDEX answer_of_comment ON answer (tenant_id, comment_id) WHERE comment_id IS NOT NULL;
