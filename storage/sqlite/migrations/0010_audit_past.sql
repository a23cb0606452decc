-- 0010  Where the audit log covers the past.
--
-- From here on a row of the log about a change also covers what the catalog wrote into asset_past, license_past,
-- file_past and plan_past since the last row that did so: its detail ends in ` past=A,L,F,P:DIGEST`, the newest past_id
-- of each table and the SHA-256 of the rows that came in, each as a JSON array and a line feed, table by table in the
-- order of past_id. The first such row covers the whole past. In front of it stands, as before, what the change covers
-- else: of a license its digest, and where a change of it may have given it another file ` file=SHA256`; of a stored
-- file its sha256; of a described, withdrawn or restored asset the digest of what is said of it.

CREATE INDEX audit_log_past ON audit_log (seq) WHERE instr(detail, ' past=') > 0;
