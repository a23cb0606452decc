#include "storage/catalog/audit_reader.h"

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
std::string past_join(const char* table, const char* name, const char* key, const char* and_that = "") {
  const std::string alias = std::string("p") + table, of = std::string(table) + ".";
  return " LEFT JOIN " + std::string(name) + "_past " + alias + " ON " + alias +
         ".past_id = (SELECT min(past_id) FROM " + name + "_past x WHERE x.account = " + of + "account AND x." + key +
         " = " + of + key + " AND x.until_at > ?1" + and_that + ")";
}

/// Of an asset that was not known at that moment, what was first said of it.
constexpr const char* kDescribed = " AND (a.first_seen_at <= ?1 OR x.metadata <> '')";
constexpr const char* kDescribedBefore =
    " EXISTS (SELECT 1 FROM asset_past d WHERE d.account = a.account AND d.asset_id = a.asset_id"
    " AND d.metadata <> '')";

std::string select_licenses(bool past, const std::string& where) {
  std::string sql = "SELECT a.account, c.provider, a.asset_id, l.license_id, l.raw_sha256, l.first_seen_at,";
  sql += past ? " NULL," : " f.verified_at,";  // the next look at the file overwrites it
  sql += kDescribedBefore;
  sql +=
      ", EXISTS (SELECT 1 FROM license o WHERE o.account = a.account AND o.asset_id = a.asset_id"
      " AND o.license_id <> l.license_id)";
  sql += columns("l", kLicenseColumns, past) + columns("a", kAssetColumns, past) + columns("f", kFileColumns, past);
  sql +=
      " FROM account c CROSS JOIN asset a ON a.account = c.account"
      " CROSS JOIN license l INDEXED BY license_asset ON l.account = a.account AND l.asset_id = a.asset_id"
      " LEFT JOIN file f ON f.account = l.account AND f.license_id = l.license_id";
  if (past)
    sql += past_join("l", "license", "license_id") + past_join("a", "asset", "asset_id", kDescribed) +
           past_join("f", "file", "license_id") +
           " WHERE (l.first_seen_at <= ?1 OR iif(pl.past_id IS NULL, l.licensed_at, pl.licensed_at) <= ?1)";
  else
    sql += " WHERE ?1 IS NULL";
  return sql + where + " ORDER BY c.account, a.asset_id, l.license_id";  // as the tables lie: nothing is sorted
}

/// Those of accounts that give no licenses at all.
std::string select_assets(bool past) {
  std::string sql = "SELECT a.account, c.provider, a.asset_id,";
  sql += kDescribedBefore;
  sql += columns("a", kAssetColumns, past) + " FROM account c CROSS JOIN asset a ON a.account = c.account";
  if (past) sql += past_join("a", "asset", "asset_id", kDescribed);
  return sql +
         " WHERE (?1 IS NULL OR a.first_seen_at <= ?1) AND NOT EXISTS"
         " (SELECT 1 FROM license o WHERE o.account = c.account) ORDER BY c.account, a.asset_id";
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
  out.has_siblings = c.boolean();
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
  license.learned_later = license.first_seen_at > past;
  if (!license.mirrored_at || *license.mirrored_at <= past) return;
  license.file_state = to_word(FileState::kPending);
  license.file_reason = license.path = license.sha256 = {};
  license.bytes.reset();
  license.mirrored_at.reset();
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

std::string AuditReader::licenses_sql() const { return select_licenses(past_.has_value(), ""); }

void AuditReader::unlicensed_assets(const std::function<bool(const AuditAsset&)>& visit) const {
  Statement query(db_, select_assets(past_.has_value()));
  query.bind(past_);
  while (query.step()) {
    RowCursor c(query);
    AuditAsset asset;
    for (auto* text : {&asset.account, &asset.provider, &asset.asset_id}) *text = c.text();
    asset.described_before = c.boolean();
    asset.state = c.text();
    asset.metadata = c.text();
    asset.withdrawn_at = c.opt_time();
    if (!visit(asset)) return;
  }
}

std::int64_t AuditReader::count_licenses() const {
  Statement query(db_, "SELECT count(*) FROM license WHERE ?1 IS NULL OR first_seen_at <= ?1 OR licensed_at <= ?1");
  query.bind(past_).step();
  return query.int64(0);
}

std::optional<UtcTime> AuditReader::newest_record(UtcTime now) const {
  Statement query(db_,
                  "SELECT max(at) FROM (SELECT max(last_ok_at) AS at FROM stream WHERE last_ok_at <= ?1"
                  " UNION ALL SELECT max(finished_at) FROM run WHERE dry_run = 0 AND finished_at <= ?1"
                  " UNION ALL SELECT max(intended_at) FROM spend WHERE intended_at <= ?1"
                  " UNION ALL SELECT max(closed_at) FROM spend WHERE closed_at <= ?1"
                  " UNION ALL SELECT max(first_seen_at) FROM stray_file WHERE first_seen_at <= ?1"
                  " UNION ALL SELECT max(gone_at) FROM stray_file WHERE gone_at <= ?1"
                  " UNION ALL SELECT max(read_at) FROM plan_reading WHERE read_at <= ?1"
                  " UNION ALL SELECT max(first_seen_at) FROM account WHERE first_seen_at <= ?1"
                  " UNION ALL SELECT * FROM (SELECT time FROM change WHERE type <> 'report.completed' AND time <= ?1"
                  " ORDER BY seq DESC LIMIT 1)"
                  " UNION ALL SELECT * FROM (SELECT until_at FROM file_past WHERE until_at <= ?1"
                  " ORDER BY past_id DESC LIMIT 1))");
  query.bind(now).step();
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

}  // namespace damsync
