-- 0008  Suggestions: what could stand in for an asset that its provider withdrew.
--
-- Read once when an asset is withdrawn, best first; information for people, never a ground for an action by itself.
-- A reading that failed has no read_at and is tried again; one that found nothing has read_at and no suggestions.
--
-- Units: *_at are UTC milliseconds since 1970-01-01.

CREATE TABLE suggestion (
  account      TEXT    NOT NULL,
  asset_id     TEXT    NOT NULL,
  position     INTEGER NOT NULL CHECK (position > 0),
  suggested_id TEXT    NOT NULL CHECK (suggested_id <> ''),
  title        TEXT    NOT NULL,
  why          TEXT    NOT NULL,
  PRIMARY KEY (account, asset_id, position),
  FOREIGN KEY (account, asset_id) REFERENCES asset (account, asset_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE suggestion_reading (
  account  TEXT    NOT NULL,
  asset_id TEXT    NOT NULL,
  tried_at INTEGER NOT NULL,
  read_at  INTEGER,
  PRIMARY KEY (account, asset_id),
  FOREIGN KEY (account, asset_id) REFERENCES asset (account, asset_id)
) STRICT, WITHOUT ROWID;
