#include "storage/catalog/catalog.h"

#include <array>

#include "storage/catalog/backoff.h"
#include "storage/catalog/pending_kind.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

std::string select(const char* columns, const char* condition) { return std::string(columns) + " WHERE " + condition; }

std::vector<std::string> texts(Statement& query) {
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

StreamRow read_stream(const Statement& row) {
  return {.account = row.text(0),
          .name = row.text(1),
          .cursor = row.text(2),
          .last_ok_at = row.opt_time(3),
          .last_full_at = row.opt_time(4),
          .last_error = row.text(5)};
}

/// From 10 attempts on the wait is the longest there is.
std::string pending_is_due(std::string_view table, std::string_view now) {
  std::array<Millis, 11> longest{};
  for (int attempts = 0; attempts < static_cast<int>(longest.size()); ++attempts)
    longest[static_cast<std::size_t>(attempts)] = longest_backoff(attempts);
  return due_condition(table, now, longest);
}

/// Everything is due when no time is given.
std::int64_t due_before(const std::optional<UtcTime>& now) { return now ? to_millis(*now) : INT64_MAX; }

}  // namespace

std::optional<AssetRow> Catalog::find_asset(const std::string& account, const std::string& asset_id) const {
  Statement query(db_, select(kSelectAsset, "a.account = ? AND a.asset_id = ?"));
  if (!query.bind_all(account, asset_id).step()) return std::nullopt;
  return read_asset(query, RawText::kFill);
}

std::optional<LicenseRow> Catalog::find_license(const std::string& account, const std::string& license_id) const {
  Statement query(db_, select(kSelectLicense, "l.account = ? AND l.license_id = ?"));
  if (!query.bind_all(account, license_id).step()) return std::nullopt;
  return read_license(query, RawText::kFill);
}

std::optional<FileRow> Catalog::find_file(const std::string& account, const std::string& license_id) const {
  Statement query(db_, select(kSelectFile, "f.account = ? AND f.license_id = ?"));
  if (!query.bind_all(account, license_id).step()) return std::nullopt;
  return read_file(query);
}

std::vector<LicenseRow> Catalog::licenses_of(const std::string& account, const std::string& asset_id) const {
  Statement query(db_, select(kSelectLicense, "l.account = ? AND l.asset_id = ? ORDER BY l.license_id"));
  query.bind_all(account, asset_id);
  std::vector<LicenseRow> out;
  while (query.step()) out.push_back(read_license(query, RawText::kFill));
  return out;
}

std::vector<FileRow> Catalog::files_of(const std::string& account, const std::string& asset_id) const {
  Statement query(db_, select(kSelectFile, "f.account = ? AND f.asset_id = ? ORDER BY f.license_id"));
  query.bind_all(account, asset_id);
  std::vector<FileRow> out;
  while (query.step()) out.push_back(read_file(query));
  return out;
}

std::vector<Change> Catalog::changes_of(const std::string& account, const std::string& asset_id) const {
  Statement query(db_, select(kSelectChange, "asset_id <> '' AND account = ? AND asset_id = ? ORDER BY revision"));
  query.bind_all(account, asset_id);
  std::vector<Change> out;
  while (query.step()) out.push_back(read_change(query));
  return out;
}

std::vector<std::string> Catalog::accounts_with(const std::string& provider, const std::string& asset_id) const {
  Statement query(db_,
                  "SELECT c.account FROM account c CROSS JOIN asset a ON a.account = c.account AND a.asset_id = ?"
                  " WHERE c.provider = ? ORDER BY c.account");
  query.bind_all(asset_id, provider);
  return texts(query);
}

std::optional<FileRow> Catalog::find_file_at(const std::string& path) const {
  Statement query(db_, select(kSelectFile,
                              "f.path = ? AND f.path <> '' AND f.state = 'mirrored'"
                              " ORDER BY f.account, f.license_id LIMIT 1"));
  if (!query.bind(path).step()) return std::nullopt;
  return read_file(query);
}

std::vector<std::string> Catalog::assets_with_bytes(const std::string& account, const std::string& sha256) const {
  Statement query(db_,
                  "SELECT DISTINCT asset_id FROM file WHERE account = ? AND sha256 = ? AND sha256 <> ''"
                  " ORDER BY asset_id");
  query.bind_all(account, sha256);
  return texts(query);
}

std::vector<std::string> Catalog::asset_ids(const std::string& account) const {
  Statement query(db_, "SELECT asset_id FROM asset WHERE account = ? ORDER BY asset_id");
  query.bind(account);
  return texts(query);
}

StreamRow Catalog::stream(const std::string& account, const std::string& name) const {
  Statement query(db_,
                  "SELECT account, name, cursor, last_ok_at, last_full_at, last_error FROM stream"
                  " WHERE account = ? AND name = ?");
  if (query.bind_all(account, name).step()) return read_stream(query);
  StreamRow unknown;
  unknown.account = account;
  unknown.name = name;
  return unknown;
}

std::vector<StreamRow> Catalog::streams() const {
  Statement query(db_,
                  "SELECT account, name, cursor, last_ok_at, last_full_at, last_error FROM stream"
                  " ORDER BY account, name");
  std::vector<StreamRow> out;
  while (query.step()) out.push_back(read_stream(query));
  return out;
}

std::vector<CoverageRow> Catalog::coverage() const {
  Statement query(db_, "SELECT account, stream, from_at, to_at FROM coverage ORDER BY account, stream, from_at");
  std::vector<CoverageRow> out;
  while (query.step()) out.push_back({query.text(0), query.text(1), query.time(2), query.time(3)});
  return out;
}

AccountCounts Catalog::counts(const std::string& account) const {
  // Totals come from the narrowest index; what is not in order has partial indexes of its own.
  Statement query(
      db_,
      "SELECT (SELECT count(*) FROM asset WHERE account = ?1),"
      " (SELECT count(*) FROM asset WHERE account = ?1 AND state <> 'active' AND state = 'withdrawn'),"
      " (SELECT count(*) FROM asset WHERE account = ?1 AND state <> 'active' AND state = 'unknown'),"
      " (SELECT count(*) FROM license WHERE account = ?1),"
      " (SELECT count(*) FROM license WHERE account = ?1 AND state = 'vanished'),"
      " (SELECT count(*) FROM file WHERE account = ?1),"
      " (SELECT count(*) FROM file WHERE account = ?1"
      "   AND state IN ('pending', 'failed', 'missing', 'corrupt')),"
      " (SELECT count(*) FROM file WHERE account = ?1 AND state <> 'mirrored' AND state = 'blocked'),"
      " (SELECT count(*) FROM pending WHERE account = ?1 AND kind = 'rejected' AND settled_at IS NULL),"
      " (SELECT count(*) FROM pending WHERE account = ?1 AND kind IN ('metadata', 'file') AND attempts > 0),"
      " (SELECT count(*) FROM pending WHERE account = ?1 AND kind = 'metadata')");
  query.bind(account).step();
  AccountCounts out;
  out.assets_withdrawn = query.int64(1);
  out.assets_unknown = query.int64(2);
  out.assets_active = query.int64(0) - out.assets_withdrawn - out.assets_unknown;
  out.licenses_vanished = query.int64(4);
  out.licenses_held = query.int64(3) - out.licenses_vanished;
  out.files_open = query.int64(6);
  out.files_blocked = query.int64(7);
  out.files_mirrored = query.int64(5) - out.files_open - out.files_blocked;
  out.quarantined = query.int64(8) + query.int64(9);
  out.backlog = query.int64(10) + out.files_open;
  return out;
}

StoreTotals Catalog::store_totals() const {
  Statement query(db_,
                  "SELECT count(*), coalesce(sum(bytes), 0), min(verified_at) FROM"
                  " (SELECT max(bytes) AS bytes, max(coalesce(verified_at, mirrored_at)) AS verified_at FROM file"
                  "  WHERE path <> '' AND state = 'mirrored' GROUP BY path)");
  query.step();
  return {query.int64(0), query.int64(1), query.opt_time(2)};
}

std::vector<std::string> Catalog::accounts() const {
  Statement query(db_, "SELECT account FROM account ORDER BY account");
  return texts(query);
}

std::vector<WorkItem> Catalog::due_metadata(const std::string& account, std::optional<UtcTime> now,
                                            const std::string& after_asset_id, std::size_t limit) const {
  static const std::string kQuery =
      "SELECT key, attempts FROM pending WHERE account = ?1 AND kind = 'metadata' AND key > ?2 AND " +
      pending_is_due("pending", "?3") + " ORDER BY key LIMIT ?4";
  Statement query(db_, kQuery);
  query.bind_all(account, after_asset_id, due_before(now), static_cast<std::int64_t>(limit));
  std::vector<WorkItem> out;
  while (query.step()) out.push_back({account, query.text(0), "", static_cast<int>(query.int64(1))});
  return out;
}

std::vector<WorkItem> Catalog::due_files(const std::string& account, std::optional<UtcTime> now, const WorkItem& after,
                                         std::size_t limit) const {
  static const std::string kQuery =
      "SELECT f.asset_id, f.license_id, coalesce(p.attempts, 0) FROM file f INDEXED BY file_wanted"
      " CROSS JOIN license l ON l.account = f.account AND l.license_id = f.license_id AND l.state = 'held'"
      " LEFT JOIN pending p ON p.account = f.account AND p.kind = 'file' AND p.key = f.license_id"
      " WHERE f.account = ?1 AND (f.asset_id, f.license_id) > (?2, ?3)"
      " AND f.state IN ('pending', 'failed', 'missing', 'corrupt') AND " +
      pending_is_due("p", "?4") + " ORDER BY f.asset_id, f.license_id LIMIT ?5";
  Statement query(db_, kQuery);
  query.bind_all(account, after.asset_id, after.license_id, due_before(now), static_cast<std::int64_t>(limit));
  std::vector<WorkItem> out;
  while (query.step()) out.push_back({account, query.text(0), query.text(1), static_cast<int>(query.int64(2))});
  return out;
}

std::vector<std::string> Catalog::image_ids(const std::string& account) const {
  Statement query(db_,
                  "SELECT asset_id FROM license WHERE account = ?1 AND media_kind = 'image' UNION"
                  " SELECT asset_id FROM asset a WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM license l"
                  "  WHERE l.account = a.account AND l.asset_id = a.asset_id) ORDER BY asset_id");
  query.bind_all(account);
  return texts(query);
}

std::vector<std::string> Catalog::stale_assets(const std::string& account, UtcTime before, std::size_t limit) const {
  // Withdrawn ones may come back. Each of them costs a question of its own, so only some at a time.
  Statement query(db_,
                  "SELECT a.asset_id FROM (SELECT asset_id, checked_at FROM asset"
                  "  WHERE account = ?1 AND state = 'active' AND checked_at < ?2"
                  " UNION ALL SELECT * FROM (SELECT asset_id, checked_at FROM asset"
                  "  WHERE account = ?1 AND state = 'withdrawn' AND checked_at < ?2 ORDER BY checked_at LIMIT 100)) a"
                  " WHERE NOT EXISTS (SELECT 1 FROM pending p WHERE p.account = ?1 AND p.kind = 'metadata'"
                  "  AND p.key = a.asset_id) ORDER BY a.checked_at LIMIT ?3");
  query.bind_all(account, before, static_cast<std::int64_t>(limit));
  return texts(query);
}

std::vector<std::string> Catalog::dirty_sidecars(const std::string& account, std::size_t limit) const {
  Statement query(db_, "SELECT asset_id FROM asset WHERE account = ? AND sidecar_dirty = 1 ORDER BY asset_id LIMIT ?");
  query.bind_all(account, static_cast<std::int64_t>(limit));
  return texts(query);
}

std::vector<PendingRow> Catalog::pending(const std::string& account, PendingKind kind) const {
  Statement query(db_,
                  "SELECT key, attempts, next_at, reason, first_at FROM pending WHERE account = ? AND kind = ?"
                  " AND settled_at IS NULL ORDER BY key");
  query.bind_all(account, to_word(kind));
  std::vector<PendingRow> out;
  while (query.step())
    out.push_back({.account = account,
                   .kind = kind,
                   .key = query.text(0),
                   .attempts = static_cast<int>(query.int64(1)),
                   .next_at = query.opt_time(2),
                   .reason = query.text(3),
                   .first_at = query.time(4)});
  return out;
}

bool Catalog::has_pending(const std::string& account, PendingKind kind, const std::string& key) const {
  Statement query(db_, "SELECT 1 FROM pending WHERE account = ? AND kind = ? AND key = ? AND settled_at IS NULL");
  return query.bind_all(account, to_word(kind), key).step();
}

bool Catalog::is_settled(const std::string& account, const std::string& rejected_key) const {
  Statement query(
      db_, "SELECT 1 FROM pending WHERE account = ? AND kind = 'rejected' AND key = ? AND settled_at IS NOT NULL");
  return query.bind_all(account, rejected_key).step();
}

std::vector<LicenseRow> Catalog::unseen_licenses(const std::string& account, const std::string& scan_id,
                                                 std::optional<UtcTime> from) const {
  Statement query(db_, select(kSelectLicense,
                              "l.account = ? AND l.state = 'held' AND l.licensed_at >= ? AND NOT EXISTS"
                              " (SELECT 1 FROM license_seen s WHERE s.account = l.account"
                              "  AND s.license_id = l.license_id AND s.scan_id = ?) ORDER BY l.license_id"));
  query.bind_all(account, from ? to_millis(*from) : INT64_MIN, scan_id);
  std::vector<LicenseRow> out;
  while (query.step()) out.push_back(read_license(query, RawText::kLeave));
  return out;
}

std::string Catalog::setting(const std::string& key) const {
  Statement query(db_, "SELECT value FROM setting WHERE key = ?");
  return query.bind(key).step() ? query.text(0) : "";
}

}  // namespace damsync
