#include <fmt/format.h>

#include <utility>

#include "storage/base/digest.h"
#include "storage/catalog/raw_text.h"
#include "storage/journal/audit_chain.h"
#include "storage/journal/audit_content.h"
#include "storage/journal/audit_log.h"
#include "storage/journal/audit_past.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

using Broken = std::optional<AuditBreak>;

/// What the walk has met, to be compared with the tables at its end.
struct Met {
  AuditOrigin origin;
  PastPosition past{};
  std::int64_t changes = 0, spends_opened = 0, spends_closed = 0;
};

std::int64_t number(Database& db, const char* sql, std::int64_t bound) {
  Statement query(db, sql);
  query.bind(bound).step();
  return query.int64(0);
}

struct ChangeKey {
  std::int64_t seq = 0;
  std::string type, account, asset_id, license_id;
};

ChangeKey change_key(Database& db, std::int64_t seq) {
  Statement query(db, "SELECT type, account, asset_id, license_id FROM change WHERE seq = ?");
  if (!query.bind(seq).step()) return {};
  return {seq, query.text(0), query.text(1), query.text(2), query.text(3)};
}

/// Later changes of the license have rows of their own, and only the last one covers what stands there now. A license
/// may have moved to another asset since.
bool is_last_word(Database& db, const ChangeKey& change, const char* types) {
  Statement later(db, std::string("SELECT 1 FROM change WHERE account = ?1 AND asset_id IN"
                                  " (?2, (SELECT asset_id FROM license WHERE account = ?1 AND license_id = ?3))"
                                  " AND license_id = ?3 AND seq > ?4 AND type IN ") +
                          types);
  return !later.bind_all(change.account, change.asset_id, change.license_id, change.seq).step();
}

bool is_last_of_asset(Database& db, const ChangeKey& change) {
  Statement later(db,
                  "SELECT 1 FROM change WHERE account = ? AND asset_id = ? AND seq > ?"
                  " AND type IN ('asset.updated', 'asset.withdrawn', 'asset.restored')");
  return !later.bind_all(change.account, change.asset_id, change.seq).step();
}

/// The provider's own words against the digest that is kept of them.
bool words_fit(const Statement& row) {
  if (row.is_null(0)) return row.text(1).empty();
  try {
    return sha256_hex(inflate_text(row.blob(0))) == row.text(1);
  } catch (const DatabaseError&) {
    return false;
  }
}

bool license_words_are_kept(Database& db, const ChangeKey& change) {
  Statement query(db, "SELECT raw, raw_sha256 FROM license WHERE account = ? AND license_id = ?");
  return query.bind_all(change.account, change.license_id).step() && words_fit(query);
}

bool asset_words_are_kept(Database& db, const ChangeKey& change) {
  Statement query(db, "SELECT raw, raw_sha256 FROM asset WHERE account = ? AND asset_id = ?");
  return query.bind_all(change.account, change.asset_id).step() && words_fit(query);
}

Broken broken_at(const AuditRow& row, std::string_view what, const ChangeKey& change, std::string_view how) {
  const bool asset = what == "asset";
  return AuditBreak{row.seq, fmt::format("the {} {}:{} of change {} {}", what, change.account,
                                         asset ? change.asset_id : change.license_id, row.reference, how)};
}

Broken check_license(Database& db, const AuditRow& row, const ChangeKey& change, const AuditDetail& detail) {
  if (change.type == "license.added" && !license_words_are_kept(db, change))
    return broken_at(row, "license", change, "does not hold the words that the provider said first");
  if (!is_last_word(db, change, "('license.added', 'license.changed', 'license.vanished')")) return std::nullopt;
  if (license_digest(db, change.account, change.license_id) != detail.content)
    return broken_at(row, "license", change, "was altered, or is gone, without a change of the feed");
  return std::nullopt;
}

/// A changed license may have got another file, or none.
Broken check_file(Database& db, const AuditRow& row, const ChangeKey& change, const std::string& sha256) {
  if (!is_last_word(db, change, "('asset.stored', 'license.changed')")) return std::nullopt;
  if (file_digest(db, change.account, change.license_id) == sha256) return std::nullopt;
  return broken_at(row, "file of", change, "was given another SHA-256, or is gone, without a change of the feed");
}

Broken check_asset(Database& db, const AuditRow& row, const ChangeKey& change, const AuditDetail& detail) {
  if (detail.content.empty()) return std::nullopt;  // a row of an older damsync
  if (!is_last_of_asset(db, change)) return std::nullopt;
  if (asset_digest(db, change.account, change.asset_id) != detail.content || !asset_words_are_kept(db, change))
    return broken_at(row, "asset", change, "was altered, or is gone, without a change of the feed");
  return std::nullopt;
}

Broken check_covered(Database& db, const AuditRow& row, const AuditDetail& detail) {
  const auto change = change_key(db, audit_reference(row));
  const auto type = event_type_from_word(change.type);
  if (!type) return std::nullopt;
  if (covers_asset(*type)) return check_asset(db, row, change, detail);
  if (change.license_id.empty()) return std::nullopt;
  if (*type == EventType::kAssetStored) return check_file(db, row, change, detail.content);
  if (!covers_license(*type)) return std::nullopt;
  if (auto broken = check_license(db, row, change, detail)) return broken;
  return detail.file ? check_file(db, row, change, *detail.file) : std::nullopt;
}

Broken check_past(Database& db, const AuditRow& row, const AuditDetail& detail, Met& met) {
  if (!detail.past) return std::nullopt;
  const auto from = std::exchange(met.past, *detail.past);
  if (past_digest(db, from, met.past) == detail.past_digest) return std::nullopt;
  return AuditBreak{row.seq,
                    "the past that was written down before change " + row.reference + " was altered or removed"};
}

Broken check_digest(const AuditRow& row, const std::optional<std::string>& content, std::string_view what) {
  if (content && sha256_hex(*content) == row.digest) return std::nullopt;
  return AuditBreak{row.seq,
                    fmt::format("{} {} {}", what, row.reference,
                                content ? "was altered" : "is gone, or was altered in what it says of itself")};
}

Broken check_subject(Database& db, const AuditRow& row, Met& met) {
  const auto number = audit_reference(row);
  if (row.kind == "change") {
    ++met.changes;
    if (auto broken = check_digest(row, change_content(db, number), "the change")) return broken;
    const auto detail = AuditDetail::from_text(row.detail);
    if (auto broken = check_past(db, row, detail, met)) return broken;
    return check_covered(db, row, detail);
  }
  if (row.kind == "spend.opened") {
    ++met.spends_opened;
    return check_digest(row, spend_intent_content(db, number), "the intent of spend");
  }
  if (row.kind == "spend.closed") {
    ++met.spends_closed;
    return check_digest(row, spend_closed_content(db, number), "the spend");
  }
  if (row.kind != "origin") return std::nullopt;
  const auto origin = AuditOrigin::from_text(row.reference);
  if (!origin) return AuditBreak{row.seq, "the first row does not say what it covers"};
  met.origin = *origin;
  if (origin_licenses(db, origin->last_change, {}) == origin->licenses && origin_digest(db, *origin, {}) == row.digest)
    return std::nullopt;
  return AuditBreak{row.seq, "a change, a license or a spend from before the log began was altered, added or removed"};
}

/// What stands in the tables and was never written down in the log.
Broken check_unlogged(Database& db, const Met& met) {
  const auto unlogged = [](std::string what) -> Broken {
    return AuditBreak{0, std::move(what) + " that the log does not tell of: added, or cut off the end of the log"};
  };
  if (number(db, "SELECT count(*) FROM change WHERE seq > ?", met.origin.last_change) != met.changes)
    return unlogged("the change feed holds a change");
  if (number(db, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change' AND ? >= 0", 0) !=
      number(db, "SELECT coalesce(max(seq), 0) FROM change WHERE seq > ?", 0))
    return AuditBreak{0, "changes were cut off the end of the feed"};
  if (number(db, "SELECT count(*) FROM spend WHERE spend_id > ?", met.origin.last_spend) != met.spends_opened)
    return unlogged("the spend ledger holds a row");
  if (number(db,
             "SELECT count(*) FROM spend WHERE spend_id > ? AND outcome IS NOT NULL AND CAST(spend_id AS TEXT) NOT IN"
             " (SELECT reference FROM audit_log WHERE kind = 'spend.closed')",
             met.origin.last_spend) != 0)
    return unlogged("the spend ledger holds an outcome");
  return std::nullopt;
}

}  // namespace

std::optional<AuditBreak> AuditLog::check() const {
  Met met;
  AuditHead before;
  Statement snapshot(db_, "SELECT seq FROM audit_log");  // while it is open, all below see the same state
  snapshot.step();
  Statement rows(db_, "SELECT seq, time, kind, reference, detail, digest, hash FROM audit_log ORDER BY seq");
  while (rows.step()) {
    const auto row = read_audit_row(rows);
    if (row.seq != before.seq + 1) return AuditBreak{before.seq + 1, "the row is missing from the audit log"};
    if (audit_row_hash(before.hash, row) != row.hash)
      return AuditBreak{
          row.seq, fmt::format("the row itself ({} {}) or the one before it was altered", row.kind, row.reference)};
    if (auto broken = check_subject(db_, row, met)) return broken;
    before = {row.seq, row.hash};
  }
  if (before.seq == 0) return std::nullopt;
  return check_unlogged(db_, met);
}

}  // namespace damsync
