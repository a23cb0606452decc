-- The rows of a license report, as plain SQL gives them.
SELECT c.provider, a.account, a.asset_id, l.license_id, a.metadata ->> 'title', a.metadata ->> 'caption',
       a.metadata ->> 'creator_name', a.metadata ->> 'creator_id', a.metadata ->> 'credit_line', l.media_kind,
       l.license_type, a.metadata ->> 'license_model', l.details ->> 'agreement', l.details ->> 'subscription_id',
       strftime('%Y-%m-%dT%H:%M:%SZ', l.licensed_at / 1000, 'unixepoch'), l.licensed_at_text, l.licensed_by,
       l.details ->> 'project', l.details ->> 'purchase_order', l.details ->> 'client', l.size, l.format,
       l.details ->> 'price', l.details ->> 'currency', a.metadata ->> 'editorial', a.metadata ->> 'restrictions',
       a.metadata ->> 'has_model_release', a.metadata ->> 'has_property_release', a.metadata ->> 'releases',
       a.metadata ->> 'ai_generated', a.metadata ->> 'adult', a.metadata ->> 'usage_terms', l.downloadable, f.path,
       f.bytes, f.sha256, f.state, f.reason, strftime('%Y-%m-%dT%H:%M:%SZ', f.mirrored_at / 1000, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%SZ', f.verified_at / 1000, 'unixepoch'), a.state,
       strftime('%Y-%m-%dT%H:%M:%SZ', a.withdrawn_at / 1000, 'unixepoch'), l.state,
       strftime('%Y-%m-%dT%H:%M:%SZ', l.vanished_at / 1000, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%SZ', l.first_seen_at / 1000, 'unixepoch'), l.raw_sha256
FROM account c CROSS JOIN asset a ON a.account = c.account
CROSS JOIN license l INDEXED BY license_asset ON l.account = a.account AND l.asset_id = a.asset_id
LEFT JOIN file f ON f.account = l.account AND f.license_id = l.license_id
ORDER BY a.account, a.asset_id, l.license_id;
