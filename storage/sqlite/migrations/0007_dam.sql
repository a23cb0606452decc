-- 0007  The DAM side: collections, names that are to go, and the change feed by day.
--
-- A collection is what people made at the provider; of its items only those are kept that are assets of the account.
-- It is information and says nothing about licenses. leftover names what a move left behind, written in the transaction
-- that named the new place: the old name of a file (twin: the new one, which has the same bytes), or a sidecar, which
-- can be made again (twin empty). It is removed from disk first and from here after.
--
-- Units: *_at are UTC milliseconds since 1970-01-01. items counts as the provider counts, foreign assets too.

CREATE TABLE collection (
  account       TEXT    NOT NULL REFERENCES account,
  collection_id TEXT    NOT NULL CHECK (collection_id <> ''),
  name          TEXT    NOT NULL,
  items         INTEGER NOT NULL CHECK (items >= 0),
  updated_at    INTEGER,
  PRIMARY KEY (account, collection_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE collection_item (
  account       TEXT NOT NULL,
  asset_id      TEXT NOT NULL,
  collection_id TEXT NOT NULL,
  PRIMARY KEY (account, asset_id, collection_id),
  FOREIGN KEY (account, asset_id) REFERENCES asset (account, asset_id),
  FOREIGN KEY (account, collection_id) REFERENCES collection (account, collection_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_item_collection ON collection_item (account, collection_id);

CREATE TABLE collection_reading (
  account TEXT    NOT NULL PRIMARY KEY REFERENCES account,
  read_at INTEGER NOT NULL,
  full_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leftover (
  account TEXT NOT NULL REFERENCES account,
  path    TEXT NOT NULL CHECK (path <> ''),
  twin    TEXT NOT NULL,
  PRIMARY KEY (account, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX change_time ON change (time);
