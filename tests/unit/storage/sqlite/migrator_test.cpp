#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "storage/sqlite/migrator.h"
#include "storage/sqlite/statement.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// The real migrations and two more, as a later program would have them.
std::vector<Migration> later_migrations() {
  auto steps = migrations();
  const int next = steps.back().version + 1;
  steps.push_back({next, "later_note",
                   "-- A table; with [brackets], semicolons and 'quotes;'.\n"
                   "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n"
                   "INSERT INTO note (text) VALUES ('[a;b]');"});
  steps.push_back({next + 1, "later_column", "ALTER TABLE note ADD COLUMN at INTEGER; -- done\n"});
  return steps;
}

std::vector<std::string> files_of(const TempDir& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("schema: schema.sql with schema_past.sql and the migrations agree") {
  auto by_file = Database::open_blank().value();
  for (const char* part : {"schema.sql", "schema_past.sql"})
    by_file->execute(contents(source_dir() + "/storage/sqlite/" + part));
  const auto by_steps = Database::open({}, OpenMode::kInMemory).value();

  CHECK(schema_objects(*by_file) == schema_objects(*by_steps));
}

TEST_CASE("schema: every migration opens with a comment that names it, and numbers have no gap") {
  int expected = 1;
  for (const auto& step : migrations()) {
    CHECK(step.version == expected++);
    CHECK(step.sql.substr(0, 3) == "-- ");
    CHECK(step.sql.find(step.name.substr(0, 4)) == 3);
  }
}

TEST_CASE("schema: every table is STRICT") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  Statement query(*db,
                  "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0"
                  " AND name NOT LIKE 'sqlite_%'");
  CHECK(!query.step());
}

TEST_CASE("D4 migrator: an older catalog is migrated after a copy of it was put beside") {
  const TempDir dir;
  const auto db = Database::open(dir / "catalog.db", OpenMode::kWrite).value();
  db->execute("INSERT INTO setting VALUES ('kept', 'yes')");

  const auto copy = migrate(*db, later_migrations());

  REQUIRE(copy.ok());
  REQUIRE(copy->has_value());
  CHECK(schema_version(*db) == later_migrations().back().version);
  CHECK(check_schema(*db, later_migrations()).ok());
  Statement note(*db, "SELECT text, at FROM note");
  REQUIRE(note.step());
  CHECK(note.text(0) == "[a;b]");
  const auto before = Database::open(**copy, OpenMode::kRead);
  REQUIRE(before.ok());
  Statement kept(**before, "SELECT value FROM setting WHERE key = 'kept'");
  REQUIRE(kept.step());
  CHECK(kept.text(0) == "yes");
}

TEST_CASE("migrator: a new catalog needs no copy") {
  const TempDir dir;
  { const auto db = Database::open(dir / "catalog.db", OpenMode::kWrite); }
  CHECK(files_of(dir) == std::vector<std::string>{"catalog.db"});
}

TEST_CASE("D4 migrator: a newer catalog is refused, named with both versions, and left as it is") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  {
    const auto db = Database::open(path, OpenMode::kWrite).value();
    REQUIRE(migrate(*db, later_migrations()).ok());
  }
  const auto before = contents(path);

  for (const auto mode : {OpenMode::kWrite, OpenMode::kRead}) {
    const auto refused = Database::open(path, mode);
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == ErrorCode::kDamaged);
    const auto newest = std::to_string(migrations().back().version);
    const auto found = std::to_string(later_migrations().back().version);
    CHECK(refused.error().message.find("version " + found) != std::string::npos);
    CHECK(refused.error().message.find("up to " + newest) != std::string::npos);
  }
  CHECK(contents(path) == before);
}

TEST_CASE("migrator: a step that fails at any statement leaves the catalog at the version before it") {
  const auto steps = later_migrations();
  const auto first = migrations().back().version;
  const TempDir origin;
  { const auto db = Database::open(origin / "catalog.db", OpenMode::kWrite); }
  bool finished = false;
  for (int fail_at = 1; !finished; ++fail_at) {
    REQUIRE(fail_at < 100);
    const TempDir dir;
    const auto path = dir / "catalog.db";
    std::filesystem::copy_file(origin / "catalog.db", path);
    const auto db = Database::open(path, OpenMode::kWrite).value();
    int calls = 0;
    db->set_fault_hook([&](std::string_view) { return ++calls == fail_at ? SQLITE_FULL : 0; });

    try {
      const auto migrated = migrate(*db, steps);
      finished = migrated.ok() && calls < fail_at;
      if (!finished) CHECK(migrated.error().code == ErrorCode::kStorage);
    } catch (const DatabaseError& error) {
      CHECK(error.code() == ErrorCode::kStorage);
    }

    db->set_fault_hook(nullptr);
    CHECK(!db->in_transaction());
    CHECK(schema_version(*db) >= first);
    CHECK(check_schema(*db, steps).ok());
    CHECK(migrate(*db, steps).ok());
    CHECK(schema_version(*db) == steps.back().version);
  }
}

TEST_CASE("D6 migrator: a schema that is not exactly ours is refused and named") {
  const char* edits[] = {
      "CREATE TRIGGER evil AFTER INSERT ON license BEGIN DELETE FROM file; END",
      "CREATE VIEW evil AS SELECT 1",
      "CREATE TABLE evil (a, b GENERATED ALWAYS AS (a + 1))",
      "DROP TRIGGER change_kept",
      "DROP INDEX file_path",
  };
  for (const auto* edit : edits) {
    CAPTURE(edit);
    const TempDir dir;
    const auto path = dir / "catalog.db";
    {
      const auto db = Database::open(path, OpenMode::kWrite).value();
      db->execute(edit);
    }
    const auto before = contents(path);
    for (const auto mode : {OpenMode::kWrite, OpenMode::kRead}) {
      const auto refused = Database::open(path, mode);
      REQUIRE(!refused.ok());
      CHECK(refused.error().code == ErrorCode::kDamaged);
      CHECK(refused.error().message.find("was altered") != std::string::npos);
    }
    CHECK(contents(path) == before);
  }
}

TEST_CASE("snapshot: an existing file is never overwritten, and a failed copy leaves nothing") {
  const TempDir dir;
  const auto db = Database::open(dir / "catalog.db", OpenMode::kWrite).value();
  std::ofstream(dir / "taken") << "mine";
  CHECK(write_snapshot(*db, dir / "taken").error().code == ErrorCode::kStorage);
  CHECK(contents(dir / "taken") == "mine");

  db->set_fault_hook([](std::string_view sql) { return sql.starts_with("VACUUM") ? SQLITE_FULL : 0; });
  CHECK(write_snapshot(*db, dir / "copy").error().code == ErrorCode::kStorage);
  CHECK(!std::filesystem::exists(dir / "copy"));
  CHECK(!std::filesystem::exists(dir / "copy.part"));
}

}  // namespace damsync
