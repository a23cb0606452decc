#pragma once

#include <optional>
#include <string>

#include "storage/base/time.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// When the account's first cycle began; nothing: none did yet.
///
/// Errors   SQL failures throw (`DatabaseError`).
std::optional<UtcTime> known_since(Database& db, const std::string& account);

}  // namespace damsync
