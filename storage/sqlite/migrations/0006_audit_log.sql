-- 0006  Audit log: a chain of hashes over everything that is evidence, so that a later alteration shows.
--
-- Every committed change, every opening and closing of a spend, every report and every removal of a report has one row,
-- written in the transaction that made it. A row keeps the digest of what it is about, and a hash that covers the row
-- and the hash of the row before it: whoever alters, removes or inserts a row has to alter every later one, and the
-- newest hash stands in the reports that left this machine. The first row covers what the catalog held before it had
-- this log. hash = SHA-256 of the hash before it (64 zeros before the first row), a line feed, and the row as JSON:
-- [seq,time,kind,reference,detail,digest].
--
-- Units: time is UTC milliseconds since 1970-01-01. reference: the change's seq, the spend_id or the report's name.
-- detail: what else the digest covers: of a change of a license the digest of that license, of a stored file its
-- sha256, of a report the digest of its MANIFEST.sha256.

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

CREATE TRIGGER audit_log_unaltered BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
BEGIN SELECT RAISE(ABORT, 'the audit log is appended to without a gap'); END;
