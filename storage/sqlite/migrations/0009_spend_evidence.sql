-- 0009  Spend ledger: what the service's own clock said when a call was about to be made.
--
-- A download of ours is told from other people's by its date in the provider's history, and that date is the
-- provider's: compared with our clock, which may be wrong, our own download could be taken for a license to pay for.
-- Rows from before this migration have no such time; for them our clock has to do.
--
-- Units: service_at is UTC milliseconds since 1970-01-01 by the provider's clock.

ALTER TABLE spend ADD COLUMN service_at INTEGER;

DROP TRIGGER spend_intent_unaltered;
CREATE TRIGGER spend_intent_unaltered BEFORE UPDATE OF
  spend_id, account, asset_id, license_id, operation, size, format, product, history_rows, intended_at, service_at
  ON spend
BEGIN SELECT RAISE(ABORT, 'what a row of the spend ledger was opened for is never altered'); END;
