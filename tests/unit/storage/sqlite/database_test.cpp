#include "storage/sqlite/database.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>

#include "storage/sqlite/disk_full.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"
#include "tests/support/failing_call.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string value_of(Database& db, std::string_view sql) {
  Statement query(db, sql);
  return query.step() ? query.text(0) : "";
}

void put(Database& db, const std::string& key, const std::string& value) {
  Transaction transaction(db);
  Statement(db, "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .bind_all(key, value)
      .run();
  transaction.commit();
}

std::unique_ptr<Database> writer(const std::string& path) { return Database::open(path, OpenMode::kWrite).value(); }

/// A connection of another program, without any of our rules.
class Foreign {
 public:
  explicit Foreign(const std::string& path) { sqlite3_open(path.c_str(), &db_); }
  ~Foreign() { sqlite3_close(db_); }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;
  void run(const char* sql) { REQUIRE(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace

TEST_CASE("database: the writing connection has the pragmas the promises need") {
  const TempDir dir;
  const auto db = writer(dir / "catalog.db");

  CHECK(value_of(*db, "PRAGMA journal_mode") == "wal");
  CHECK(value_of(*db, "PRAGMA synchronous") == "2");
  CHECK(value_of(*db, "PRAGMA mmap_size") != "1");
  CHECK(value_of(*db, "PRAGMA trusted_schema") == "0");
  CHECK(value_of(*db, "PRAGMA foreign_keys") == "1");
  CHECK(value_of(*db, "PRAGMA cell_size_check") == "1");
  CHECK(value_of(*db, "PRAGMA busy_timeout") == "30000");
  CHECK(value_of(*db, "PRAGMA application_id") == std::to_string(0x64616d73));
  int defensive = 0;
  sqlite3_db_config(db->handle(), SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
  CHECK(defensive == 1);
}

TEST_CASE("X9 database: the catalog and its log are 0640 whatever the umask") {
  const TempDir dir;
  const auto mask = ::umask(0);
  const auto db = writer(dir / "catalog.db");
  put(*db, "a", "b");
  ::umask(mask);

  for (const auto* name : {"catalog.db", "catalog.db-wal", "catalog.db-shm"}) {
    struct stat info {};
    REQUIRE(::stat((dir / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
  }
}

TEST_CASE("database: a reader without a catalog is told what to do") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto missing = Database::open(path, OpenMode::kRead);
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == ErrorCode::kStorage);
  CHECK(missing.error().message == "no catalog yet at " + path + ": run `damsync sync` first");
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("database: names with URI characters are taken as they are") {
  const TempDir dir;
  const auto path = dir / "a%20b?mode=memory#c d.db";
  put(*writer(path), "a", "b");
  CHECK(std::filesystem::file_size(path) > 0);
  CHECK(value_of(**Database::open(path, OpenMode::kRead), "SELECT value FROM setting") == "b");
}

TEST_CASE("G7 database: readers see committed rows while the writer works, never block it and never checkpoint") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto db = writer(path);
  put(*db, "a", "1");
  const auto main_file = contents(path);
  Transaction open(*db);
  Statement(*db, "UPDATE setting SET value = '2'").run();

  for (int i = 0; i < 3; ++i) {
    const auto reader = Database::open(path, OpenMode::kRead);
    REQUIRE(reader.ok());
    CHECK(value_of(**reader, "SELECT value FROM setting") == "1");
    CHECK_THROWS_AS((*reader)->execute("DELETE FROM setting"), DatabaseError);
  }

  open.commit();
  CHECK(contents(path) == main_file);
  CHECK(std::filesystem::file_size(path + "-wal") > 0);
}

TEST_CASE("database: the last reader leaves the log of a killed writer for the next writer") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto copy = dir / "killed.db";
  {
    const auto db = writer(path);
    put(*db, "a", "1");
    std::filesystem::copy_file(path, copy);
    std::filesystem::copy_file(path + "-wal", copy + "-wal");
  }
  const auto main_file = contents(copy);
  const auto log = contents(copy + "-wal");

  CHECK(value_of(**Database::open(copy, OpenMode::kRead), "SELECT value FROM setting") == "1");

  CHECK(contents(copy) == main_file);
  CHECK(contents(copy + "-wal") == log);
  CHECK(value_of(*writer(copy), "SELECT value FROM setting") == "1");
}

TEST_CASE("database: an in-memory copy leaves no trace beside the catalog, and changes stay in it") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  put(*writer(path), "a", "1");
  const auto before = contents(path);

  const auto copy = Database::open_copy(path);
  REQUIRE(copy.ok());
  CHECK(value_of(**copy, "SELECT value FROM setting") == "1");
  put(**copy, "a", "2");

  CHECK(contents(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
  REQUIRE(Database::open_copy(dir / "none.db").ok());
  CHECK(!std::filesystem::exists(dir / "none.db"));
}

TEST_CASE("database: an in-memory copy holds what a working writer has committed") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto db = writer(path);
  put(*db, "a", "1");
  CHECK(value_of(**Database::open_copy(path), "SELECT value FROM setting") == "1");
}

TEST_CASE("database: a catalog whose making was cut short is made anew") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  overwrite(path + ".new", "half");
  overwrite(path + ".new-journal", "half");

  const auto db = Database::open(path, OpenMode::kWrite);

  REQUIRE(db.ok());
  CHECK(!std::filesystem::exists(path + ".new"));
  CHECK(!std::filesystem::exists(path + ".new-journal"));
}

TEST_CASE("D1 database: a lock of another program is waited for, then reported as locked") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto db = writer(path);
  Foreign foreign(path);
  foreign.run("BEGIN IMMEDIATE");
  db->set_lock_timeout(Millis(20));
  try {
    Transaction transaction(*db);
    FAIL("the lock was not seen");
  } catch (const DatabaseError& error) {
    CHECK(error.code() == ErrorCode::kLocked);
  }
  foreign.run("COMMIT");
  put(*db, "a", "b");
}

TEST_CASE("D2 database: what is not a whole catalog is refused as damaged and left as it is") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  {
    const auto db = writer(path);
    Transaction transaction(*db);
    for (int i = 0; i < 400; ++i)
      Statement(*db, "INSERT INTO setting VALUES (?, ?)").bind_all(std::to_string(i), std::string(200, 'x')).run();
    transaction.commit();
  }
  const auto whole = contents(path);
  const auto with = [&](std::size_t at, const std::string& bytes) {
    auto copy = whole;
    copy.replace(at, bytes.size(), bytes);
    return copy;
  };
  const std::pair<std::string, std::string> cases[] = {
      {"zero length", ""},
      {"shorter than a header", whole.substr(0, 10)},
      {"not SQLite", "this is a text file, and quite a long one at that"},
      {"header", with(0, "XXXX")},
      {"page size", with(16, std::string(2, '\x33'))},
      {"cut in the middle", whole.substr(0, whole.size() / 2)},
      {"a page of zeros", with(whole.size() - 4096, std::string(4096, '\0'))},
      {"the schema page", with(100, std::string(600, '\xff'))},
  };
  for (const auto& [name, bytes] : cases) {
    CAPTURE(name);
    const auto broken = dir / "broken.db";
    overwrite(broken, bytes);
    const auto opened = Database::open(broken, OpenMode::kWrite);
    REQUIRE(!opened.ok());
    CHECK(opened.error().code == ErrorCode::kDamaged);
    CHECK(opened.error().message.find(broken) != std::string::npos);
    CHECK(contents(broken) == bytes);
  }
  std::filesystem::create_directory(dir / "folder.db");
  CHECK(Database::open(dir / "folder.db", OpenMode::kWrite).error().code == ErrorCode::kDamaged);
  CHECK(Database::open(dir / "folder.db", OpenMode::kRead).error().code == ErrorCode::kDamaged);
}

TEST_CASE("D3 database: a folder or a file that cannot be written is a storage error") {
  const TempDir dir;
  CHECK(Database::open(dir / "no/such/folder/catalog.db", OpenMode::kWrite).error().code == ErrorCode::kStorage);
  CHECK(Database::open("/proc/catalog.db", OpenMode::kWrite).error().code == ErrorCode::kStorage);
}

TEST_CASE("D4 database: a database of another program is refused and left as it is") {
  const TempDir dir;
  const auto path = dir / "other.db";
  {
    Foreign other(path);
    other.run("PRAGMA application_id = 7; CREATE TABLE t (a)");
  }
  const auto before = contents(path);
  const auto opened = Database::open(path, OpenMode::kWrite);
  REQUIRE(!opened.ok());
  CHECK(opened.error().code == ErrorCode::kDamaged);
  CHECK(opened.error().message.find("another program") != std::string::npos);
  CHECK(contents(path) == before);
}

TEST_CASE("D5 database: a log without its catalog is never taken for the log of a new one") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto db = writer(path);
  put(*db, "a", "1");
  const auto lost = dir / "lost.db";
  std::filesystem::copy_file(path + "-wal", lost + "-wal");

  const auto opened = Database::open(lost, OpenMode::kWrite);

  REQUIRE(!opened.ok());
  CHECK(opened.error().code == ErrorCode::kDamaged);
  CHECK(!std::filesystem::exists(lost));
}

TEST_CASE("D6 database: the schema of the file is not trusted and its inner tables cannot be written") {
  const TempDir dir;
  const auto db = writer(dir / "catalog.db");
  CHECK_THROWS_AS(db->execute("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema"), DatabaseError);
}

TEST_CASE("D7 database: each failure of SQLite has the code a caller decides by") {
  const std::pair<int, ErrorCode> cases[] = {
      {SQLITE_BUSY, ErrorCode::kLocked},      {SQLITE_LOCKED, ErrorCode::kLocked},
      {SQLITE_FULL, ErrorCode::kStorage},     {SQLITE_IOERR_FSYNC, ErrorCode::kStorage},
      {SQLITE_READONLY, ErrorCode::kStorage}, {SQLITE_CANTOPEN, ErrorCode::kStorage},
      {SQLITE_CORRUPT, ErrorCode::kDamaged},  {SQLITE_NOTADB, ErrorCode::kDamaged},
      {SQLITE_NOMEM, ErrorCode::kInternal},   {SQLITE_CONSTRAINT, ErrorCode::kInternal},
  };
  for (const auto& [fault, code] : cases) {
    const auto db = Database::open({}, OpenMode::kInMemory).value();
    db->set_fault_hook([fault = fault](std::string_view sql) { return sql == "COMMIT" ? fault : 0; });
    try {
      put(*db, "a", "b");
      FAIL("the fault was not seen");
    } catch (const DatabaseError& error) {
      CHECK(error.code() == code);
      CHECK(error.sqlite_code() == fault);
    }
    CHECK(!db->in_transaction());
    db->set_fault_hook(nullptr);
    CHECK(value_of(*db, "SELECT value FROM setting").empty());
  }
}

TEST_CASE("D8 database: a catalog that was deleted, renamed or replaced under a writer is noticed") {
  const TempDir dir;
  const auto path = dir / "catalog.db";
  const auto db = writer(path);
  CHECK(db->still_in_place().ok());

  std::filesystem::rename(path, dir / "elsewhere.db");
  CHECK(db->still_in_place().error().code == ErrorCode::kStorage);
  overwrite(path, "something else");
  CHECK(db->still_in_place().error().code == ErrorCode::kStorage);
  std::filesystem::rename(dir / "elsewhere.db", path);
  CHECK(db->still_in_place().ok());
}

TEST_CASE("transaction: what was not committed is gone") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  {
    Transaction transaction(*db);
    Statement(*db, "INSERT INTO setting VALUES ('a', 'b')").run();
  }
  CHECK(!db->in_transaction());
  CHECK(value_of(*db, "SELECT count(*) FROM setting") == "0");
}

TEST_CASE("statement: one text may run inside itself") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  put(*db, "a", "1");
  put(*db, "b", "2");
  std::string seen;
  Statement outer(*db, "SELECT value FROM setting ORDER BY key");
  while (outer.step()) {
    Statement inner(*db, "SELECT value FROM setting ORDER BY key");
    while (inner.step()) seen += outer.text(0) + inner.text(0) + " ";
  }
  CHECK(seen == "11 12 21 22 ");
}

TEST_CASE("statement: values come back as they were bound, absent ones as absent") {
  const auto db = Database::open_blank().value();
  Statement query(*db, "SELECT ?, ?, ?, ?, ?");
  const std::string with_nul("a\0b", 3);
  query.bind_all(with_nul, std::optional<std::int64_t>(), std::optional<bool>(false), "", Statement::Blob{with_nul});
  REQUIRE(query.step());
  CHECK(query.text(0) == with_nul);
  CHECK(!query.opt_int64(1));
  CHECK(query.opt_bool(2) == false);
  CHECK(query.opt_text(3) == "");
  CHECK(query.blob(4) == with_nul);
}

TEST_CASE("X2 database: a quota that is used up, or a file that may not grow, is a full disk, an I/O error is none") {
  struct Row {
    int error;
    bool full;
  };
  for (const Row& row : {Row{EDQUOT, true}, Row{EFBIG, true}, Row{ENOSPC, true}, Row{EIO, false}}) {
    const TempDir dir;
    const auto db = writer(dir / "catalog.db");
    std::optional<DatabaseError> failure;
    const bool possible = with_failing_call(SYS_pwrite64, static_cast<unsigned>(row.error), [&] {
      try {
        put(*db, "key", "value");
      } catch (const DatabaseError& error) {
        failure = error;
      }
    });
    if (!possible) {
      MESSAGE("skipped: this kernel takes no rules about calls");
      return;
    }
    REQUIRE(failure);
    INFO(std::string(failure->what()));
    CHECK(failure->code() == ErrorCode::kStorage);
    CHECK(is_disk_full(*failure) == row.full);
    CHECK((std::string(failure->what()).find("the disk is full") != std::string::npos) == row.full);
    put(*db, "key", "value");
    CHECK(value_of(*db, "SELECT value FROM setting WHERE key = 'key'") == "value");
  }
}

}  // namespace damsync
