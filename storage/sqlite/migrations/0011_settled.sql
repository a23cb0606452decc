-- 0011  Items that were set aside and of which nothing is left.
--
-- A license that could not be read is set aside under what the provider called it. When a complete reading of the
-- history does not show such an item any more, it was mended under an id of its own or taken back: it is settled. The
-- row stays, because reports of a past moment tell what was missing then.
--
-- Units: settled_at is UTC milliseconds since 1970-01-01; NULL: still set aside, and all other kinds.

ALTER TABLE pending ADD COLUMN settled_at INTEGER;
