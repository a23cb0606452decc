-- 0003  Plans: what each account may still download, as its provider last said.
--
-- A plan's end is the end of the plan, not of the licenses that were taken under it. Only the latest reading is kept;
-- it is information, never a ground for spending by itself. NULL means that the provider did not say.
--
-- Units: *_at are UTC milliseconds since 1970-01-01; downloads are counted as the provider counts them.

CREATE TABLE plan (
  account        TEXT NOT NULL REFERENCES account,
  plan_id        TEXT NOT NULL CHECK (plan_id <> ''),
  description    TEXT NOT NULL,
  license_type   TEXT NOT NULL,
  expires_at     INTEGER,
  download_limit INTEGER CHECK (download_limit >= 0),
  downloads_left INTEGER CHECK (downloads_left >= 0),
  period_ends_at INTEGER,
  PRIMARY KEY (account, plan_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan_reading (
  account TEXT    NOT NULL PRIMARY KEY REFERENCES account,
  read_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
