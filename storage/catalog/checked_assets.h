#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/base/time.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// Active and withdrawn assets of the account that were last looked at after `time` and are not wanted already, at most
/// `limit`: with the time of now, those that a clock which was ahead keeps from ever being stale.
///
/// Errors   SQL failures throw (`DatabaseError`).
std::vector<std::string> assets_checked_after(Database& db, const std::string& account, UtcTime time,
                                              std::size_t limit);

}  // namespace damsync
