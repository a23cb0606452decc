#include "storage/catalog/catalog_care.h"

#include <fmt/format.h>

#include "storage/sqlite/database.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/migrator.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Moves the catalog and what belongs to it aside; nothing when there is none.
Result<std::optional<fs::path>> set_aside(const fs::path& catalog, UtcTime now) {
  const std::string aside = fmt::format("{}.replaced-{}", catalog.string(), to_millis(now));
  bool moved = false;
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const fs::path from = catalog.string() + suffix;
    if (!is_there(from)) continue;
    if (auto done = move_aside(from, aside + suffix); !done) return done.error();
    moved = true;
  }
  return moved ? std::optional<fs::path>(aside) : std::nullopt;
}

}  // namespace

std::vector<std::string> find_faults(Database& db) {
  std::vector<std::string> faults;
  Statement pages(db, "PRAGMA integrity_check(100)");
  while (pages.step())
    if (std::string line = pages.text(0); line != "ok") faults.push_back(std::move(line));
  Statement references(db, "PRAGMA foreign_key_check");
  while (references.step() && faults.size() < 200)
    faults.push_back(
        fmt::format("row of {} refers to a row of {} that is not there", references.text(0), references.text(2)));
  return faults;
}

Status backup_catalog(const fs::path& catalog, const fs::path& target) {
  auto db = Database::open(catalog, OpenMode::kRead);
  if (!db) return db.error();
  (*db)->execute("PRAGMA query_only = OFF;");  // the copy is written through this connection; the catalog stays mode=ro
  return write_snapshot(**db, target);
}

Result<std::optional<fs::path>> restore_catalog(const fs::path& backup, const fs::path& catalog, UtcTime now) {
  if (!is_there(backup)) return make_error(ErrorCode::kStorage, fmt::format("there is no file {}", backup.string()));
  auto db = Database::open_copy(backup);
  if (!db) return db.error();
  if (const auto faults = find_faults(**db); !faults.empty())
    return make_error(ErrorCode::kDamaged, fmt::format("the backup {} is damaged ({}); nothing was changed",
                                                       backup.string(), faults.front()));
  const fs::path fresh = fmt::format("{}.restored-{}", catalog.string(), to_millis(now));
  if (auto written = write_snapshot(**db, fresh); !written) return written.error();
  auto aside = set_aside(catalog, now);
  if (!aside) return aside;
  if (auto placed = move_aside(fresh, catalog); !placed) return placed.error();
  return aside;
}

}  // namespace damsync
