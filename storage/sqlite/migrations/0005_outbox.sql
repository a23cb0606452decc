-- 0005  Outbox: what each receiver was told, and what it is still to be told.
--
-- The change feed itself is the outbox: a change waits for a receiver from the transaction that made it, because it
-- lies beyond the receiver's position. A row of its own is written only for a change that was not handed over in its
-- turn. Nothing of an asset overtakes a row of it that waits. A dead letter was given up; it is kept until somebody has
-- it tried again, and holds nothing up.
--
-- Units: *_at, *_since and *_until are UTC milliseconds since 1970-01-01.

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
