#pragma once

#include "storage/sqlite/database.h"

namespace damsync {

/// True when a statement failed because there was no room: it was rolled back, nothing is lost, and it works again once
/// there is.
bool is_disk_full(const DatabaseError& error) noexcept;

}  // namespace damsync
