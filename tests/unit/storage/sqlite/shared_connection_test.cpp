#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/database.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

using namespace damsync;

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 200;

void put(Database& db, const std::string& key, int value) {
  Statement(db, "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .bind_all(key, std::to_string(value))
      .run();
}

int get(Database& db, const std::string& key) {
  Statement select(db, "SELECT value FROM setting WHERE key = ?");
  select.bind(key);
  return select.step() ? std::stoi(select.text(0)) : 0;
}

}  // namespace

TEST_CASE("D8 database: another program never takes itself to be alone, whatever else this one opens and closes") {
  const TempDir dir;
  const auto db = Database::open(dir / "catalog.db", OpenMode::kWrite).value();
  put(*db, "count", 1);
  Database::open(dir / "catalog.db", OpenMode::kRead).value().reset();
  Database::open_copy(dir / "catalog.db").value().reset();

  // At its end a program that is alone removes the log.
  REQUIRE(run_program({{"sqlite3", dir / "catalog.db", "PRAGMA user_version"}, {}, {}}).exit_code == 0);

  CHECK(std::filesystem::exists(dir / "catalog.db-wal"));
  put(*db, "count", 2);
  CHECK(get(*Database::open(dir / "catalog.db", OpenMode::kRead).value(), "count") == 2);
}

TEST_CASE("database: transactions of several threads come one after the other, and each sees its own rows") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&db] {
      for (int round = 0; round < kRounds; ++round) {
        Transaction tx(*db);
        const int count = get(*db, "count");
        put(*db, "count", count + 1);
        if (round % 2 == 0) tx.commit();  // the others are rolled back
      }
    });
  threads.clear();

  CHECK(get(*db, "count") == kThreads * kRounds / 2);
  CHECK_FALSE(db->in_transaction());
}

TEST_CASE("database: a reading thread never sees the middle of another thread's transaction") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  put(*db, "left", 1);
  CHECK(get(*db, "left") == 1);  // the statement is prepared: reading takes the way through the cache
  std::future<int> read;
  {
    Transaction tx(*db);
    put(*db, "left", 2);
    read = std::async(std::launch::async, [&db] { return get(*db, "left"); });
    CHECK(read.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  }
  CHECK(read.get() == 1);
}
