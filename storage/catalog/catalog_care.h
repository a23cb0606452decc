#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

class Database;

/// Every fault that SQLite finds in the whole catalog: pages, indexes, constraints, references. Empty: it is sound.
std::vector<std::string> find_faults(Database& db);

/// Writes a consistent copy of the catalog, taken while others may write, to a name that must be free.
///
/// Errors   kStorage, kDamaged, kLocked as of opening and copying.
/// Durable  the copy appears under its name only when it is whole and synced.
Status backup_catalog(const std::filesystem::path& catalog, const std::filesystem::path& target);

/// Puts a checked copy of `backup`, brought to the current schema, in the catalog's place. What stood there is set
/// aside as `<catalog>.replaced-<time>`, never deleted; its path is returned. Nothing is touched when the backup is
/// unsound. The caller keeps everybody else away.
///
/// Errors   kDamaged: the backup is no sound catalog; kStorage.
Result<std::optional<std::filesystem::path>> restore_catalog(const std::filesystem::path& backup,
                                                             const std::filesystem::path& catalog, UtcTime now);

}  // namespace damsync
