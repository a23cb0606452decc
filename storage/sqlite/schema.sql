-- The schema of the newest version, for reading; schema_past.sql goes on where this ends. The program runs the
-- migrations; a test proves that both agree.
--
-- A license is a row of the provider's own history. It is kept for good: when the provider stops listing it, it is
-- marked as vanished, never removed, and the provider's words (raw) are those of the day it was first seen.
-- An asset that its provider withdrew keeps its row, its licenses and its files. The change feed is append-only.
-- A file is named here only after its bytes were complete and on disk; sha256 is of those bytes.
--
-- Units: *_at, from_at, to_at and time are UTC milliseconds since 1970-01-01. Texts are UTF-8. NULL means that the
-- provider did not say. raw is the provider's JSON, compressed by zlib (RFC 1950); raw_sha256 is of the plain bytes.
-- Ids are the provider's, so they are unique within an account only.

CREATE TABLE setting (
  key   TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  account       TEXT    NOT NULL PRIMARY KEY CHECK (account <> ''),
  provider      TEXT    NOT NULL CHECK (provider <> ''),
  first_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where each feed stands. The cursor moves in the transaction that stores what it covers.
CREATE TABLE stream (
  account      TEXT NOT NULL REFERENCES account,
  name         TEXT NOT NULL CHECK (name <> ''),
  cursor       TEXT NOT NULL,
  last_ok_at   INTEGER,
  last_full_at INTEGER,
  last_error   TEXT NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

-- Spans of provider time that were observed completely; the spans of a stream neither touch nor overlap.
CREATE TABLE coverage (
  account TEXT    NOT NULL REFERENCES account,
  stream  TEXT    NOT NULL CHECK (stream <> ''),
  from_at INTEGER NOT NULL,
  to_at   INTEGER NOT NULL,
  PRIMARY KEY (account, stream, from_at),
  CHECK (from_at <= to_at)
) STRICT, WITHOUT ROWID;

-- metadata: canonical JSON of what the provider says, in terms common to all providers; '' while not asked for yet.
-- revision: rises by one with every row of the change feed about the asset.
CREATE TABLE asset (
  account         TEXT    NOT NULL REFERENCES account,
  asset_id        TEXT    NOT NULL CHECK (asset_id <> ''),
  state           TEXT    NOT NULL CHECK (state IN ('unknown', 'active', 'withdrawn')),
  revision        INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0),
  first_seen_at   INTEGER NOT NULL,
  updated_at      INTEGER,
  noticed_at      INTEGER,
  checked_at      INTEGER,
  withdrawn_at    INTEGER,
  sidecar_dirty   INTEGER NOT NULL DEFAULT 1 CHECK (sidecar_dirty IN (0, 1)),
  sidecar_path    TEXT    NOT NULL DEFAULT '',
  sidecar_sha256  TEXT    NOT NULL DEFAULT '' CHECK (length(sidecar_sha256) IN (0, 64)),
  media_type      TEXT,
  title           TEXT,
  editorial       INTEGER CHECK (editorial IN (0, 1)),
  etag            TEXT    NOT NULL DEFAULT '',
  metadata_sha256 TEXT    NOT NULL DEFAULT '' CHECK (length(metadata_sha256) IN (0, 64)),
  metadata        TEXT    NOT NULL DEFAULT '' CHECK (metadata = '' OR metadata LIKE '{%}'),
  raw_sha256      TEXT    NOT NULL DEFAULT '' CHECK (length(raw_sha256) IN (0, 64)),
  raw             BLOB,
  PRIMARY KEY (account, asset_id),
  CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL)),
  CHECK (state <> 'active' OR metadata <> ''),
  CHECK ((metadata = '') = (metadata_sha256 = '')),
  CHECK ((raw IS NULL) = (raw_sha256 = '')),
  CHECK ((sidecar_path = '') = (sidecar_sha256 = ''))
) STRICT;
CREATE INDEX asset_not_active ON asset (account, state) WHERE state <> 'active';
CREATE INDEX asset_checked ON asset (account, checked_at) WHERE state = 'active';
CREATE INDEX asset_dirty ON asset (account, asset_id) WHERE sidecar_dirty = 1;
CREATE INDEX asset_sidecar ON asset (sidecar_path) WHERE sidecar_path <> '';

CREATE TABLE license (
  account          TEXT    NOT NULL REFERENCES account,
  license_id       TEXT    NOT NULL CHECK (license_id <> ''),
  asset_id         TEXT    NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN ('held', 'vanished')),
  media_kind       TEXT    NOT NULL CHECK (media_kind <> ''),
  license_type     TEXT    NOT NULL,
  size             TEXT    NOT NULL,
  format           TEXT    NOT NULL,
  licensed_at      INTEGER NOT NULL,
  licensed_at_text TEXT    NOT NULL,
  licensed_by      TEXT    NOT NULL,
  downloadable     INTEGER CHECK (downloadable IN (0, 1)),
  first_seen_at    INTEGER NOT NULL,
  vanished_at      INTEGER,
  details          TEXT    NOT NULL CHECK (details LIKE '{%}'),
  raw_sha256       TEXT    NOT NULL CHECK (length(raw_sha256) = 64),
  raw              BLOB    NOT NULL,
  PRIMARY KEY (account, license_id),
  FOREIGN KEY (account, asset_id) REFERENCES asset (account, asset_id),
  CHECK ((state = 'vanished') = (vanished_at IS NOT NULL))
) STRICT;
CREATE INDEX license_asset ON license (account, asset_id, license_id);
CREATE INDEX license_vanished ON license (account) WHERE state = 'vanished';

CREATE TRIGGER license_kept BEFORE DELETE ON license
BEGIN SELECT RAISE(ABORT, 'a license is evidence and is never removed'); END;

CREATE TRIGGER license_raw_kept BEFORE UPDATE OF raw, raw_sha256 ON license
BEGIN SELECT RAISE(ABORT, 'the first words of the provider about a license are kept'); END;

-- Which complete reading of the history saw a license last; apart from license, so that marking is cheap.
CREATE TABLE license_seen (
  account    TEXT NOT NULL,
  license_id TEXT NOT NULL,
  scan_id    TEXT NOT NULL CHECK (scan_id <> ''),
  PRIMARY KEY (account, license_id),
  FOREIGN KEY (account, license_id) REFERENCES license (account, license_id)
) STRICT, WITHOUT ROWID;

-- The file of a license; several licenses may share one path.
CREATE TABLE file (
  account     TEXT    NOT NULL REFERENCES account,
  license_id  TEXT    NOT NULL,
  asset_id    TEXT    NOT NULL,
  size        TEXT    NOT NULL,
  format      TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'mirrored', 'failed', 'blocked', 'missing', 'corrupt')),
  reason      TEXT    NOT NULL DEFAULT '',
  path        TEXT    NOT NULL DEFAULT '' CHECK (path NOT LIKE '/%'),
  bytes       INTEGER CHECK (bytes >= 0),
  sha256      TEXT    NOT NULL DEFAULT '' CHECK (length(sha256) IN (0, 64)),
  mirrored_at INTEGER,
  verified_at INTEGER,
  PRIMARY KEY (account, license_id),
  FOREIGN KEY (account, license_id) REFERENCES license (account, license_id),
  FOREIGN KEY (account, asset_id) REFERENCES asset (account, asset_id),
  CHECK (state NOT IN ('mirrored', 'missing', 'corrupt')
         OR (path <> '' AND sha256 <> '' AND bytes IS NOT NULL AND mirrored_at IS NOT NULL)),
  CHECK (state NOT IN ('failed', 'blocked') OR reason <> '')
) STRICT;
CREATE INDEX file_asset ON file (account, asset_id, license_id);
CREATE INDEX file_path ON file (path) WHERE path <> '';
CREATE INDEX file_not_mirrored ON file (account, state) WHERE state <> 'mirrored';
CREATE INDEX file_wanted ON file (account, asset_id, license_id)
  WHERE state IN ('pending', 'failed', 'missing', 'corrupt');

-- What is wanted and not done yet, or was set aside. What a moved cursor left undone is always here.
CREATE TABLE pending (
  account  TEXT    NOT NULL REFERENCES account,
  kind     TEXT    NOT NULL CHECK (kind IN ('metadata', 'file', 'withdrawal', 'vanish', 'rejected')),
  key      TEXT    NOT NULL CHECK (key <> ''),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  next_at  INTEGER,
  reason   TEXT    NOT NULL,
  first_at INTEGER NOT NULL, settled_at INTEGER,
  PRIMARY KEY (account, kind, key)
) STRICT, WITHOUT ROWID;

-- The change feed. seq never repeats and never goes back; a row is never altered.
CREATE TABLE change (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT    NOT NULL UNIQUE CHECK (length(id) = 26),
  time       INTEGER NOT NULL,
  type       TEXT    NOT NULL CHECK (type IN ('asset.licensed', 'asset.stored', 'asset.updated', 'asset.withdrawn',
                                              'asset.restored', 'asset.removed', 'license.added', 'license.changed',
                                              'license.vanished', 'collection.changed', 'report.completed',
                                              'sync.failed')),
  provider   TEXT    NOT NULL,
  account    TEXT    NOT NULL,
  asset_id   TEXT    NOT NULL,
  license_id TEXT    NOT NULL,
  revision   INTEGER NOT NULL CHECK (revision >= 0),
  fields     TEXT    NOT NULL CHECK (fields LIKE '[%]'),
  CHECK ((asset_id = '') = (revision = 0))
) STRICT;
CREATE UNIQUE INDEX change_asset ON change (account, asset_id, revision) WHERE asset_id <> '';

CREATE TRIGGER change_unaltered BEFORE UPDATE ON change
BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;

CREATE TRIGGER change_kept BEFORE DELETE ON change
BEGIN SELECT RAISE(ABORT, 'the change feed is append-only'); END;

CREATE TABLE run (
  run_id      TEXT    NOT NULL PRIMARY KEY CHECK (run_id <> ''),
  started_at  INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  ok          INTEGER NOT NULL CHECK (ok IN (0, 1)),
  dry_run     INTEGER NOT NULL CHECK (dry_run IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX run_started ON run (started_at, run_id);

-- What one run did for one account; bytes are those of the files, calls those to the provider.
CREATE TABLE run_account (
  run_id            TEXT    NOT NULL REFERENCES run,
  position          INTEGER NOT NULL,
  account           TEXT    NOT NULL,
  provider          TEXT    NOT NULL,
  error_code        TEXT,
  error_message     TEXT,
  licenses_seen     INTEGER NOT NULL,
  licenses_new      INTEGER NOT NULL,
  licenses_vanished INTEGER NOT NULL,
  assets_updated    INTEGER NOT NULL,
  assets_withdrawn  INTEGER NOT NULL,
  files_mirrored    INTEGER NOT NULL,
  files_failed      INTEGER NOT NULL,
  files_blocked     INTEGER NOT NULL,
  assets_failed     INTEGER NOT NULL,
  items_rejected    INTEGER NOT NULL,
  bytes             INTEGER NOT NULL,
  calls_free        INTEGER NOT NULL,
  calls_spending    INTEGER NOT NULL,
  PRIMARY KEY (run_id, position),
  CHECK ((error_code IS NULL) = (error_message IS NULL))
) STRICT, WITHOUT ROWID;

-- Every call that may use up paid quota, opened before it is made; never deleted, unaltered once closed.
CREATE TABLE spend (
  spend_id        INTEGER PRIMARY KEY AUTOINCREMENT,
  account         TEXT    NOT NULL REFERENCES account,
  asset_id        TEXT    NOT NULL CHECK (asset_id <> ''),
  license_id      TEXT    NOT NULL CHECK (license_id <> ''),
  operation       TEXT    NOT NULL CHECK (operation IN ('license', 'download')),
  size            TEXT    NOT NULL,
  format          TEXT    NOT NULL,
  product         TEXT    NOT NULL,
  history_rows    INTEGER NOT NULL CHECK (history_rows >= 0),
  intended_at     INTEGER NOT NULL,
  returned_at     INTEGER,
  outcome         TEXT    CHECK (outcome IN ('spent', 'refused', 'not_spent')),
  closed_at       INTEGER,
  detail          TEXT    NOT NULL DEFAULT '',
  provider_ref    TEXT    NOT NULL DEFAULT '',
  file_format     TEXT    NOT NULL DEFAULT '',
  valid_until     INTEGER,
  looked_at       INTEGER,
  parked_reason   TEXT    NOT NULL DEFAULT '',
  decided_by      TEXT    NOT NULL DEFAULT '',
  decision_reason TEXT    NOT NULL DEFAULT '', service_at INTEGER,
  FOREIGN KEY (account, license_id) REFERENCES license (account, license_id),
  CHECK ((outcome IS NULL) = (closed_at IS NULL)),
  CHECK (provider_ref = '' OR outcome = 'spent'),
  CHECK ((decided_by = '') = (decision_reason = '')),
  CHECK (decided_by = '' OR outcome IN ('spent', 'not_spent'))
) STRICT;
CREATE UNIQUE INDEX spend_open ON spend (account, asset_id, operation) WHERE outcome IS NULL;
CREATE UNIQUE INDEX spend_license ON spend (account, license_id, operation) WHERE outcome IS NULL OR outcome = 'spent';
CREATE UNIQUE INDEX spend_rendition ON spend (account, asset_id, size, format, operation)
  WHERE outcome IS NULL OR outcome = 'spent';
CREATE INDEX spend_asset ON spend (account, asset_id);
CREATE INDEX spend_time ON spend (account, intended_at);

CREATE TRIGGER spend_kept BEFORE DELETE ON spend
BEGIN SELECT RAISE(ABORT, 'the spend ledger is append-only'); END;

CREATE TRIGGER spend_closed_unaltered BEFORE UPDATE ON spend WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a closed row of the spend ledger is never altered'); END;

CREATE TRIGGER spend_intent_unaltered BEFORE UPDATE OF
  spend_id, account, asset_id, license_id, operation, size, format, product, history_rows, intended_at, service_at
  ON spend
BEGIN SELECT RAISE(ABORT, 'what a row of the spend ledger was opened for is never altered'); END;

-- Finds the same bytes under another asset of the account: a test image instead of the licensed one.
CREATE INDEX file_bytes ON file (account, sha256) WHERE sha256 <> '';

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

-- position: every change up to it was delivered, is not wanted, or has a row in delivery.
-- failures: how many changes failed one after another at their first attempt since the last success.
-- A receiver that is disabled asked to be told nothing any more.
CREATE TABLE receiver (
  receiver      TEXT    NOT NULL PRIMARY KEY CHECK (receiver <> ''),
  position      INTEGER NOT NULL CHECK (position >= 0),
  delivered     INTEGER NOT NULL DEFAULT 0,
  failures      INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  failing_since INTEGER,
  quiet_until   INTEGER,
  disabled_at   INTEGER,
  last_ok_at    INTEGER,
  reason        TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- attempts: made so far. queued_at: when the row was written.
CREATE TABLE delivery (
  receiver  TEXT    NOT NULL REFERENCES receiver,
  seq       INTEGER NOT NULL REFERENCES change,
  account   TEXT    NOT NULL,
  asset_id  TEXT    NOT NULL,
  state     TEXT    NOT NULL CHECK (state IN ('waiting', 'dead')),
  attempts  INTEGER NOT NULL CHECK (attempts >= 0),
  next_at   INTEGER NOT NULL,
  queued_at INTEGER NOT NULL,
  reason    TEXT    NOT NULL,
  PRIMARY KEY (receiver, seq),
  CHECK (state = 'waiting' OR reason <> '')
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_asset ON delivery (receiver, account, asset_id, seq) WHERE state = 'waiting';
CREATE INDEX delivery_dead ON delivery (receiver, seq) WHERE state = 'dead';

-- A chain of hashes over every change, spend, report and removal of a report; migration 0006 says what is hashed.
CREATE TABLE audit_log (
  seq       INTEGER PRIMARY KEY,
  time      INTEGER NOT NULL,
  kind      TEXT    NOT NULL CHECK (kind IN ('origin', 'change', 'spend.opened', 'spend.closed', 'report.prepared',
                                             'report.published', 'report.removed')),
  reference TEXT    NOT NULL,
  detail    TEXT    NOT NULL,
  digest    TEXT    NOT NULL CHECK (length(digest) = 64),
  hash      TEXT    NOT NULL CHECK (length(hash) = 64),
  CHECK ((seq = 1) = (kind = 'origin'))
) STRICT;
CREATE INDEX audit_log_report ON audit_log (seq) WHERE kind IN ('report.prepared', 'report.published', 'report.removed');
CREATE INDEX audit_log_past ON audit_log (seq) WHERE instr(detail, ' past=') > 0;

CREATE TRIGGER audit_log_unaltered BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
BEGIN SELECT RAISE(ABORT, 'the audit log is appended to without a gap'); END;

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
