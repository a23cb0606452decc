#include "storage/catalog/catalog_writer.h"

#include "storage/base/digest.h"
#include "storage/catalog/account_book.h"
#include "storage/catalog/pending_kind.h"
#include "storage/catalog/raw_text.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

/// A row that must be there is not: a broken promise of the caller.
void require(std::int64_t changed, const std::string& what) {
  if (changed == 0) throw DatabaseError(ErrorCode::kInternal, 0, "the catalog has no " + what);
}

std::string asset_name(const std::string& account, const std::string& asset_id) {
  return "asset " + account + ":" + asset_id;
}

}  // namespace

void CatalogWriter::ensure_account(const std::string& name, const std::string& provider, UtcTime now) {
  Statement(db_, "INSERT INTO account (account, provider, first_seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .bind_all(name, provider, now)
      .run();
  if (const auto same = check_provider(db_, name, provider); !same)
    throw DatabaseError(same.error().code, 0, same.error().message);
}

void CatalogWriter::put_setting(const std::string& key, const std::string& value) {
  Statement(db_, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(key, value)
      .run();
}

void CatalogWriter::put_stream(const StreamRow& s) {
  Statement(db_,
            "INSERT INTO stream (account, name, cursor, last_ok_at, last_full_at, last_error)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET cursor = excluded.cursor,"
            " last_ok_at = excluded.last_ok_at, last_full_at = excluded.last_full_at,"
            " last_error = excluded.last_error")
      .bind_all(s.account, s.name, s.cursor, s.last_ok_at, s.last_full_at, s.last_error)
      .run();
}

void CatalogWriter::add_coverage(const CoverageRow& row) {
  // The new span swallows those it touches, so that a gap is what lies between two rows.
  constexpr const char* kTouching = " FROM coverage WHERE account = ? AND stream = ? AND from_at <= ? AND to_at >= ?";
  auto from = row.from;
  auto to = row.to;
  {
    Statement query(db_, std::string("SELECT min(from_at), max(to_at)") + kTouching);
    query.bind_all(row.account, row.stream, row.to, row.from).step();
    if (const auto first = query.opt_time(0)) from = std::min(from, *first);
    if (const auto last = query.opt_time(1)) to = std::max(to, *last);
  }
  Statement(db_, std::string("DELETE") + kTouching).bind_all(row.account, row.stream, row.to, row.from).run();
  Statement(db_, "INSERT INTO coverage (account, stream, from_at, to_at) VALUES (?, ?, ?, ?)")
      .bind_all(row.account, row.stream, from, to)
      .run();
}

void CatalogWriter::put_description(const std::string& account, const std::string& asset_id, const AssetRow& described,
                                    UtcTime now) {
  const auto metadata_sha256 = sha256_hex(described.metadata);
  const auto raw_sha256 = described.raw.empty() ? std::string() : sha256_hex(described.raw);
  Statement state(db_, "SELECT state, metadata_sha256, raw_sha256 FROM asset WHERE account = ? AND asset_id = ?");
  require(state.bind_all(account, asset_id).step() ? 1 : 0, asset_name(account, asset_id));
  const bool active = state.text(0) == to_word(AssetState::kActive);
  const bool same = active && state.text(1) == metadata_sha256 && state.text(2) == raw_sha256;
  state.run();
  if (!same) {
    std::optional<std::string> raw;
    if (!described.raw.empty()) raw = deflate_text(described.raw);
    Statement update(db_,
                     "UPDATE asset SET state = 'active', withdrawn_at = NULL, sidecar_dirty = 1, media_type = ?,"
                     " title = ?, editorial = ?, metadata = ?, metadata_sha256 = ?, checked_at = ?, raw_sha256 = ?,"
                     " raw = ? WHERE account = ? AND asset_id = ?");
    update.bind_all(described.media_type, described.title, described.editorial, described.metadata, metadata_sha256,
                    now, raw_sha256);
    raw ? update.bind(Statement::Blob{*raw}) : update.bind(nullptr);
    update.bind_all(account, asset_id).run();
  }
  const auto updated_at = described.updated_at;
  Statement(db_,
            "UPDATE asset SET etag = ?1, checked_at = ?2,"
            " updated_at = CASE WHEN ?3 IS NULL THEN coalesce(updated_at, ?2)"
            " ELSE max(coalesce(updated_at, ?3), ?3) END WHERE account = ?4 AND asset_id = ?5")
      .bind_all(described.etag, now, updated_at, account, asset_id)
      .run();
  clear_pending(account, PendingKind::kMetadata, asset_id);
  clear_pending(account, PendingKind::kWithdrawal, asset_id);
}

void CatalogWriter::touch_checked(const std::string& account, const std::string& asset_id, UtcTime now) {
  require(Statement(db_, "UPDATE asset SET checked_at = ? WHERE account = ? AND asset_id = ?")
              .bind_all(now, account, asset_id)
              .run(),
          asset_name(account, asset_id));
}

void CatalogWriter::set_withdrawn(const std::string& account, const std::string& asset_id, UtcTime now) {
  require(Statement(db_,
                    "UPDATE asset SET state = 'withdrawn', withdrawn_at = coalesce(withdrawn_at, ?1),"
                    " checked_at = ?1, sidecar_dirty = 1 WHERE account = ?2 AND asset_id = ?3")
              .bind_all(now, account, asset_id)
              .run(),
          asset_name(account, asset_id));
  clear_pending(account, PendingKind::kMetadata, asset_id);
  clear_pending(account, PendingKind::kWithdrawal, asset_id);
}

void CatalogWriter::note_update(const std::string& account, const std::string& asset_id, UtcTime time) {
  Statement(db_,
            "UPDATE asset SET updated_at = max(coalesce(updated_at, ?1), ?1), noticed_at = ?1, sidecar_dirty = 1"
            " WHERE account = ?2 AND asset_id = ?3 AND coalesce(noticed_at, ?1 - 1) < ?1")
      .bind_all(time, account, asset_id)
      .run();
}

void CatalogWriter::put_file(const FileRow& f) {
  require(Statement(db_,
                    "UPDATE file SET state = ?, reason = ?, path = ?, bytes = ?, sha256 = ?, mirrored_at = ?,"
                    " verified_at = ? WHERE account = ? AND license_id = ?")
              .bind_all(to_word(f.state), f.reason, f.path, f.bytes, f.sha256, f.mirrored_at, f.verified_at, f.account,
                        f.license_id)
              .run(),
          "license " + f.account + ":" + f.license_id);
  if (f.state == FileState::kMirrored) share_with_siblings(f);
  if (f.state == FileState::kMirrored || f.state == FileState::kBlocked)
    clear_pending(f.account, PendingKind::kFile, f.license_id);
  Statement(db_,
            "UPDATE asset SET sidecar_dirty = 1 WHERE account = ?1 AND asset_id ="
            " (SELECT asset_id FROM file WHERE account = ?1 AND license_id = ?2)")
      .bind_all(f.account, f.license_id)
      .run();
}

void CatalogWriter::share_with_siblings(const FileRow& f) {
  constexpr const char* kSiblings =
      "SELECT s.license_id FROM file o JOIN file s ON s.account = o.account AND s.asset_id = o.asset_id"
      " AND s.license_id <> o.license_id WHERE o.account = ? AND o.license_id = ?"
      " AND ((s.state IN ('pending', 'failed') AND s.size <> '' AND s.size = o.size AND s.format = o.format)"
      "   OR (s.state IN ('missing', 'corrupt') AND s.path = o.path))";
  std::vector<std::string> siblings;
  {
    Statement query(db_, kSiblings);
    query.bind_all(f.account, f.license_id);
    while (query.step()) siblings.push_back(query.text(0));
  }
  for (const auto& license_id : siblings) {
    Statement(db_,
              "UPDATE file SET state = 'mirrored', reason = '', path = ?, bytes = ?, sha256 = ?,"
              " mirrored_at = ?, verified_at = ? WHERE account = ? AND license_id = ?")
        .bind_all(f.path, f.bytes, f.sha256, f.mirrored_at, f.verified_at, f.account, license_id)
        .run();
    clear_pending(f.account, PendingKind::kFile, license_id);
  }
}

void CatalogWriter::unblock_files(const std::string& account, const std::string& reason) {
  Statement(db_,
            "UPDATE file SET state = 'pending', reason = '' WHERE account = ?1 AND state <> 'mirrored'"
            " AND state = 'blocked' AND reason = ?2 AND EXISTS (SELECT 1 FROM license l WHERE l.account = ?1"
            " AND l.license_id = file.license_id AND l.state = 'held')")
      .bind_all(account, reason)
      .run();
}

void CatalogWriter::put_verified(const std::string& path, FileState state, UtcTime now) {
  Statement(db_,
            "UPDATE asset SET sidecar_dirty = 1 WHERE (account, asset_id) IN (SELECT account, asset_id FROM file"
            " WHERE path = ?1 AND path <> '' AND state IN ('mirrored', 'missing', 'corrupt') AND state <> ?2)")
      .bind_all(path, to_word(state))
      .run();
  Statement(db_,
            "UPDATE file SET state = ?, verified_at = ? WHERE path = ? AND path <> ''"
            " AND state IN ('mirrored', 'missing', 'corrupt')")
      .bind_all(to_word(state), now, path)
      .run();
}

void CatalogWriter::put_pending(const PendingRow& row) {
  Statement(db_,
            "INSERT INTO pending (account, kind, key, attempts, next_at, reason, first_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET attempts = excluded.attempts,"
            " next_at = excluded.next_at, reason = excluded.reason, first_at = min(first_at, excluded.first_at),"
            " settled_at = NULL")
      .bind_all(row.account, to_word(row.kind), row.key, row.attempts, row.next_at, row.reason, row.first_at)
      .run();
}

void CatalogWriter::want_recheck(const std::string& account, const std::string& asset_id, const std::string& reason,
                                 UtcTime now) {
  Statement(db_,
            "INSERT INTO pending (account, kind, key, attempts, next_at, reason, first_at)"
            " VALUES (?1, 'metadata', ?2, 0, ?3, ?4, ?3) ON CONFLICT DO UPDATE SET next_at = excluded.next_at")
      .bind_all(account, asset_id, now, reason)
      .run();
}

void CatalogWriter::settle_rejected(const std::string& account, const std::string& what,
                                    const std::set<std::string>& still_there, UtcTime now) {
  Statement rows(db_,
                 "SELECT key, settled_at IS NOT NULL FROM pending p WHERE account = ?1 AND kind = 'rejected'"
                 " AND substr(key, 1, length(?2) + 1) = ?2 || ' ' AND (?2 <> 'asset' OR NOT EXISTS (SELECT 1"
                 " FROM license l WHERE l.account = p.account AND l.asset_id = substr(p.key, 7)))");
  rows.bind_all(account, what);
  std::vector<std::pair<std::string, bool>> wrong;  // and whether it is there
  while (rows.step()) {
    auto key = rows.text(0);
    const bool there = still_there.contains(key), settled = rows.boolean(1);
    if (there == settled) wrong.emplace_back(std::move(key), there);
  }
  for (const auto& [key, there] : wrong)
    Statement(db_, "UPDATE pending SET settled_at = ? WHERE account = ? AND kind = 'rejected' AND key = ?")
        .bind_all(there ? std::nullopt : std::optional(now), account, key)
        .run();
}

void CatalogWriter::clear_pending(const std::string& account, PendingKind kind, const std::string& key) {
  Statement(db_, "DELETE FROM pending WHERE account = ? AND kind = ? AND key = ?")
      .bind_all(account, to_word(kind), key)
      .run();
}

void CatalogWriter::clear_pending(const std::string& account, PendingKind kind) {
  Statement(db_, "DELETE FROM pending WHERE account = ? AND kind = ?").bind_all(account, to_word(kind)).run();
}

void CatalogWriter::mark_sidecar_dirty(const std::string& account, const std::string& asset_id) {
  Statement(db_, "UPDATE asset SET sidecar_dirty = 1 WHERE account = ? AND asset_id = ? AND sidecar_dirty = 0")
      .bind_all(account, asset_id)
      .run();
}

void CatalogWriter::put_sidecar(const std::string& account, const std::string& asset_id, const std::string& path,
                                const std::string& sha256) {
  require(Statement(db_,
                    "UPDATE asset SET sidecar_dirty = 0, sidecar_path = ?, sidecar_sha256 = ?"
                    " WHERE account = ? AND asset_id = ?")
              .bind_all(path, sha256, account, asset_id)
              .run(),
          asset_name(account, asset_id));
}

void CatalogWriter::put_run(const RunSummary& run) {
  Statement(db_, "DELETE FROM run_account WHERE run_id = ?").bind(run.run_id).run();
  Statement(db_,
            "INSERT INTO run (run_id, started_at, finished_at, ok, dry_run) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at,"
            " ok = excluded.ok, dry_run = excluded.dry_run")
      .bind_all(run.run_id, run.started_at, run.finished_at, run.ok, run.dry_run)
      .run();
  int position = 0;
  for (const auto& a : run.accounts) {
    std::optional<std::string> code, message;
    if (a.error) {
      code = to_word(a.error->code);
      message = a.error->message;
    }
    Statement(db_,
              "INSERT INTO run_account (run_id, position, account, provider, error_code, error_message,"
              " licenses_seen, licenses_new, licenses_vanished, assets_updated, assets_withdrawn, files_mirrored,"
              " files_failed, files_blocked, assets_failed, items_rejected, bytes, calls_free, calls_spending)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind_all(run.run_id, position++, a.name, a.provider, code, message, a.licenses_seen, a.licenses_new,
                  a.licenses_vanished, a.assets_updated, a.assets_withdrawn, a.files_mirrored, a.files_failed,
                  a.files_blocked, a.assets_failed, a.items_rejected, a.bytes, a.calls_free, a.calls_spending)
        .run();
  }
}

}  // namespace damsync
