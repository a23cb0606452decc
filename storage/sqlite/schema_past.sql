-- What a row said before it was changed (the second part of schema.sql): it held until until_at. A file that was fetched
-- for the first time leaves no
-- row: mirrored_at tells. Written by triggers, so that no program can forget to; never altered, never removed.
CREATE TABLE asset_past (
  past_id      INTEGER PRIMARY KEY,
  account      TEXT    NOT NULL,
  asset_id     TEXT    NOT NULL,
  until_at     INTEGER NOT NULL,
  state        TEXT    NOT NULL,
  withdrawn_at INTEGER,
  metadata     TEXT    NOT NULL
) STRICT;
CREATE INDEX asset_past_asset ON asset_past (account, asset_id, past_id);
CREATE INDEX asset_past_described ON asset_past (account, asset_id, past_id) WHERE metadata <> '';

CREATE TRIGGER asset_past_written AFTER UPDATE OF state, withdrawn_at, metadata ON asset
WHEN (OLD.state, OLD.withdrawn_at, OLD.metadata) IS NOT (NEW.state, NEW.withdrawn_at, NEW.metadata)
BEGIN
  INSERT INTO asset_past (account, asset_id, until_at, state, withdrawn_at, metadata)
  VALUES (OLD.account, OLD.asset_id,
          iif(NEW.checked_at IS NOT OLD.checked_at AND NEW.checked_at IS NOT NULL, NEW.checked_at,
              CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
          OLD.state, OLD.withdrawn_at, OLD.metadata);
END;

CREATE TABLE license_past (
  past_id          INTEGER PRIMARY KEY,
  account          TEXT    NOT NULL,
  license_id       TEXT    NOT NULL,
  until_at         INTEGER NOT NULL,
  state            TEXT    NOT NULL,
  media_kind       TEXT    NOT NULL,
  license_type     TEXT    NOT NULL,
  size             TEXT    NOT NULL,
  format           TEXT    NOT NULL,
  licensed_at      INTEGER NOT NULL,
  licensed_at_text TEXT    NOT NULL,
  licensed_by      TEXT    NOT NULL,
  downloadable     INTEGER,
  vanished_at      INTEGER,
  details          TEXT    NOT NULL
) STRICT;
CREATE INDEX license_past_license ON license_past (account, license_id, past_id);

CREATE TRIGGER license_past_written AFTER UPDATE OF state, media_kind, license_type, size, format, licensed_at,
  licensed_at_text, licensed_by, downloadable, vanished_at, details ON license
WHEN (OLD.state, OLD.media_kind, OLD.license_type, OLD.size, OLD.format, OLD.licensed_at, OLD.licensed_at_text,
      OLD.licensed_by, OLD.downloadable, OLD.vanished_at, OLD.details)
  IS NOT (NEW.state, NEW.media_kind, NEW.license_type, NEW.size, NEW.format, NEW.licensed_at, NEW.licensed_at_text,
          NEW.licensed_by, NEW.downloadable, NEW.vanished_at, NEW.details)
BEGIN
  INSERT INTO license_past (account, license_id, until_at, state, media_kind, license_type, size, format, licensed_at,
                            licensed_at_text, licensed_by, downloadable, vanished_at, details)
  VALUES (OLD.account, OLD.license_id,
          iif(NEW.vanished_at IS NOT OLD.vanished_at AND NEW.vanished_at IS NOT NULL, NEW.vanished_at,
              CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
          OLD.state, OLD.media_kind, OLD.license_type, OLD.size, OLD.format, OLD.licensed_at, OLD.licensed_at_text,
          OLD.licensed_by, OLD.downloadable, OLD.vanished_at, OLD.details);
END;

CREATE TABLE file_past (
  past_id     INTEGER PRIMARY KEY,
  account     TEXT    NOT NULL,
  license_id  TEXT    NOT NULL,
  until_at    INTEGER NOT NULL,
  state       TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  path        TEXT    NOT NULL,
  bytes       INTEGER,
  sha256      TEXT    NOT NULL,
  mirrored_at INTEGER
) STRICT;
CREATE INDEX file_past_license ON file_past (account, license_id, past_id);

CREATE TRIGGER file_past_written AFTER UPDATE OF state, reason, path, bytes, sha256, mirrored_at ON file
WHEN (OLD.state, OLD.reason, OLD.path, OLD.bytes, OLD.sha256, OLD.mirrored_at)
  IS NOT (NEW.state, NEW.reason, NEW.path, NEW.bytes, NEW.sha256, NEW.mirrored_at)
  AND NOT (OLD.state = 'pending' AND OLD.path = '' AND NEW.state = 'mirrored')
BEGIN
  INSERT INTO file_past (account, license_id, until_at, state, reason, path, bytes, sha256, mirrored_at)
  VALUES (OLD.account, OLD.license_id,
          CASE WHEN NEW.mirrored_at IS NOT OLD.mirrored_at AND NEW.mirrored_at IS NOT NULL THEN NEW.mirrored_at
               WHEN NEW.verified_at IS NOT OLD.verified_at AND NEW.verified_at IS NOT NULL THEN NEW.verified_at
               ELSE CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) END,
          OLD.state, OLD.reason, OLD.path, OLD.bytes, OLD.sha256, OLD.mirrored_at);
END;

-- A reading without any plan is a row with an empty plan_id, written by the program.
CREATE TABLE plan_past (
  past_id        INTEGER PRIMARY KEY,
  account        TEXT    NOT NULL,
  plan_id        TEXT    NOT NULL,
  read_at        INTEGER NOT NULL,
  description    TEXT    NOT NULL,
  license_type   TEXT    NOT NULL,
  expires_at     INTEGER,
  download_limit INTEGER,
  downloads_left INTEGER,
  period_ends_at INTEGER
) STRICT;
CREATE INDEX plan_past_reading ON plan_past (account, read_at);

CREATE TRIGGER plan_past_written BEFORE DELETE ON plan
BEGIN
  INSERT INTO plan_past (account, plan_id, read_at, description, license_type, expires_at, download_limit,
                         downloads_left, period_ends_at)
  SELECT OLD.account, OLD.plan_id, r.read_at, OLD.description, OLD.license_type, OLD.expires_at, OLD.download_limit,
         OLD.downloads_left, OLD.period_ends_at
  FROM plan_reading r WHERE r.account = OLD.account;
END;

CREATE TABLE stray_file (
  path          TEXT    NOT NULL CHECK (path <> ''),
  first_seen_at INTEGER NOT NULL,
  bytes         INTEGER NOT NULL CHECK (bytes >= 0),
  gone_at       INTEGER,
  PRIMARY KEY (path, first_seen_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stray_file_there ON stray_file (path) WHERE gone_at IS NULL;

CREATE TRIGGER asset_past_kept BEFORE DELETE ON asset_past
BEGIN SELECT RAISE(ABORT, 'the past is never removed'); END;
CREATE TRIGGER asset_past_unaltered BEFORE UPDATE ON asset_past
BEGIN SELECT RAISE(ABORT, 'the past is never altered'); END;
CREATE TRIGGER license_past_kept BEFORE DELETE ON license_past
BEGIN SELECT RAISE(ABORT, 'the past is never removed'); END;
CREATE TRIGGER license_past_unaltered BEFORE UPDATE ON license_past
BEGIN SELECT RAISE(ABORT, 'the past is never altered'); END;
CREATE TRIGGER file_past_kept BEFORE DELETE ON file_past
BEGIN SELECT RAISE(ABORT, 'the past is never removed'); END;
CREATE TRIGGER file_past_unaltered BEFORE UPDATE ON file_past
BEGIN SELECT RAISE(ABORT, 'the past is never altered'); END;
CREATE TRIGGER plan_past_kept BEFORE DELETE ON plan_past
BEGIN SELECT RAISE(ABORT, 'the past is never removed'); END;
CREATE TRIGGER plan_past_unaltered BEFORE UPDATE ON plan_past
BEGIN SELECT RAISE(ABORT, 'the past is never altered'); END;
CREATE TRIGGER stray_file_unaltered BEFORE UPDATE OF path, first_seen_at, bytes ON stray_file
BEGIN SELECT RAISE(ABORT, 'the past is never altered'); END;
CREATE TRIGGER stray_file_kept BEFORE DELETE ON stray_file
BEGIN SELECT RAISE(ABORT, 'the past is never removed'); END;
