#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// What `db status` tells.
struct CatalogStatus {
  std::int64_t schema_version = 0;
  std::int64_t bytes = 0;                                  ///< of the catalog file
  std::int64_t wal_bytes = 0;                              ///< of its write-ahead log; 0 when there is none
  std::vector<std::pair<std::string, std::int64_t>> rows;  ///< per table, in name order
  std::optional<UtcTime> last_backup_at;                   ///< of the last `backup_catalog`
  std::string last_backup_path;
};

/// Any connection will do, a reader's too; here and below.
CatalogStatus catalog_status(Database& db);

/// Looks for damage in all of the catalog: pages and indexes, references between rows, the schema, and what the rows
/// promise each other (a gapless feed, revisions that match it, coverage without overlaps). One line a finding for a
/// person; none when all is well.
std::vector<std::string> check_catalog(Database& db);

/// Writes a consistent copy to a name that must be free, also while the daemon writes. The time and the place are noted
/// in `<catalog>.last-backup`, as far as that may be written.
///
/// Durable  the copy appears under its name only when it is whole and synced.
/// Errors   kStorage when the name is taken or cannot be written.
Status backup_catalog(Database& db, const std::filesystem::path& target, UtcTime now);

/// Puts a backup in the place of a catalog after checking it. What is there is set aside as
/// `<catalog>.replaced-<time>` (with its -wal and -shm, if any), never deleted; the path is returned, or nothing when
/// nothing was there. What changes from then on has revisions above all that were ever told. The caller holds the
/// instance lock, so that nobody has the catalog open.
///
/// Errors   kDamaged when the backup is not a whole catalog of a version this program knows; nothing was moved then.
///          kStorage when it is not there, or cannot be copied or moved; kUsage when it is the catalog itself.
Result<std::optional<std::filesystem::path>> restore_backup(const std::filesystem::path& catalog,
                                                            const std::filesystem::path& backup, UtcTime now);

}  // namespace damsync
