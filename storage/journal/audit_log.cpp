#include "storage/journal/audit_log.h"

#include <charconv>
#include <tuple>

#include "storage/base/digest.h"
#include "storage/base/json.h"
#include "storage/journal/audit_chain.h"
#include "storage/journal/audit_content.h"
#include "storage/journal/audit_past.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

constexpr const char* kSelect = "SELECT seq, time, kind, reference, detail, digest, hash FROM audit_log";

std::string select(const char* condition) { return std::string(kSelect) + condition; }

/// What the catalog holds when its log begins: everything before the change that is being appended.
AuditOrigin origin_before(Database& db, const Change& next) {
  AuditOrigin origin;
  Statement query(db,
                  "SELECT coalesce((SELECT max(seq) FROM change WHERE ?1 = 0 OR seq < ?1), 0),"
                  " coalesce((SELECT max(spend_id) FROM spend), 0)");
  query.bind(next.seq).step();
  origin.last_change = query.int64(0);
  origin.last_spend = query.int64(1);
  origin.licenses = origin_licenses(db, origin.last_change, next);
  return origin;
}

AuditDetail detail_of(Database& db, const Change& change) {
  AuditDetail detail;
  const auto& [account, license_id] = std::tie(change.account, change.license_id);
  if (covers_license(change.type) && !license_id.empty())
    detail.content = license_digest(db, account, license_id).value_or("");
  else if (change.type == EventType::kAssetStored && !license_id.empty())
    detail.content = file_digest(db, account, license_id);
  else if (covers_asset(change.type))
    detail.content = asset_digest(db, account, change.asset_id).value_or("");
  if (change.type == EventType::kLicenseChanged) detail.file = file_digest(db, account, license_id);
  const auto covered = covered_past(db), newest = newest_past(db);
  if (newest != covered) {
    detail.past = newest;
    detail.past_digest = past_digest(db, covered, newest);
  }
  return detail;
}

AuditRow report_row(const char* kind, const ReportSeal& report, UtcTime time) {
  return {0, time, kind, report.name, report.list_sha256, report.manifest_sha256, {}};
}

}  // namespace

std::string audit_row_hash(const std::string& previous, const AuditRow& row) {
  std::string text = previous + "\n[" + std::to_string(row.seq) + ',' + std::to_string(to_millis(row.time));
  for (const auto* field : {&row.kind, &row.reference, &row.detail, &row.digest}) {
    text += ',';
    append_json_string(text, *field);
  }
  text += ']';
  return sha256_hex(text);
}

std::int64_t audit_reference(const AuditRow& row) {
  std::int64_t number = 0;
  std::from_chars(row.reference.data(), row.reference.data() + row.reference.size(), number);
  return number;
}

AuditRow read_audit_row(const Statement& row) {
  return {row.int64(0), row.time(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)};
}

void AuditLog::append(AuditRow row) {
  if (!db_.in_transaction())
    throw DatabaseError(ErrorCode::kInternal, 0, "audit log: a row was appended outside of its transaction");
  const auto before = head();
  row.seq = before.seq + 1;
  row.hash = audit_row_hash(before.hash, row);
  Statement(db_,
            "INSERT INTO audit_log (seq, time, kind, reference, detail, digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind_all(row.seq, row.time, row.kind, row.reference, row.detail, row.digest, row.hash)
      .run();
}

void AuditLog::begin(UtcTime time) {
  Change none;
  none.time = time;
  begin_before(none);
}

void AuditLog::begin_before(const Change& next) {
  if (head().seq != 0) return;
  const auto origin = origin_before(db_, next);
  append({0, next.time, "origin", origin.to_text(), "", origin_digest(db_, origin, next), {}});
}

void AuditLog::append_change(const Change& change) {
  begin_before(change);
  append({0,
          change.time,
          "change",
          std::to_string(change.seq),
          detail_of(db_, change).to_text(),
          sha256_hex(change_content(db_, change.seq).value_or("")),
          {}});
}

void AuditLog::append_spend_opened(std::int64_t spend_id, UtcTime time) {
  append({0,
          time,
          "spend.opened",
          std::to_string(spend_id),
          "",
          sha256_hex(spend_intent_content(db_, spend_id).value_or("")),
          {}});
}

void AuditLog::append_spend_closed(std::int64_t spend_id, UtcTime time) {
  append({0,
          time,
          "spend.closed",
          std::to_string(spend_id),
          "",
          sha256_hex(spend_closed_content(db_, spend_id).value_or("")),
          {}});
}

void AuditLog::append_report_prepared(const ReportSeal& report, UtcTime time) {
  begin(time);
  append(report_row("report.prepared", report, time));
}

void AuditLog::append_report_published(const ReportSeal& report, UtcTime time) {
  begin(time);
  append(report_row("report.published", report, time));
}

void AuditLog::append_report_removed(const ReportSeal& report, UtcTime time) {
  begin(time);
  append(report_row("report.removed", report, time));
}

AuditHead AuditLog::head() const {
  Statement query(db_, "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1");
  if (!query.step()) return {};
  return {query.int64(0), query.text(1)};
}

std::optional<AuditRow> AuditLog::find(std::int64_t seq) const {
  Statement query(db_, select(" WHERE seq = ?"));
  if (!query.bind(seq).step()) return std::nullopt;
  return read_audit_row(query);
}

/// Changes stand in the log in their own order, so they are found by halving.
std::optional<AuditRow> AuditLog::find_change(std::int64_t change_seq) const {
  std::int64_t low = 1, high = head().seq;
  while (low <= high) {
    const std::int64_t middle = low + (high - low) / 2;
    Statement next(db_, select(" WHERE seq >= ? AND kind = 'change' ORDER BY seq LIMIT 1"));
    if (!next.bind(middle).step()) {
      high = middle - 1;
      continue;
    }
    auto row = read_audit_row(next);
    const std::int64_t found = audit_reference(row);
    if (found == change_seq) return row;
    if (found < change_seq)
      low = row.seq + 1;
    else
      high = middle - 1;
  }
  return std::nullopt;
}

std::vector<AuditRow> AuditLog::report_rows() const {
  Statement query(db_, select(" WHERE kind IN ('report.prepared', 'report.published', 'report.removed') ORDER BY seq"));
  std::vector<AuditRow> out;
  while (query.step()) out.push_back(read_audit_row(query));
  return out;
}

}  // namespace damsync
