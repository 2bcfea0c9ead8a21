-- The number of a comment in its thread, by which people call it: it stays when one before it goes.

ALTER TABLE comment ADD COLUMN number INTEGER;
UPDATE comment SET number = placed.number
FROM (
    SELECT ordinal, row_number() OVER (PARTITION BY tenant_id, url_id ORDER BY ordinal) AS number FROM comment
) AS placed
WHERE comment.ordinal = placed.ordinal;
UPDATE room SET last_number = max(last_number, held.comments)
FROM (SELECT tenant_id, url_id, count(*) AS comments FROM comment GROUP BY tenant_id, url_id) AS held
WHERE room.tenant_id = held.tenant_id AND room.url_id = held.url_id;
