#include "storage/ledger/spend_ledger.h"

#include "storage/journal/audit_log.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr const char* kOperation = "download";

constexpr const char* kSelect =
    "SELECT s.account, s.asset_id, s.license_id, s.size, s.format, s.product, s.history_rows, s.intended_at,"
    " s.spend_id, c.provider, s.operation, s.returned_at, s.outcome, s.closed_at, s.detail, s.provider_ref,"
    " s.file_format, s.valid_until, s.looked_at, s.parked_reason, s.decided_by, s.decision_reason, s.service_at"
    " FROM spend s CROSS JOIN account c ON c.account = s.account";

SpendRow read_spend(const Statement& row) {
  SpendRow out;
  int column = 0;
  for (auto* text : {&out.account, &out.asset_id, &out.license_id, &out.size, &out.format, &out.product})
    *text = row.text(column++);
  out.history_rows = row.int64(6);
  out.at = row.time(7);
  out.spend_id = row.int64(8);
  out.provider = row.text(9);
  out.operation = row.text(10);
  out.returned_at = row.opt_time(11);
  if (!row.is_null(12)) out.outcome = spend_outcome_from_word(row.text(12));
  out.closed_at = row.opt_time(13);
  out.detail = row.text(14);
  out.source = {row.text(15), row.text(16), row.opt_time(17)};
  out.looked_at = row.opt_time(18);
  out.parked_reason = row.text(19);
  out.decided_by = row.text(20);
  out.decision_reason = row.text(21);
  out.service_at = row.opt_time(22);
  return out;
}

std::vector<SpendRow> rows_of(Statement& query) {
  std::vector<SpendRow> out;
  while (query.step()) out.push_back(read_spend(query));
  return out;
}

std::string where(const char* condition) { return std::string(kSelect) + " WHERE " + condition; }

/// Changes exactly one open row, or it is a broken promise of ours.
void require_one(std::int64_t changed, std::int64_t spend_id) {
  if (changed != 1)
    throw DatabaseError(ErrorCode::kInternal, 0,
                        "spend ledger: there is no open row " + std::to_string(spend_id) + " to write to");
}

bool is_claimed(Database& db, const SpendIntent& intent) {
  Statement query(db,
                  "SELECT 1 FROM spend WHERE asset_id = ?2 AND account IN (SELECT account FROM account WHERE provider ="
                  " (SELECT provider FROM account WHERE account = ?1))"
                  " AND (outcome IS NULL OR (outcome = 'spent' AND (license_id = ?3 OR (size = ?4 AND format = ?5))))");
  return query.bind_all(intent.account, intent.asset_id, intent.license_id, intent.size, intent.format).step();
}

std::int64_t count_calls(Database& db, const std::string& account, UtcTime since) {
  // A clock that was set back must not hand out the day's budget again, so the future counts, too.
  Statement query(db,
                  "SELECT count(*) FROM spend WHERE account = ? AND intended_at >= ?"
                  " AND (outcome IS NULL OR outcome = 'spent')");
  query.bind_all(account, since).step();
  return query.int64(0);
}

std::int64_t insert_spend(Database& db, const SpendIntent& intent, std::optional<std::int64_t> spend_id) {
  Statement insert(db,
                   "INSERT INTO spend (spend_id, account, asset_id, license_id, operation, size, format, product,"
                   " history_rows, intended_at, service_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " RETURNING spend_id");
  insert.bind_all(spend_id, intent.account, intent.asset_id, intent.license_id, kOperation, intent.size, intent.format,
                  intent.product, intent.history_rows, intent.at, intent.service_at);
  insert.step();
  const std::int64_t id = insert.int64(0);
  insert.run();
  return id;
}

}  // namespace

const char* to_word(SpendOutcome outcome) noexcept {
  switch (outcome) {
    case SpendOutcome::kSpent: return "spent";
    case SpendOutcome::kRefused: return "refused";
    case SpendOutcome::kNotSpent: return "not_spent";
  }
  return "?";
}

std::optional<SpendOutcome> spend_outcome_from_word(std::string_view word) noexcept {
  for (const auto outcome : {SpendOutcome::kSpent, SpendOutcome::kRefused, SpendOutcome::kNotSpent})
    if (word == to_word(outcome)) return outcome;
  return std::nullopt;
}

SpendOpening SpendLedger::open(const SpendIntent& intent, const SpendAllowance& allowance) {
  Transaction tx(db_);
  if (is_claimed(db_, intent)) return {SpendOpening::Answer::kClaimed, 0};
  if (count_calls(db_, intent.account, allowance.since) >= allowance.calls)
    return {SpendOpening::Answer::kOverBudget, 0};
  AuditLog audit(db_);
  audit.begin(intent.at);
  const SpendOpening opening{SpendOpening::Answer::kOpened, insert_spend(db_, intent, std::nullopt)};
  audit.append_spend_opened(opening.spend_id, intent.at);
  tx.commit();
  return opening;
}

void SpendLedger::close_spent(std::int64_t spend_id, const SpendSource& source, const std::string& detail,
                              UtcTime now) {
  Transaction tx(db_);
  AuditLog audit(db_);
  audit.begin(now);
  require_one(Statement(db_,
                        "UPDATE spend SET outcome = 'spent', closed_at = ?1, returned_at = coalesce(returned_at, ?1),"
                        " detail = ?2, provider_ref = ?3, file_format = ?4, valid_until = ?5"
                        " WHERE spend_id = ?6 AND outcome IS NULL")
                  .bind_all(now, detail, source.url, source.format, source.valid_until, spend_id)
                  .run(),
              spend_id);
  audit.append_spend_closed(spend_id, now);
  tx.commit();
}

void SpendLedger::close_unspent(std::int64_t spend_id, SpendOutcome outcome, const std::string& detail, UtcTime now) {
  if (outcome == SpendOutcome::kSpent)
    throw DatabaseError(ErrorCode::kInternal, 0, "spend ledger: a spent row is not closed as unspent");
  Transaction tx(db_);
  AuditLog audit(db_);
  audit.begin(now);
  require_one(Statement(db_,
                        "UPDATE spend SET outcome = ?1, closed_at = ?2, returned_at = coalesce(returned_at, ?2),"
                        " detail = ?3 WHERE spend_id = ?4 AND outcome IS NULL")
                  .bind_all(to_word(outcome), now, detail, spend_id)
                  .run(),
              spend_id);
  audit.append_spend_closed(spend_id, now);
  tx.commit();
}

void SpendLedger::note_unknown(std::int64_t spend_id, const std::string& detail, UtcTime now) {
  Transaction tx(db_);
  require_one(Statement(db_, "UPDATE spend SET returned_at = ?, detail = ? WHERE spend_id = ? AND outcome IS NULL")
                  .bind_all(now, detail, spend_id)
                  .run(),
              spend_id);
  tx.commit();
}

void SpendLedger::note_look(std::int64_t spend_id, UtcTime now) {
  Transaction tx(db_);
  require_one(Statement(db_, "UPDATE spend SET looked_at = ? WHERE spend_id = ? AND outcome IS NULL")
                  .bind_all(now, spend_id)
                  .run(),
              spend_id);
  tx.commit();
}

void SpendLedger::park(std::int64_t spend_id, const std::string& reason) {
  Transaction tx(db_);
  require_one(Statement(db_, "UPDATE spend SET parked_reason = ? WHERE spend_id = ? AND outcome IS NULL")
                  .bind_all(reason, spend_id)
                  .run(),
              spend_id);
  tx.commit();
}

void SpendLedger::decide(std::int64_t spend_id, SpendOutcome outcome, const std::string& by, const std::string& reason,
                         UtcTime now) {
  Transaction tx(db_);
  AuditLog audit(db_);
  audit.begin(now);
  require_one(Statement(db_,
                        "UPDATE spend SET outcome = ?, closed_at = ?, decided_by = ?, decision_reason = ?"
                        " WHERE spend_id = ? AND outcome IS NULL")
                  .bind_all(to_word(outcome), now, by, reason, spend_id)
                  .run(),
              spend_id);
  audit.append_spend_closed(spend_id, now);
  tx.commit();
}

std::optional<SpendRow> SpendLedger::find(std::int64_t spend_id) const {
  Statement query(db_, where("s.spend_id = ?"));
  if (!query.bind(spend_id).step()) return std::nullopt;
  return read_spend(query);
}

std::vector<SpendRow> SpendLedger::open_rows(const std::string& account) const {
  Statement query(db_, where("s.account = ? AND s.outcome IS NULL ORDER BY s.spend_id"));
  query.bind(account);
  return rows_of(query);
}

std::vector<SpendRow> SpendLedger::of_asset(const std::string& provider, const std::string& asset_id) const {
  Statement query(db_, where("s.account IN (SELECT account FROM account WHERE provider = ?) AND s.asset_id = ?"
                             " ORDER BY s.spend_id"));
  query.bind_all(provider, asset_id);
  return rows_of(query);
}

std::vector<SpendRow> SpendLedger::newest_claims(const std::string& account, std::int64_t limit) const {
  Statement query(db_, where("s.account = ? AND (s.outcome IS NULL OR s.outcome = 'spent')"
                             " ORDER BY s.spend_id DESC LIMIT ?"));
  query.bind_all(account, limit);
  return rows_of(query);
}

bool SpendLedger::recover(const SpendIntent& intent, std::int64_t spend_id, const std::string& detail, UtcTime now) {
  Transaction tx(db_);
  if (!Catalog(db_).find_license(intent.account, intent.license_id) || is_claimed(db_, intent)) return false;
  AuditLog audit(db_);
  audit.begin(now);
  const std::int64_t id = insert_spend(db_, intent, find(spend_id) ? std::nullopt : std::optional(spend_id));
  audit.append_spend_opened(id, now);
  tx.commit();
  close_spent(id, {}, detail, now);
  return true;
}

std::int64_t SpendLedger::calls_since(const std::string& account, UtcTime since) const {
  return count_calls(db_, account, since);
}

void SpendLedger::list(const ListFilter& filter, const std::function<bool(const SpendRow&)>& visit) const {
  Statement query(db_, where("(?1 = '' OR s.account = ?1) AND (?2 = '' OR c.provider = ?2)"
                             " AND (?3 = '' OR coalesce(s.outcome, 'open') = ?3)"
                             " AND (?4 IS NULL OR s.intended_at >= ?4) AND (?5 IS NULL OR s.intended_at < ?5)"
                             " ORDER BY s.spend_id LIMIT ?6"));
  query.bind_all(filter.account, filter.provider, filter.state, filter.since, filter.until, filter.limit.value_or(-1));
  while (query.step())
    if (!visit(read_spend(query))) return;
}

}  // namespace damsync
