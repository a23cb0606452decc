#include "storage/catalog/maintenance.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>
#include <sstream>

#include "storage/sqlite/migrations.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

constexpr UtcTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 3 / 15)};

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// A catalog file with one license.
void make_catalog(const std::string& path, const std::string& license_id) {
  CatalogBench bench(Database::open(path, OpenMode::kWrite));
  bench.upsert(sample_license(license_id));
}

bool holds(const std::string& path, const std::string& license_id) {
  const auto db = Database::open(path, OpenMode::kRead).value();
  return Catalog(*db).find_license("newsroom", license_id).has_value();
}

}  // namespace

TEST_CASE_FIXTURE(CatalogBench, "db check: a catalog of ours has no findings") {
  upsert(sample_license("l-1"));
  commit([&] { journal.append(sample_change(EventType::kLicenseAdded)); });
  CHECK(check_catalog(*db).empty());
}

TEST_CASE("db check: what rows promise each other is checked") {
  const char* edits[] = {
      "UPDATE asset SET revision = 7",
      "DELETE FROM file",
      "DELETE FROM pending",
      "INSERT INTO asset (account, asset_id, state, first_seen_at) VALUES ('newsroom', '9', 'unknown', 0);"
      "UPDATE file SET asset_id = '9'",
      "INSERT INTO coverage VALUES ('newsroom', 'updates', 0, 10), ('newsroom', 'updates', 5, 20)",
      "PRAGMA foreign_keys = OFF; DELETE FROM asset",
      "INSERT INTO change VALUES (2, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 0, 'sync.failed', '', '', '', '', 0, '[]')",
      "CREATE TABLE strange (a)",
  };
  for (const auto* edit : edits) {
    CAPTURE(std::string(edit));
    CatalogBench bench;
    bench.upsert(sample_license("l-1"));
    bench.db->execute(edit);
    CHECK(!check_catalog(*bench.db).empty());
  }
}

TEST_CASE("db backup: a copy is whole while the writer works, and its time is in the status") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  CatalogBench bench(Database::open(path, OpenMode::kWrite));
  bench.upsert(sample_license("l-1"));
  const auto reader = Database::open(path, OpenMode::kRead).value();
  Transaction busy(*bench.db);

  REQUIRE(backup_catalog(*reader, dir / "backup.db", kNow).ok());

  CHECK(holds(dir / "backup.db", "l-1"));
  const auto status = catalog_status(*reader);
  CHECK(status.last_backup_at == kNow);
  CHECK(status.last_backup_path == dir / "backup.db");
  CHECK(status.schema_version == migrations().back().version);
  CHECK(status.bytes > 0);
  CHECK(status.wal_bytes > 0);
  CHECK(std::find(status.rows.begin(), status.rows.end(), std::pair<std::string, std::int64_t>("license", 1)) !=
        status.rows.end());
}

TEST_CASE("db backup: a file that is there is never overwritten") {
  const TempDir dir;
  make_catalog(dir / "catalog.db", "l-1");
  std::ofstream(dir / "backup.db") << "older";
  const auto reader = Database::open(dir / "catalog.db", OpenMode::kRead).value();

  CHECK(backup_catalog(*reader, dir / "backup.db", kNow).error().code == ErrorCode::kStorage);
  CHECK(contents(dir / "backup.db") == "older");
}

TEST_CASE("db restore: the backup takes the place, what was there is set aside with its log") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  make_catalog(dir / "old.db", "l-old");
  REQUIRE(backup_catalog(*Database::open(dir / "old.db", OpenMode::kRead).value(), dir / "backup.db", kNow).ok());
  make_catalog(path, "l-new");
  std::ofstream(path + "-wal") << "a log";

  const auto aside = restore_backup(path, dir / "backup.db", kNow);

  REQUIRE(aside.ok());
  CHECK(holds(path, "l-old"));
  CHECK(!holds(path, "l-new"));
  REQUIRE(aside->has_value());
  CHECK(aside->value() == path + ".replaced-20260315T000000Z");
  CHECK(contents(aside->value().string() + "-wal") == "a log");
  std::filesystem::remove(aside->value().string() + "-wal");
  CHECK(holds(aside->value(), "l-new"));
  CHECK(holds(dir / "backup.db", "l-old"));
  CHECK(!std::filesystem::exists(path + ".restoring"));
}

TEST_CASE("db restore: what changes from then on has revisions above all that were told before") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  FakeClock clock;
  const auto change = [&] {
    const auto db = Database::open(path, OpenMode::kWrite).value();
    Transaction tx(*db);
    const auto told = ChangeJournal(*db, clock).append(sample_change(EventType::kAssetUpdated));
    tx.commit();
    CHECK(check_catalog(*db).empty());
    return told.revision;
  };
  make_catalog(path, "l-1");
  CHECK(change() == 1);
  REQUIRE(backup_catalog(*Database::open(path, OpenMode::kRead).value(), dir / "backup.db", kNow).ok());
  std::int64_t before = 0;
  for (int i = 0; i < 5; ++i) before = change();
  CHECK(before == 6);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(restore_backup(path, dir / "backup.db", kNow + Millis(1000 * i)).ok());
    CHECK(change() > before);
    before = change();
  }
}

TEST_CASE("db restore: where no catalog is, the backup becomes it") {
  const TempDir dir;
  make_catalog(dir / "backup.db", "l-1");
  const auto aside = restore_backup(dir / "catalog.db", dir / "backup.db", kNow);
  REQUIRE(aside.ok());
  CHECK(!aside->has_value());
  CHECK(holds(dir / "catalog.db", "l-1"));
}

TEST_CASE("db restore: what is no whole catalog is refused before anything moves") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  make_catalog(path, "l-1");
  const auto whole = contents(path);
  auto zeroed = whole;
  zeroed.replace(4096, 8192, std::string(8192, '\0'));
  const std::string cases[] = {"", "text", whole.substr(0, whole.size() - 4096), zeroed};
  for (const auto& bytes : cases) {
    std::ofstream(dir / "bad.db", std::ios::binary | std::ios::trunc) << bytes;
    const auto refused = restore_backup(path, dir / "bad.db", kNow);
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == ErrorCode::kDamaged);
    const std::string said = refused.error().message;
    CAPTURE(said);
    CHECK(said.starts_with(dir / "bad.db" + " is no usable backup ("));
    CHECK(said.ends_with("); the catalog is unchanged"));
    CHECK(said.find(".restoring") == std::string::npos);
    CHECK(said.find("db restore") == std::string::npos);
  }
  CHECK(restore_backup(path, dir / "none.db", kNow).error().code == ErrorCode::kStorage);
  CHECK(restore_backup(path, dir / "none.db", kNow).error().message ==
        dir / "none.db" + " is no usable backup (there is no such file); the catalog is unchanged");
  const auto itself = restore_backup(path, path, kNow);
  CHECK(itself.error().code == ErrorCode::kUsage);
  CHECK(itself.error().message == path + " is the catalog itself; name a backup of it");
  CHECK(contents(path) == whole);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 2);
}

}  // namespace damsync
