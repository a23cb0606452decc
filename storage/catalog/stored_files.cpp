#include "storage/catalog/stored_files.h"

#include <algorithm>
#include <string_view>

#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

// Of the licenses that share a path the first one speaks for it: SQLite takes all columns from the row of min().
constexpr std::string_view kTurns =
    "SELECT rowid, iif(verified_at <= ?1, verified_at, 0), min(license_id) FROM file"
    " WHERE path <> '' AND state IN ('mirrored', 'missing', 'corrupt') GROUP BY path ORDER BY path";
constexpr std::string_view kFind =
    "SELECT account, asset_id, path, sha256, bytes, state, verified_at, min(license_id) FROM file"
    " WHERE path = (SELECT path FROM file WHERE rowid = ?1) AND path <> ''"
    " AND state IN ('mirrored', 'missing', 'corrupt') GROUP BY path";
constexpr std::string_view kAt =
    "SELECT account, asset_id, path, sha256, bytes, state, verified_at, min(license_id) FROM file"
    " WHERE path = ?1 AND path <> '' AND state IN ('mirrored', 'missing', 'corrupt') GROUP BY path";

Catalog::StoredFile read(const Statement& row) {
  return {.account = row.text(0),
          .asset_id = row.text(1),
          .path = row.text(2),
          .sha256 = row.text(3),
          .bytes = row.int64(4),
          .state = file_state_from_word(row.text(5)).value_or(FileState::kMirrored),
          .verified_at = row.opt_time(6)};
}

}  // namespace

std::vector<StoredFiles::Turn> StoredFiles::by_age(UtcTime now) const {
  std::vector<Turn> out;
  Statement row(db_, kTurns);
  row.bind(now);
  while (row.step()) out.push_back({row.int64(0), row.time(1)});
  std::stable_sort(out.begin(), out.end(), [](const Turn& a, const Turn& b) { return a.verified_at < b.verified_at; });
  return out;
}

std::optional<Catalog::StoredFile> StoredFiles::find(const Turn& turn) const {
  Statement row(db_, kFind);
  row.bind(turn.row);
  if (!row.step()) return std::nullopt;
  return read(row);
}

std::optional<Catalog::StoredFile> StoredFiles::at(const std::string& path) const {
  Statement row(db_, kAt);
  row.bind(path);
  if (!row.step()) return std::nullopt;
  return read(row);
}

}  // namespace damsync
