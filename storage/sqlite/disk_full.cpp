#include "storage/sqlite/disk_full.h"

#include <sqlite3.h>

namespace damsync {

bool is_disk_full(const DatabaseError& error) noexcept { return (error.sqlite_code() & 0xFF) == SQLITE_FULL; }

}  // namespace damsync
