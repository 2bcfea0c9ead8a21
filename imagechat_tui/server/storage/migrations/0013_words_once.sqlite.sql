-- Events and kept answers have no words of what they quote any more, but marks where these belong (``storage/quotes.py``).

DROP INDEX event_of_comment;
UPDATE event SET
    full_frame = replace(replace(
        json_replace(full_frame, '$.comment.comment', char(1) || 'text', '$.comment.commentHTML', char(2) || 'html'),
        '"\u0001text"', char(1)), '"\u0002html"', char(2)),
    plain = replace(replace(
        json_replace(plain, '$.comment.comment', char(1) || 'text', '$.comment.commentHTML', char(2) || 'html'),
        '"\u0001text"', char(1)), '"\u0002html"', char(2))
WHERE comment_id IS NOT NULL;

DROP INDEX answer_of_comment;
UPDATE answer SET body = CAST(replace(replace(
        json_replace(CAST(body AS TEXT), '$.comment.comment', char(1) || 'text', '$.comment.commentHTML', char(2) || 'html'),
        '"\u0001text"', char(1)), '"\u0002html"', char(2)) AS BLOB)
WHERE comment_id IS NOT NULL;

ALTER TABLE deleted_thread DROP COLUMN comment_ids;
