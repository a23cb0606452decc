#pragma once

#include <optional>
#include <string>

#include "storage/base/result.h"
#include "storage/base/time.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// When the account's first cycle began; nothing: none did yet.
///
/// Errors   SQL failures throw (`DatabaseError`).
std::optional<UtcTime> known_since(Database& db, const std::string& account);

/// That the account is of this provider, or new: the ids of one provider mean nothing to another.
///
/// Errors   kSettings; SQL failures throw (`DatabaseError`).
Status check_provider(Database& db, const std::string& account, const std::string& provider);

}  // namespace damsync
