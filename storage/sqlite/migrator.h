#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/migrations.h"

namespace damsync {

/// Marks a file as a catalog of damsync ("dams" in ASCII).
inline constexpr std::int64_t kApplicationId = 0x64616d73;

/// The schema version of an open database; 0: empty.
std::int64_t schema_version(Database& db);

/// Every object of the schema as `type name: SQL`, sorted; what SQLite keeps for itself is left out.
std::vector<std::string> schema_objects(Database& db);

/// That the database is a catalog of ours, not newer than `steps`, and has exactly the schema of its version.
///
/// Errors   kDamaged, naming what differs (both versions, the foreign application_id, the first altered object).
Status check_schema(Database& db, const std::vector<Migration>& steps);

/// Brings the database to the newest of `steps`, one transaction a step. Before the first step over an existing
/// catalog it writes a copy beside it, `<catalog>.v<version>-<time>`; the copy's path is returned.
///
/// Errors   kStorage when the copy cannot be made; SQL failures throw `DatabaseError` and leave the version before.
Result<std::optional<std::filesystem::path>> migrate(Database& db, const std::vector<Migration>& steps);

/// Writes a compact, consistent copy of the database to a name that must be free; readable by others of the group.
///
/// Durable  the copy appears under its name only when it is whole and synced.
Status write_snapshot(Database& db, const std::filesystem::path& target);

}  // namespace damsync
