#include "storage/base/digest.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/catalog/license_file.h"
#include "storage/catalog/raw_text.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr const char* kVanishedReason = "the provider does not list this license any more";

std::string details_of(const License& license) {
  return license.details.is_null() ? "{}" : write_json(license.details, JsonStyle::kCanonical);
}

void mark_seen(Database& db, const std::string& account, const std::string& license_id, const std::string& scan_id) {
  if (scan_id.empty()) return;
  Statement(db,
            "INSERT INTO license_seen (account, license_id, scan_id) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET scan_id = excluded.scan_id WHERE scan_id <> excluded.scan_id")
      .bind_all(account, license_id, scan_id)
      .run();
}

bool insert_asset(Database& db, const std::string& account, const std::string& asset_id, UtcTime now) {
  return Statement(db,
                   "INSERT INTO asset (account, asset_id, state, first_seen_at)"
                   " VALUES (?, ?, 'unknown', ?) ON CONFLICT DO NOTHING")
             .bind_all(account, asset_id, now)
             .run() > 0;
}

void want_metadata(Database& db, const std::string& account, const std::string& asset_id, UtcTime now) {
  Statement(db,
            "INSERT INTO pending (account, kind, key, attempts, reason, first_at)"
            " VALUES (?, 'metadata', ?, 0, '', ?) ON CONFLICT DO NOTHING")
      .bind_all(account, asset_id, now)
      .run();
}

/// Metadata is wanted for what is mirrored: the services describe videos and the like elsewhere.
void ensure_asset(Database& db, const std::string& account, const License& license, UtcTime now) {
  const bool added = insert_asset(db, account, license.asset_id, now);
  if (added && license.media_kind == "image") want_metadata(db, account, license.asset_id, now);
}

void insert_license(Database& db, const std::string& account, const License& l, UtcTime now) {
  Statement(db,
            "INSERT INTO license (account, license_id, asset_id, state, media_kind, license_type, size, format,"
            " licensed_at, licensed_at_text, licensed_by, downloadable, first_seen_at, details, raw_sha256, raw)"
            " VALUES (?, ?, ?, 'held', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind_all(account, l.license_id, l.asset_id, l.media_kind, l.license_type, l.size, l.format, l.licensed_at,
                l.licensed_at_text, l.licensed_by, l.downloadable, now, details_of(l), sha256_hex(l.raw),
                Statement::Blob{deflate_text(l.raw)})
      .run();
}

void update_license(Database& db, const std::string& account, const License& l) {
  Statement(db,
            "UPDATE license SET asset_id = ?, state = 'held', vanished_at = NULL, media_kind = ?,"
            " license_type = ?, size = ?, format = ?, licensed_at = ?, licensed_at_text = ?, licensed_by = ?,"
            " downloadable = ?, details = ? WHERE account = ? AND license_id = ?")
      .bind_all(l.asset_id, l.media_kind, l.license_type, l.size, l.format, l.licensed_at, l.licensed_at_text,
                l.licensed_by, l.downloadable, details_of(l), account, l.license_id)
      .run();
}

std::optional<LicenseRow> known_license(Database& db, const std::string& account, const std::string& license_id) {
  Statement query(db, std::string(kSelectLicense) + " WHERE l.account = ? AND l.license_id = ?");
  if (!query.bind_all(account, license_id).step()) return std::nullopt;
  return read_license(query, RawText::kLeave);
}

/// Takes over the file of another license of the asset with the same size and format. A size that was not said is
/// equal to none.
void share_file(Database& db, FileRow& file) {
  if (file.size.empty()) return;
  Statement query(db,
                  "SELECT path, bytes, sha256, mirrored_at, verified_at FROM file WHERE account = ?"
                  " AND asset_id = ? AND license_id <> ? AND size = ? AND format = ? AND state = 'mirrored'"
                  " ORDER BY license_id LIMIT 1");
  query.bind_all(file.account, file.asset_id, file.license_id, file.size, file.format);
  if (!query.step()) return;
  file.state = FileState::kMirrored;
  file.reason.clear();
  file.path = query.text(0);
  file.bytes = query.opt_int64(1);
  file.sha256 = query.text(2);
  file.mirrored_at = query.opt_time(3);
  file.verified_at = query.opt_time(4);
}

void store_file(Database& db, const FileRow& f) {
  Statement(db,
            "INSERT INTO file (account, license_id, asset_id, size, format, state, reason, path, bytes, sha256,"
            " mirrored_at, verified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET asset_id = excluded.asset_id, size = excluded.size,"
            " format = excluded.format, state = excluded.state, reason = excluded.reason, path = excluded.path,"
            " bytes = excluded.bytes, sha256 = excluded.sha256, mirrored_at = excluded.mirrored_at,"
            " verified_at = excluded.verified_at")
      .bind_all(f.account, f.license_id, f.asset_id, f.size, f.format, to_word(f.state), f.reason, f.path, f.bytes,
                f.sha256, f.mirrored_at, f.verified_at)
      .run();
}

void refresh_file(CatalogWriter& writer, Database& db, const std::string& account, const LicenseRow* before,
                  const License& after) {
  std::optional<FileRow> known;
  if (before != nullptr) known = Catalog(db).find_file(account, after.license_id);
  auto file = next_file(before, known, after);
  if (known && before->state == LicenseState::kVanished && known->reason == kVanishedReason)
    file = next_file(nullptr, std::nullopt, after);
  file.account = account;
  if (after.media_kind == "image" && file.state != FileState::kMirrored && file.path.empty()) share_file(db, file);
  store_file(db, file);
  if (!known || known->state != file.state) writer.clear_pending(account, PendingKind::kFile, after.license_id);
}

}  // namespace

bool CatalogWriter::add_asset(const std::string& account, const std::string& asset_id, UtcTime now) {
  const bool added = insert_asset(db_, account, asset_id, now);
  if (added) want_metadata(db_, account, asset_id, now);
  return added;
}

LicenseUpsert CatalogWriter::upsert_license(const std::string& account, const License& license,
                                            const std::string& scan_id, UtcTime now) {
  const auto known = known_license(db_, account, license.license_id);
  const bool held = known && known->state == LicenseState::kHeld;
  auto changed = known ? changed_facts(*known, license) : std::vector<std::string>();
  if (held && changed.empty()) {
    mark_seen(db_, account, license.license_id, scan_id);
    return {};
  }
  ensure_asset(db_, account, license, now);
  if (known)
    update_license(db_, account, license);
  else
    insert_license(db_, account, license, now);
  refresh_file(*this, db_, account, known ? &*known : nullptr, license);
  mark_seen(db_, account, license.license_id, scan_id);
  mark_sidecar_dirty(account, license.asset_id);
  if (known && known->asset_id != license.asset_id) mark_sidecar_dirty(account, known->asset_id);
  if (!known) return {Upsert::kNew, {}};
  clear_pending(account, PendingKind::kVanish, license.license_id);
  return {held ? Upsert::kChanged : Upsert::kReturned, std::move(changed)};
}

void CatalogWriter::set_license_vanished(const std::string& account, const std::string& license_id, UtcTime now) {
  Statement(db_,
            "UPDATE license SET state = 'vanished', vanished_at = ?"
            " WHERE account = ? AND license_id = ? AND state = 'held'")
      .bind_all(now, account, license_id)
      .run();
  Statement(db_,
            "UPDATE file SET state = 'blocked', reason = ?"
            " WHERE account = ? AND license_id = ? AND state IN ('pending', 'failed')")
      .bind_all(kVanishedReason, account, license_id)
      .run();
  clear_pending(account, PendingKind::kVanish, license_id);
  clear_pending(account, PendingKind::kFile, license_id);
  Statement(db_,
            "UPDATE asset SET sidecar_dirty = 1 WHERE (account, asset_id) IN"
            " (SELECT account, asset_id FROM license WHERE account = ? AND license_id = ?)")
      .bind_all(account, license_id)
      .run();
}

}  // namespace damsync
