-- Which comment a logged event and a stored answer quote: a deletion blanks it there too.

ALTER TABLE event ADD COLUMN comment_id TEXT;
UPDATE event SET comment_id = json_extract(full_frame, '$.comment._id');
CREATE INDEX event_of_comment ON event (tenant_id, comment_id) WHERE comment_id IS NOT NULL;

ALTER TABLE answer ADD COLUMN comment_id TEXT;
UPDATE answer SET comment_id = json_extract(CAST(body AS TEXT), '$.comment._id');
CREATE INDEX answer_of_comment ON answer (tenant_id, comment_id) WHERE comment_id IS NOT NULL;

-- What was deleted before is blanked now.

UPDATE event SET full_frame = json_replace(full_frame, '$.comment.comment', '', '$.comment.commentHTML', '')
WHERE comment_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM comment WHERE comment.tenant_id = event.tenant_id AND comment.id = event.comment_id);
UPDATE event SET plain = json_replace(plain, '$.comment.comment', '', '$.comment.commentHTML', '')
WHERE json_extract(plain, '$.comment._id') IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM comment WHERE comment.tenant_id = event.tenant_id AND comment.id = event.comment_id);
UPDATE answer
SET body = CAST(json_replace(CAST(body AS TEXT), '$.comment.commentHTML', '', '$.comment.comment', '') AS BLOB)
WHERE comment_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM comment WHERE comment.tenant_id = answer.tenant_id AND comment.id = answer.comment_id);
