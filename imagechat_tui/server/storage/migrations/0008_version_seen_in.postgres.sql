-- The one place where a version was seen, as a JSON array of kind, project and value. NULL: in several, or nobody knows.

ALTER TABLE image_version ADD COLUMN seen_in TEXT COLLATE "C";
