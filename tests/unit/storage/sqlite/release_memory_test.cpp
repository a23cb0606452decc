#include "storage/sqlite/release_memory.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "storage/sqlite/database.h"
#include "storage/sqlite/statement.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

int cached_bytes(Database& db) {
  int now = 0, highest = 0;
  sqlite3_db_status(db.handle(), SQLITE_DBSTATUS_CACHE_USED, &now, &highest, 0);
  return now;
}

}  // namespace

TEST_CASE("release memory: the pages of a connection are given back, and it reads as before") {
  const TempDir dir;
  const auto db = Database::open(dir / "catalog.db", OpenMode::kWrite).value();
  db->execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      " INSERT INTO setting (key, value) SELECT 'key' || i, hex(randomblob(500)) FROM n");
  const auto rows = [&] {
    Statement count(*db, "SELECT count(*), sum(length(value)) FROM setting WHERE length(value) = 1000");
    count.step();
    return count.int64(0);
  };
  CHECK(rows() == 2000);
  REQUIRE(cached_bytes(*db) > 1 << 20);

  release_memory(*db);

  CHECK(cached_bytes(*db) < 1 << 16);
  CHECK(rows() == 2000);
}

}  // namespace damsync
