-- 0002  Spend ledger: every call that may use up paid quota, written down before it is made.
--
-- A row is opened before the first byte of the call leaves this machine, and closed once it is known what became of
-- the call: spent (the provider counted a download), refused (the provider said no) or not_spent (nothing was counted).
-- A row without an outcome means "we asked and do not know". It is settled by comparing how many downloads the
-- provider's own history shows for the asset with how many it showed before the call (history_rows), never by asking
-- a second time. Where the history cannot tell, the row is parked for a person, whose name and reason are kept.
-- Rows are never deleted, and what a closed row says is never altered.
--
-- For one license, and for one size and format of an asset, there is at most one row that is open or spent.
-- Units: *_at and valid_until are UTC milliseconds since 1970-01-01. provider_ref is the address of the paid file, which
-- works without credentials until valid_until: a secret.
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
  decision_reason TEXT    NOT NULL DEFAULT '',
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
  spend_id, account, asset_id, license_id, operation, size, format, product, history_rows, intended_at ON spend
BEGIN SELECT RAISE(ABORT, 'what a row of the spend ledger was opened for is never altered'); END;

-- Finds the same bytes under another asset of the account: a test image instead of the licensed one.
CREATE INDEX file_bytes ON file (account, sha256) WHERE sha256 <> '';
