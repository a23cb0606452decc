#include <algorithm>
#include <map>

#include "storage/catalog/audit_reader.h"
#include "storage/catalog/pending_kind.h"
#include "storage/catalog/plan_book.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

// What a report says of accounts: their feeds, plans and calls, and what is missing.

namespace damsync {
namespace {

UtcTime end_of_time() { return UtcTime::max(); }

/// What a run can end with although it read every feed: a brake holds, or there is no room in the store. Should a feed
/// have failed as well, the graver error alone is kept; that the run failed is told anyhow.
constexpr ErrorCode kMetAfterReading[] = {ErrorCode::kGuard, ErrorCode::kStorage, ErrorCode::kLowSpace};

/// Above every id made until then: ids begin with their milliseconds in ten digits of base 32.
std::string ids_until(UtcTime time) {
  constexpr const char* kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string out(10, '0');
  auto rest = static_cast<std::uint64_t>(to_millis(time));
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, rest >>= 5) *digit = kDigits[rest & 31];
  return out + "~";
}

/// The moment behind `name=` in the fields of an event.
std::optional<UtcTime> moment_in(const Change& event, std::string_view name) {
  for (const std::string_view field : event.fields) {
    if (!field.starts_with(name) || field.substr(name.size(), 1) != "=") continue;
    if (const auto time = parse_rfc3339(field.substr(name.size() + 1))) return *time;
  }
  return std::nullopt;
}

constexpr std::size_t kKeysNamed = 5;

/// Rows of account, key, reason, in account order.
std::vector<AuditShortfall> shortfalls(Statement& query) {
  std::vector<AuditShortfall> out;
  while (query.step()) {
    if (out.empty() || out.back().account != query.text(0)) out.push_back({query.text(0), 0, {}, query.text(2)});
    auto& last = out.back();
    if (++last.count <= static_cast<std::int64_t>(kKeysNamed)) last.keys.push_back(query.text(1));
  }
  return out;
}

/// What was set aside and can be told to have been read since: the license is there, the asset was looked at again. A
/// license that came without an id of its own goes by that of its asset. A feed's row about an asset that is not ours
/// tells nothing.
constexpr const char* kStillMissing =
    " FROM pending p WHERE p.kind = 'rejected' AND (?1 IS NULL OR p.first_at <= ?1)"
    " AND (p.settled_at IS NULL OR p.settled_at > ?1) AND ("
    " (p.key LIKE 'license %' AND NOT EXISTS (SELECT 1 FROM license l WHERE l.account = p.account"
    " AND l.license_id = substr(p.key, 9)) AND NOT EXISTS (SELECT 1 FROM license l WHERE l.account = p.account"
    " AND l.asset_id = substr(p.key, 9) AND l.first_seen_at >= p.first_at))"
    " OR (?1 IS NULL AND p.key LIKE 'asset %' AND NOT EXISTS (SELECT 1 FROM asset a WHERE a.account = p.account"
    " AND a.asset_id = substr(p.key, 7) AND a.state <> 'unknown' AND a.checked_at > p.first_at))"
    " OR (?1 IS NULL AND p.key LIKE 'update %' AND EXISTS (SELECT 1 FROM asset a WHERE a.account = p.account"
    " AND a.asset_id = substr(p.key, 8) AND a.checked_at <= p.first_at)))";

}  // namespace

bool AuditReader::has_licenses(const std::string& account) const {
  Statement query(db_,
                  "SELECT 1 FROM license WHERE account = ?1 AND (?2 IS NULL OR first_seen_at <= ?2 OR"
                  " licensed_at <= ?2) LIMIT 1");
  return query.bind_all(account, past_).step();
}

std::vector<OpenSpend> AuditReader::open_spends() const {
  Statement query(db_,
                  "SELECT s.spend_id, s.account, c.provider, s.asset_id, s.license_id, s.intended_at FROM spend s"
                  " JOIN account c ON c.account = s.account WHERE s.intended_at <= ?1"
                  " AND (s.outcome IS NULL OR s.closed_at > ?1) ORDER BY s.spend_id");
  query.bind(past_.value_or(end_of_time()));
  std::vector<OpenSpend> out;
  while (query.step())
    out.push_back({query.int64(0), query.text(1), query.text(2), query.text(3), query.text(4), query.time(5)});
  return out;
}

std::optional<UtcTime> AuditReader::plans_read_at(const std::string& account) const {
  if (!past_) return PlanBook(db_).read_at(account);
  Statement query(db_,
                  "SELECT max(at) FROM (SELECT read_at AS at FROM plan_reading WHERE account = ?1 AND read_at <= ?2"
                  " UNION ALL SELECT max(read_at) FROM plan_past WHERE account = ?1 AND read_at <= ?2)");
  query.bind_all(account, *past_).step();
  return query.opt_time(0);
}

bool AuditReader::plans_refused(const std::string& account) const { return !past_ && PlanBook(db_).refused(account); }

std::vector<AuditPlan> AuditReader::plans() const {
  std::vector<AuditPlan> out;
  for (const auto& [account, provider] : accounts()) {
    const auto read_at = plans_read_at(account);
    if (!read_at) continue;
    Statement query(
        db_,
        "SELECT plan_id, description, license_type, expires_at, download_limit, downloads_left, period_ends_at"
        " FROM plan WHERE account = ?1 AND EXISTS (SELECT 1 FROM plan_reading WHERE account = ?1 AND read_at = ?2)"
        " UNION ALL SELECT plan_id, description, license_type, expires_at, download_limit, downloads_left,"
        " period_ends_at FROM plan_past WHERE account = ?1 AND read_at = ?2 AND plan_id <> ''"
        " AND NOT EXISTS (SELECT 1 FROM plan_reading WHERE account = ?1 AND read_at = ?2) ORDER BY plan_id");
    query.bind_all(account, *read_at);
    while (query.step())
      out.push_back({account,
                     provider,
                     {query.text(0), query.text(1), query.text(2), query.opt_time(3), query.opt_int64(4),
                      query.opt_int64(5), query.opt_time(6)},
                     *read_at});
  }
  return out;
}

void AuditReader::earlier_plans(const AuditPlan& plan,
                                const std::function<bool(const Plan&, UtcTime read_at)>& visit) const {
  Statement query(
      db_,
      "SELECT description, license_type, expires_at, download_limit, downloads_left, period_ends_at, read_at"
      " FROM plan_past WHERE account = ? AND plan_id = ? AND read_at < ? ORDER BY read_at DESC");
  query.bind_all(plan.account, plan.plan.plan_id, plan.read_at);
  while (query.step())
    if (!visit({plan.plan.plan_id, query.text(0), query.text(1), query.opt_time(2), query.opt_int64(3),
                query.opt_int64(4), query.opt_time(5)},
               query.time(6)))
      return;
}

std::vector<StreamRow> AuditReader::streams() const {
  std::vector<StreamRow> rows = Catalog(db_).streams();
  if (!past_) return rows;
  for (auto& row : rows) {
    Statement success(db_,
                      "SELECT max(r.finished_at) FROM run r JOIN run_account a USING (run_id) WHERE a.account = ?"
                      " AND (a.error_code IS NULL OR a.error_code IN (?, ?, ?)) AND r.dry_run = 0"
                      " AND r.finished_at <= ?");
    success.bind(row.account);
    for (const auto code : kMetAfterReading) success.bind(to_word(code));
    success.bind(*past_).step();
    row.last_ok_at = success.opt_time(0);
    row.last_full_at.reset();  // only the last one is kept
    row.last_error.clear();
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> AuditReader::failed_runs() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (!past_) return out;
  for (const auto& [account, provider] : accounts()) {
    Statement newest(db_,
                     "SELECT a.error_message FROM run r JOIN run_account a USING (run_id) WHERE a.account = ?"
                     " AND r.dry_run = 0 AND r.finished_at <= ? ORDER BY r.finished_at DESC, r.run_id DESC LIMIT 1");
    if (newest.bind_all(account, *past_).step() && !newest.text(0).empty()) out.emplace_back(account, newest.text(0));
  }
  return out;
}

std::vector<CoverageRow> AuditReader::coverage() const {
  std::vector<CoverageRow> rows = Catalog(db_).coverage();
  if (past_) std::erase_if(rows, [&](const CoverageRow& row) { return row.from > *past_; });
  return rows;
}

bool AuditReader::rechecked_since(const std::string& account, UtcTime time) const {
  if (past_) {
    // What a feed let go a provider makes up for by telling of a change of every asset: the run that was told so and
    // described all it was to describe has looked at them all.
    Statement first(db_,
                    "SELECT a.error_code IS NULL AND a.assets_failed = 0 FROM run r JOIN run_account a USING (run_id)"
                    " WHERE a.account = ?1 AND r.dry_run = 0 AND r.finished_at >= ?2 AND r.finished_at <= ?3"
                    " ORDER BY r.finished_at, r.run_id LIMIT 1");
    return first.bind_all(account, time, *past_).step() && first.boolean(0);
  }
  const auto none = [](const char* unchecked) {
    return std::string("NOT EXISTS (SELECT 1 FROM asset a WHERE a.account = ?1 AND a.first_seen_at <= ?2 AND ") +
           unchecked +
           " AND (EXISTS (SELECT 1 FROM license l WHERE l.account = a.account AND l.asset_id = a.asset_id"
           " AND l.state = 'held' AND l.media_kind = 'image') OR NOT EXISTS (SELECT 1 FROM license l"
           " WHERE l.account = a.account AND l.asset_id = a.asset_id)))";
  };
  Statement query(db_, "SELECT " + none("a.state = 'active' AND a.checked_at < ?2") + " AND " +
                           none("a.state <> 'active' AND coalesce(a.checked_at, 0) < ?2"));
  query.bind_all(account, time).step();
  return query.boolean(0);
}

std::optional<HistoryReading> AuditReader::history_reading(const std::string& account, UtcTime full_at) const {
  if (past_) return std::nullopt;
  std::map<std::string, std::int64_t> by_scan;
  {
    Statement query(db_,
                    "SELECT s.scan_id, count(*) FROM license_seen s JOIN license l USING (account, license_id)"
                    " WHERE s.account = ? AND l.state = 'held' GROUP BY s.scan_id");
    query.bind(account);
    while (query.step()) by_scan[query.text(0)] = query.int64(1);
  }
  // Ids of readings begin with their time; a later one, still under way, has moved some rows on already.
  const std::string limit = ids_until(full_at);
  auto last = by_scan.upper_bound(limit);
  HistoryReading out;
  if (last != by_scan.begin()) --last;
  for (; last != by_scan.end(); ++last) out.seen += last->second;
  Statement query(db_, "SELECT count(*) FROM license WHERE account = ? AND state = 'held' AND first_seen_at <= ?");
  query.bind_all(account, full_at).step();
  out.expected = query.int64(0);
  Statement aside(db_, std::string("SELECT count(*)") + kStillMissing +
                           " AND p.account = ?2 AND p.first_at <= ?3 AND p.key LIKE 'license %'");
  aside.bind_all(past_, account, full_at).step();
  out.expected += aside.int64(0);
  return out;
}

std::vector<AuditShortfall> AuditReader::rejected() const {
  Statement query(db_, std::string("SELECT p.account, p.key, p.reason") + kStillMissing + " ORDER BY p.account, p.key");
  query.bind(past_);
  return shortfalls(query);
}

std::vector<AuditShortfall> AuditReader::waiting() const {
  if (past_) return {};
  Statement query(db_,
                  "SELECT p.account, p.key, p.reason FROM pending p WHERE p.kind = 'metadata'"
                  " AND (p.attempts > 0 OR p.reason IN (?, ?) OR EXISTS (SELECT 1 FROM asset a"
                  " WHERE a.account = p.account AND a.asset_id = p.key AND a.state = 'unknown'))"
                  " ORDER BY p.account, p.key");
  query.bind_all(kChangeAnnounced, kDeletionAnnounced);
  return shortfalls(query);
}

std::vector<HeldLosses> AuditReader::held_losses() const {
  if (past_) return {};
  Statement query(db_,
                  "SELECT account, sum(kind = 'withdrawal'), sum(kind = 'vanish') FROM pending"
                  " WHERE kind IN ('withdrawal', 'vanish') GROUP BY account ORDER BY account");
  std::vector<HeldLosses> out;
  while (query.step()) out.push_back({query.text(0), query.int64(1), query.int64(2)});
  return out;
}

std::vector<AuditShortfall> AuditReader::undescribed() const {
  const std::string held =
      " AND EXISTS (SELECT 1 FROM license l WHERE l.account = a.account AND l.asset_id = a.asset_id"
      " AND l.media_kind = 'image')";
  if (!past_) {
    Statement query(db_, "SELECT a.account, a.asset_id, '' FROM asset a WHERE a.state = 'unknown'" + held +
                             " AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.account = a.account"
                             " AND p.kind = 'metadata' AND p.key = a.asset_id) ORDER BY a.account, a.asset_id");
    return shortfalls(query);
  }
  Statement query(db_,
                  "SELECT a.account, a.asset_id, '' FROM asset a WHERE a.first_seen_at <= ?1 AND"
                  " coalesce((SELECT x.state FROM asset_past x WHERE x.account = a.account AND x.asset_id = a.asset_id"
                  " AND x.until_at > ?1 ORDER BY x.past_id LIMIT 1), a.state) = 'unknown'" +
                      held + " ORDER BY a.account, a.asset_id");
  query.bind(*past_);
  return shortfalls(query);
}

std::optional<UtcTime> AuditReader::file_state_since(const AuditLicense& license) const {
  Statement query(db_,
                  "SELECT until_at FROM file_past WHERE account = ?1 AND license_id = ?2 AND state <> ?3"
                  " AND (?4 IS NULL OR until_at <= ?4) ORDER BY past_id DESC LIMIT 1");
  if (!query.bind_all(license.account, license.license_id, license.file_state, past_).step()) return std::nullopt;
  return query.time(0);
}

std::optional<UtcTime> AuditReader::not_downloadable_since(const AuditLicense& license) const {
  Statement query(db_,
                  "SELECT until_at FROM license_past WHERE account = ?1 AND license_id = ?2 AND downloadable IS NOT 0"
                  " AND (?3 IS NULL OR until_at <= ?3) ORDER BY past_id DESC LIMIT 1");
  if (!query.bind_all(license.account, license.license_id, past_).step()) return std::nullopt;
  return query.time(0);
}

std::vector<PaidCall> AuditReader::paid_calls(std::string_view provider, std::string_view asset_id) const {
  Statement query(db_,
                  "SELECT s.spend_id, s.license_id, s.intended_at FROM account c"
                  " CROSS JOIN spend s INDEXED BY spend_asset ON s.account = c.account AND s.asset_id = ?1"
                  " WHERE c.provider = ?2 AND s.intended_at <= ?3 AND s.outcome = 'spent' AND s.closed_at <= ?3"
                  " ORDER BY s.spend_id");
  query.bind_all(asset_id, provider, past_.value_or(end_of_time()));
  std::vector<PaidCall> out;
  while (query.step()) out.push_back({query.int64(0), query.text(1), query.time(2)});
  return out;
}

std::vector<std::pair<std::string, std::string>> AuditReader::accounts() const {
  Statement query(db_, "SELECT account, provider FROM account WHERE first_seen_at <= ? ORDER BY account");
  query.bind(past_.value_or(end_of_time()));
  std::vector<std::pair<std::string, std::string>> out;
  while (query.step()) out.emplace_back(query.text(0), query.text(1));
  return out;
}

std::optional<ReportMark> AuditReader::last_report_before(const std::string& report_date,
                                                          const std::string& chain) const {
  // From the newest row back: reports are nightly, so the one that is looked for is near. The log tells the chain; the
  // row after that of a report is the one of its event.
  const std::string folder = chain.empty() ? "" : chain + "/";
  Statement reports(db_,
                    "SELECT CAST(e.reference AS INTEGER) FROM audit_log r JOIN audit_log e ON e.seq = r.seq + 1"
                    " AND e.kind = 'change' WHERE r.kind IN ('report.prepared', 'report.published', 'report.removed')"
                    " AND r.kind = 'report.published' AND substr(r.reference, 1, length(?1)) = ?1"
                    " AND instr(substr(r.reference, length(?1) + 1), '/') = 0"
                    " AND substr(r.reference, length(?1) + 1, 10) < ?2 ORDER BY r.seq DESC");
  reports.bind_all(folder, report_date);
  while (reports.step()) {
    Statement event(db_, std::string(kSelectChange) + " WHERE seq = ? AND type = 'report.completed'");
    if (!event.bind(reports.int64(0)).step()) continue;
    if (const auto mark = mark_of(read_change(event)); mark.as_of <= past_.value_or(end_of_time())) return mark;
  }
  return std::nullopt;
}

std::optional<UtcTime> AuditReader::account_since(const std::string& account) const {
  Statement query(db_, "SELECT first_seen_at FROM account WHERE account = ? AND first_seen_at <= ?");
  if (!query.bind_all(account, past_.value_or(end_of_time())).step()) return std::nullopt;
  return query.time(0);
}

/// What an event of a report says of the moments it covers.
ReportMark AuditReader::mark_of(const Change& event) const {
  const auto as_of = moment_in(event, "as_of");
  if (!as_of) return {event.seq, event.time, event.time};
  Statement newest(db_, "SELECT seq FROM change WHERE seq < ? AND +time <= ? ORDER BY seq DESC LIMIT 1");
  newest.bind_all(event.seq, *as_of);
  const std::int64_t seq = newest.step() ? newest.int64(0) : 0;
  return {seq, *as_of, moment_in(event, "judged_at").value_or(*as_of)};
}

void AuditReader::changes(const ReportMark& since, const std::function<bool(const Change&)>& visit) const {
  Statement query(db_, std::string(kSelectChange) + " WHERE seq > ? AND time <= ? ORDER BY seq");
  query.bind_all(since.seq, past_.value_or(end_of_time()));
  while (query.step())
    if (!visit(read_change(query))) return;
}

}  // namespace damsync
