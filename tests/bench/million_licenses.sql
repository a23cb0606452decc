-- Fills a catalog that has one license in an account to N licenses of as many assets. All share the one file, so that
-- the store need not hold a million of them. Parameter: @count.
PRAGMA synchronous = OFF;
BEGIN;
CREATE TEMP TABLE seed AS
  SELECT a.account, a.metadata, a.metadata_sha256, a.raw AS asset_raw, a.raw_sha256 AS asset_raw_sha256,
         l.license_type, l.size, l.format, l.licensed_by, l.details, l.raw, l.raw_sha256, l.first_seen_at,
         f.path, f.bytes, f.sha256, f.mirrored_at
  FROM license l JOIN asset a USING (account, asset_id) JOIN file f USING (account, license_id)
  WHERE f.state = 'mirrored' LIMIT 1;
CREATE TEMP TABLE number AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
  SELECT i, CAST(2000000000 + i AS TEXT) AS asset_id, 'e' || (5000000000 + i * 7) AS license_id FROM n;
INSERT INTO asset (account, asset_id, state, first_seen_at, updated_at, checked_at, sidecar_dirty, media_type, title,
                   editorial, metadata_sha256, metadata, raw_sha256, raw)
  SELECT s.account, n.asset_id, 'active', s.first_seen_at, s.first_seen_at, s.first_seen_at, 0, 'image', NULL, 0,
         s.metadata_sha256, s.metadata, s.asset_raw_sha256, s.asset_raw
  FROM number n CROSS JOIN seed s ORDER BY n.asset_id;
INSERT INTO license (account, license_id, asset_id, state, media_kind, license_type, size, format, licensed_at,
                     licensed_at_text, licensed_by, downloadable, first_seen_at, details, raw_sha256, raw)
  SELECT s.account, n.license_id, n.asset_id, 'held', 'image', s.license_type, s.size, s.format,
         1262304000000 + n.i * 400000, '2010-01-01T00:00:00-05:00', s.licensed_by, 1, s.first_seen_at, s.details,
         s.raw_sha256, s.raw
  FROM number n CROSS JOIN seed s ORDER BY n.license_id;
INSERT INTO file (account, license_id, asset_id, size, format, state, path, bytes, sha256, mirrored_at)
  SELECT s.account, n.license_id, n.asset_id, s.size, s.format, 'mirrored', s.path, s.bytes, s.sha256, s.mirrored_at
  FROM number n CROSS JOIN seed s ORDER BY n.license_id;
COMMIT;
