#include "storage/catalog/stored_files.h"

#include <string_view>

#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

// Of the licenses that share a path the first one speaks for it: SQLite takes all columns from the row of min().
constexpr std::string_view kAfter =
    "SELECT account, asset_id, path, sha256, bytes, state, verified_at, min(license_id) FROM file"
    " WHERE path > ?1 AND path <> '' AND state IN ('mirrored', 'missing', 'corrupt') GROUP BY path ORDER BY path"
    " LIMIT ?2";
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

std::vector<Catalog::StoredFile> StoredFiles::after(const std::string& path, std::size_t limit) const {
  std::vector<Catalog::StoredFile> out;
  Statement row(db_, kAfter);
  row.bind_all(path, static_cast<std::int64_t>(limit));
  while (row.step()) out.push_back(read(row));
  return out;
}

std::optional<Catalog::StoredFile> StoredFiles::at(const std::string& path) const {
  Statement row(db_, kAt);
  row.bind(path);
  if (!row.step()) return std::nullopt;
  return read(row);
}

}  // namespace damsync
