#include <variant>

#include "storage/catalog/catalog.h"
#include "storage/catalog/rows.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

/// A SELECT with the conditions of a filter; values are bound, never written into the text.
class Listing {
 public:
  explicit Listing(std::string select) : sql_(std::move(select)) {}

  Listing& where(std::string_view condition, std::variant<std::string, std::int64_t> value) {
    sql_.append(conditions_++ == 0 ? " WHERE " : " AND ").append(condition);
    values_.push_back(std::move(value));
    return *this;
  }
  Listing& where_text(std::string_view condition, const std::string& value) {
    return value.empty() ? *this : where(condition, value);
  }
  /// `column` is the time the filter's span is about.
  Listing& within(const std::string& column, const ListFilter& filter) {
    if (filter.since) where(column + " >= ?", to_millis(*filter.since));
    if (filter.until) where(column + " < ?", to_millis(*filter.until));
    return *this;
  }
  Listing& order(std::string_view by, const std::optional<std::int64_t>& limit = std::nullopt) {
    sql_.append(" ORDER BY ").append(by);
    if (!limit) return *this;
    sql_ += " LIMIT ?";
    values_.emplace_back(*limit);
    return *this;
  }

  /// Calls `visit` for each row until it returns false.
  template <class Visit>
  void each(Database& db, Visit&& visit) const {
    Statement query(db, sql_);
    for (const auto& value : values_) std::visit([&](const auto& v) { query.bind(v); }, value);
    while (query.step())
      if (!visit(query)) return;
  }

 private:
  std::string sql_;
  std::vector<std::variant<std::string, std::int64_t>> values_;
  int conditions_ = 0;
};

ErrorCode error_code_from_word(const std::string& word) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code)
    if (word == to_word(static_cast<ErrorCode>(code))) return static_cast<ErrorCode>(code);
  return ErrorCode::kInternal;
}

AccountSummary read_summary(const Statement& row) {
  AccountSummary out;
  out.name = row.text(0);
  out.provider = row.text(1);
  if (!row.is_null(2)) out.error = make_error(error_code_from_word(row.text(2)), row.text(3));
  int column = 4;
  for (auto* count : {&out.licenses_seen, &out.licenses_new, &out.licenses_vanished, &out.assets_updated,
                      &out.assets_withdrawn, &out.files_mirrored, &out.files_failed, &out.files_blocked,
                      &out.assets_failed, &out.items_rejected, &out.bytes, &out.calls_free, &out.calls_spending})
    *count = row.int64(column++);
  return out;
}

std::vector<AccountSummary> accounts_of_run(Database& db, const std::string& run_id) {
  Statement query(db,
                  "SELECT account, provider, error_code, error_message, licenses_seen, licenses_new, licenses_vanished,"
                  " assets_updated, assets_withdrawn, files_mirrored, files_failed, files_blocked, assets_failed,"
                  " items_rejected,"
                  " bytes, calls_free, calls_spending FROM run_account WHERE run_id = ? ORDER BY position");
  query.bind(run_id);
  std::vector<AccountSummary> out;
  while (query.step()) out.push_back(read_summary(query));
  return out;
}

}  // namespace

void Catalog::list_assets(const ListFilter& filter, const AssetVisitor& visit) const {
  Listing(kSelectAsset)
      .where_text("a.account = ?", filter.account)
      .where_text("c.provider = ?", filter.provider)
      .where_text("a.state = ?", filter.state)
      .within("a.updated_at", filter)
      .order("a.account, a.asset_id", filter.limit)
      .each(db_, [&](const Statement& row) { return visit(read_asset(row, RawText::kLeave)); });
}

void Catalog::list_licenses(const ListFilter& filter, const std::function<bool(const LicenseRow&)>& visit) const {
  Listing(kSelectLicense)
      .where_text("l.account = ?", filter.account)
      .where_text("c.provider = ?", filter.provider)
      .where_text("l.state = ?", filter.state)
      .within("l.licensed_at", filter)
      .order("l.account, l.license_id", filter.limit)
      .each(db_, [&](const Statement& row) { return visit(read_license(row, RawText::kLeave)); });
}

void Catalog::list_files(const ListFilter& filter, const std::function<bool(const FileRow&)>& visit) const {
  Listing(kSelectFile)
      .where_text("f.account = ?", filter.account)
      .where_text("c.provider = ?", filter.provider)
      .where_text("f.state = ?", filter.state)
      .within("f.mirrored_at", filter)
      .order("f.account, f.license_id", filter.limit)
      .each(db_, [&](const Statement& row) { return visit(read_file(row)); });
}

void Catalog::list_changes(const ListFilter& filter, std::int64_t after,
                           const std::function<bool(const Change&)>& visit) const {
  Listing(kSelectChange)
      .where("seq > ?", after)
      .where_text("account = ?", filter.account)
      .where_text("provider = ?", filter.provider)
      .where_text("type = ?", filter.state)
      .within("time", filter)
      .order("seq", filter.limit)
      .each(db_, [&](const Statement& row) { return visit(read_change(row)); });
}

void Catalog::list_runs(const ListFilter& filter, const std::function<bool(const RunSummary&)>& visit) const {
  Listing listing("SELECT run_id, started_at, finished_at, ok, dry_run FROM run");
  const auto of_account = [](const char* column) {
    return std::string("EXISTS (SELECT 1 FROM run_account r WHERE r.run_id = run.run_id AND r.") + column + " = ?)";
  };
  listing.where_text(of_account("account"), filter.account).where_text(of_account("provider"), filter.provider);
  if (!filter.state.empty()) listing.where("CASE ok WHEN 1 THEN 'ok' ELSE 'failed' END = ?", filter.state);
  listing.within("started_at", filter)
      .order("started_at DESC, run_id DESC", filter.limit)
      .each(db_, [&](const Statement& row) {
        RunSummary run;
        run.run_id = row.text(0);
        run.started_at = row.time(1);
        run.finished_at = row.time(2);
        run.ok = row.boolean(3);
        run.dry_run = row.boolean(4);
        run.accounts = accounts_of_run(db_, run.run_id);
        return visit(run);
      });
}

void Catalog::list_stored_files(const std::function<bool(const StoredFile&)>& visit) const {
  // Of the licenses that share a path the first one speaks for it: SQLite takes all columns from the row of min().
  Listing(
      "SELECT account, asset_id, path, sha256, bytes, state, verified_at, min(license_id) FROM file"
      " WHERE path <> '' AND state IN ('mirrored', 'missing', 'corrupt') GROUP BY path")
      .order("path")
      .each(db_, [&](const Statement& row) {
        return visit({.account = row.text(0),
                      .asset_id = row.text(1),
                      .path = row.text(2),
                      .sha256 = row.text(3),
                      .bytes = row.int64(4),
                      .state = file_state_from_word(row.text(5)).value_or(FileState::kMirrored),
                      .verified_at = row.opt_time(6)});
      });
}

void Catalog::list_sidecars(
    const std::function<bool(const std::string& path, const std::string& sha256)>& visit) const {
  Listing("SELECT sidecar_path, sidecar_sha256 FROM asset WHERE sidecar_path <> ''")
      .order("sidecar_path")
      .each(db_, [&](const Statement& row) { return visit(row.text(0), row.text(1)); });
}

}  // namespace damsync
