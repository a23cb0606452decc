#include <fmt/format.h>

#include "storage/base/digest.h"
#include "storage/catalog/raw_text.h"
#include "storage/journal/audit_chain.h"
#include "storage/journal/audit_content.h"
#include "storage/journal/audit_log.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

using Broken = std::optional<AuditBreak>;

/// What the walk has met, to be compared with the tables at its end.
struct Met {
  AuditOrigin origin;
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
bool is_last_word(Database& db, const ChangeKey& change) {
  Statement later(db,
                  "SELECT 1 FROM change WHERE account = ?1 AND asset_id IN"
                  " (?2, (SELECT asset_id FROM license WHERE account = ?1 AND license_id = ?3))"
                  " AND license_id = ?3 AND seq > ?4 AND type LIKE 'license.%'");
  return !later.bind_all(change.account, change.asset_id, change.license_id, change.seq).step();
}

/// The provider's own words against the digest that is kept of them.
bool words_are_kept(Database& db, const ChangeKey& change) {
  Statement query(db, "SELECT raw, raw_sha256 FROM license WHERE account = ? AND license_id = ?");
  if (!query.bind_all(change.account, change.license_id).step()) return false;
  try {
    return sha256_hex(inflate_text(query.blob(0))) == query.text(1);
  } catch (const DatabaseError&) {
    return false;
  }
}

Broken check_license(Database& db, const AuditRow& row) {
  const auto change = change_key(db, audit_reference(row));
  const auto type = event_type_from_word(change.type);
  if (!type || !covers_license(*type) || change.license_id.empty()) return std::nullopt;
  const auto broken = [&](std::string_view what) -> Broken {
    return AuditBreak{row.seq, fmt::format("the license {}:{} of change {} {}", change.account, change.license_id,
                                           row.reference, what)};
  };
  if (*type == EventType::kLicenseAdded && !words_are_kept(db, change))
    return broken("does not hold the words that the provider said first");
  if (!is_last_word(db, change)) return std::nullopt;
  if (license_digest(db, change.account, change.license_id) != row.detail)
    return broken("was altered, or is gone, without a change of the feed");
  return std::nullopt;
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
    return check_license(db, row);
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
