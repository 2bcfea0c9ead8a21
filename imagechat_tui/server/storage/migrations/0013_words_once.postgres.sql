-- Events and kept answers have no words of what they quote any more, but marks where these belong (``storage/quotes.py``).

DROP INDEX event_of_comment;
UPDATE event SET
    full_frame = regexp_replace(regexp_replace(
        full_frame, '"comment":"([^"\\]|\\.)*"', '"comment":' || chr(1)), '"commentHTML":"([^"\\]|\\.)*"', '"commentHTML":' || chr(2)),
    plain = regexp_replace(regexp_replace(
        plain, '"comment":"([^"\\]|\\.)*"', '"comment":' || chr(1)), '"commentHTML":"([^"\\]|\\.)*"', '"commentHTML":' || chr(2))
WHERE comment_id IS NOT NULL;

DROP INDEX answer_of_comment;
UPDATE answer SET body = convert_to(regexp_replace(regexp_replace(
        convert_from(body, 'UTF8'), '"comment":"([^"\\]|\\.)*"', '"comment":' || chr(1)),
        '"commentHTML":"([^"\\]|\\.)*"', '"commentHTML":' || chr(2)), 'UTF8')
WHERE comment_id IS NOT NULL;

ALTER TABLE deleted_thread DROP COLUMN comment_ids;
