#include "storage/catalog/audit_reader.h"

#include <algorithm>
#include <map>

#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

/// The columns of `AuditLicense`, each from the table that `l`, `a` and `f` stand for.
constexpr const char* kLicenseColumns[] = {"state",       "media_kind",       "license_type", "size",
                                           "format",      "licensed_at_text", "licensed_by",  "details",
                                           "licensed_at", "vanished_at",      "downloadable"};
constexpr const char* kAssetColumns[] = {"state", "metadata", "withdrawn_at"};
constexpr const char* kFileColumns[] = {"state", "reason", "path", "sha256", "bytes", "mirrored_at"};

/// `l.state`, or where an earlier row held at that moment, what that one says.
template <std::size_t N>
std::string columns(const char* table, const char* const (&names)[N], bool past) {
  std::string out;
  for (const char* name : names) {
    const std::string now = std::string(table) + "." + name;
    out += past ? ", iif(p" + std::string(table) + ".past_id IS NULL, " + now + ", p" + table + "." + name + ")"
                : ", " + now;
  }
  return out;
}

/// The row that held at the moment ?1 is the first one that ended after it.
std::string past_join(const char* table, const char* name, const char* key) {
  const std::string alias = std::string("p") + table, of = std::string(table) + ".";
  return " LEFT JOIN " + std::string(name) + "_past " + alias + " ON " + alias +
         ".past_id = (SELECT min(past_id) FROM " + name + "_past x WHERE x.account = " + of + "account AND x." + key +
         " = " + of + key + " AND x.until_at > ?1)";
}

std::string select_licenses(bool past, const std::string& where) {
  std::string sql =
      "SELECT a.account, c.provider, a.asset_id, l.license_id, l.raw_sha256, l.first_seen_at, f.verified_at,";
  sql +=
      " EXISTS (SELECT 1 FROM asset_past d WHERE d.account = a.account AND d.asset_id = a.asset_id"
      " AND d.metadata <> '')";
  sql += columns("l", kLicenseColumns, past) + columns("a", kAssetColumns, past) + columns("f", kFileColumns, past);
  sql +=
      " FROM account c CROSS JOIN asset a ON a.account = c.account"
      " CROSS JOIN license l INDEXED BY license_asset ON l.account = a.account AND l.asset_id = a.asset_id"
      " LEFT JOIN file f ON f.account = l.account AND f.license_id = l.license_id";
  if (past)
    sql += past_join("l", "license", "license_id") + past_join("a", "asset", "asset_id") +
           past_join("f", "file", "license_id");
  sql += past ? " WHERE l.first_seen_at <= ?1" : " WHERE ?1 IS NULL";
  return sql + where + " ORDER BY c.account, a.asset_id, l.license_id";  // as the tables lie: nothing is sorted
}

/// Reads columns one after the other.
class RowCursor {
 public:
  explicit RowCursor(const Statement& row) : row_(row) {}

  std::string_view text() { return row_.blob(next_++); }
  UtcTime time() { return row_.time(next_++); }
  std::optional<UtcTime> opt_time() { return row_.opt_time(next_++); }
  std::optional<std::int64_t> opt_int64() { return row_.opt_int64(next_++); }
  std::optional<bool> opt_bool() { return row_.opt_bool(next_++); }
  bool boolean() { return row_.boolean(next_++); }

 private:
  const Statement& row_;
  int next_ = 0;
};

void read_license(const Statement& row, AuditLicense& out) {
  RowCursor c(row);
  out.account = c.text();
  out.provider = c.text();
  out.asset_id = c.text();
  out.license_id = c.text();
  out.raw_sha256 = c.text();
  out.first_seen_at = c.time();
  out.verified_at = c.opt_time();
  out.described_before = c.boolean();
  for (auto* text : {&out.state, &out.media_kind, &out.license_type, &out.size, &out.format, &out.licensed_at_text,
                     &out.licensed_by, &out.details})
    *text = c.text();
  out.licensed_at = c.time();
  out.vanished_at = c.opt_time();
  out.downloadable = c.opt_bool();
  out.asset_state = c.text();
  out.metadata = c.text();
  out.withdrawn_at = c.opt_time();
  for (auto* text : {&out.file_state, &out.file_reason, &out.path, &out.sha256}) *text = c.text();
  out.bytes = c.opt_int64();
  out.mirrored_at = c.opt_time();
}

/// A file that was fetched later was still wanted then.
void go_back(AuditLicense& license, UtcTime past) {
  if (license.verified_at && *license.verified_at > past) license.verified_at.reset();
  if (!license.mirrored_at || *license.mirrored_at <= past) return;
  license.file_state = to_word(FileState::kPending);
  license.file_reason = license.path = license.sha256 = {};
  license.bytes.reset();
  license.mirrored_at.reset();
  license.verified_at.reset();
}

UtcTime end_of_time() { return UtcTime::max(); }

/// Above every id made until then: ids begin with their milliseconds in ten digits of base 32.
std::string ids_until(UtcTime time) {
  constexpr const char* kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string out(10, '0');
  auto rest = static_cast<std::uint64_t>(to_millis(time));
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, rest >>= 5) *digit = kDigits[rest & 31];
  return out + "~";
}

}  // namespace

AuditReader::AuditReader(Database& db, std::optional<UtcTime> past) : db_(db), past_(past), strays_(db) {
  db_.execute("BEGIN");
}

AuditReader::~AuditReader() { db_.rollback(); }

void AuditReader::licenses(const std::function<bool(const AuditLicense&)>& visit) const {
  visit_licenses("", {}, visit);
}

void AuditReader::licenses_of(const std::string& account, const std::string& asset_id,
                              const std::function<bool(const AuditLicense&)>& visit) const {
  visit_licenses(" AND a.account = ? AND a.asset_id = ?", {account, asset_id}, visit);
}

void AuditReader::visit_licenses(const std::string& where, const std::vector<std::string>& bound,
                                 const std::function<bool(const AuditLicense&)>& visit) const {
  Statement query(db_, select_licenses(past_.has_value(), where));
  query.bind(past_);
  for (const auto& text : bound) query.bind(text);
  AuditLicense license;
  while (query.step()) {
    read_license(query, license);
    if (past_) go_back(license, *past_);
    if (!visit(license)) return;
  }
}

std::int64_t AuditReader::count_licenses() const {
  Statement query(db_, "SELECT count(*) FROM license WHERE ?1 IS NULL OR first_seen_at <= ?1");
  query.bind(past_).step();
  return query.int64(0);
}

bool AuditReader::has_licenses(const std::string& account) const {
  Statement query(db_, "SELECT 1 FROM license WHERE account = ?1 AND (?2 IS NULL OR first_seen_at <= ?2) LIMIT 1");
  return query.bind_all(account, past_).step();
}

std::optional<UtcTime> AuditReader::newest_record() const {
  Statement query(db_,
                  "SELECT max(at) FROM (SELECT max(last_ok_at) AS at FROM stream"
                  " UNION ALL SELECT max(finished_at) FROM run WHERE dry_run = 0"
                  " UNION ALL SELECT max(intended_at) FROM spend UNION ALL SELECT max(closed_at) FROM spend"
                  " UNION ALL SELECT max(first_seen_at) FROM stray_file UNION ALL SELECT max(gone_at) FROM stray_file"
                  " UNION ALL SELECT max(read_at) FROM plan_reading"
                  " UNION ALL SELECT max(first_seen_at) FROM account"
                  " UNION ALL SELECT * FROM (SELECT time FROM change WHERE type <> 'report.completed'"
                  " ORDER BY seq DESC LIMIT 1))");
  query.step();
  return query.opt_time(0);
}

std::vector<PastDescription> AuditReader::descriptions(const std::string& account, const std::string& asset_id) const {
  Statement query(db_,
                  "SELECT until_at, metadata FROM asset_past WHERE account = ?1 AND asset_id = ?2 AND metadata <> ''"
                  " AND (?3 IS NULL OR until_at <= ?3) ORDER BY past_id");
  query.bind_all(account, asset_id, past_);
  std::vector<PastDescription> out;
  while (query.step()) out.push_back({query.time(0), query.text(1)});
  return out;
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

std::vector<AuditPlan> AuditReader::plans() const {
  Statement query(
      db_,
      "WITH reading AS (SELECT p.account, r.read_at, p.plan_id, p.description, p.license_type, p.expires_at,"
      " p.download_limit, p.downloads_left, p.period_ends_at FROM plan p JOIN plan_reading r USING (account)"
      " UNION ALL SELECT account, read_at, plan_id, description, license_type, expires_at, download_limit,"
      " downloads_left, period_ends_at FROM plan_past)"
      " SELECT r.account, c.provider, r.plan_id, r.description, r.license_type, r.expires_at, r.download_limit,"
      " r.downloads_left, r.period_ends_at FROM reading r JOIN account c USING (account) WHERE r.read_at ="
      " (SELECT max(x.read_at) FROM reading x WHERE x.account = r.account AND x.read_at <= ?1)"
      " ORDER BY r.account, r.plan_id");
  query.bind(past_.value_or(end_of_time()));
  std::vector<AuditPlan> out;
  while (query.step())
    out.push_back({query.text(0),
                   query.text(1),
                   {query.text(2), query.text(3), query.text(4), query.opt_time(5), query.opt_int64(6),
                    query.opt_int64(7), query.opt_time(8)}});
  return out;
}

std::vector<StreamRow> AuditReader::streams() const {
  std::vector<StreamRow> rows = Catalog(db_).streams();
  if (!past_) return rows;
  for (auto& row : rows) {
    Statement success(db_,
                      "SELECT max(r.finished_at) FROM run r JOIN run_account a USING (run_id) WHERE a.account = ?"
                      " AND a.error_code IS NULL AND r.dry_run = 0 AND r.finished_at <= ?");
    success.bind_all(row.account, *past_).step();
    row.last_ok_at = success.opt_time(0);
    if (row.last_full_at && *row.last_full_at > *past_) row.last_full_at.reset();
    Statement newest(db_,
                     "SELECT a.error_message FROM run r JOIN run_account a USING (run_id) WHERE a.account = ?"
                     " AND r.dry_run = 0 AND r.finished_at <= ? ORDER BY r.finished_at DESC, r.run_id DESC LIMIT 1");
    row.last_error = newest.bind_all(row.account, *past_).step() ? newest.text(0) : "";
  }
  return rows;
}

std::vector<CoverageRow> AuditReader::coverage() const {
  std::vector<CoverageRow> rows = Catalog(db_).coverage();
  if (!past_) return rows;
  std::erase_if(rows, [&](const CoverageRow& row) { return row.from > *past_; });
  for (auto& row : rows) row.to = std::min(row.to, *past_);
  return rows;
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
  return out;
}

std::vector<std::pair<std::string, std::string>> AuditReader::accounts() const {
  Statement query(db_, "SELECT account, provider FROM account WHERE first_seen_at <= ? ORDER BY account");
  query.bind(past_.value_or(end_of_time()));
  std::vector<std::pair<std::string, std::string>> out;
  while (query.step()) out.emplace_back(query.text(0), query.text(1));
  return out;
}

std::optional<ReportMark> AuditReader::last_report_before(const std::string& report_date) const {
  // From the newest row back: reports are nightly, so the one that is looked for is near.
  Statement query(db_,
                  "SELECT seq, time FROM change WHERE type = 'report.completed' AND time <= ?"
                  " AND substr(json_extract(fields, '$[0]'), 1, 10) < ? ORDER BY seq DESC LIMIT 1");
  if (!query.bind_all(past_.value_or(end_of_time()), report_date).step()) return std::nullopt;
  return ReportMark{query.int64(0), query.time(1)};
}

void AuditReader::changes(const ReportMark& since, const std::function<bool(const Change&)>& visit) const {
  Statement query(db_, std::string(kSelectChange) + " WHERE seq > ? AND time <= ? ORDER BY seq");
  query.bind_all(since.seq, past_.value_or(end_of_time()));
  while (query.step())
    if (!visit(read_change(query))) return;
}

}  // namespace damsync
