#include "storage/sqlite/release_memory.h"

#include <sqlite3.h>

#include <mutex>

#include "storage/sqlite/database.h"

namespace damsync {

void release_memory(Database& db) {
  const std::lock_guard lock(db);
  sqlite3_db_release_memory(db.handle());
}

}  // namespace damsync
