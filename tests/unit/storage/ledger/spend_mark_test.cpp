#include "storage/ledger/spend_mark.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/catalog/catalog_writer.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/transaction.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// A catalog that may be put back to what it was.
struct MarkBench {
  MarkBench() {
    open();
    Transaction tx(*db);
    CatalogWriter writer(*db);
    writer.ensure_account("photo-desk", "getty", clock.utc());
    for (int i = 0; i < 9; ++i) {
      License license;
      license.license_id = "l-" + std::to_string(i);
      license.asset_id = std::to_string(i);
      license.raw = "{}";
      writer.upsert_license("photo-desk", license, "", clock.utc());
    }
    tx.commit();
  }
  void open() { db = std::move(*Database::open(catalog(), OpenMode::kWrite)); }
  [[nodiscard]] std::string catalog() const { return dir / "catalog.db"; }
  [[nodiscard]] std::string mark_file() const { return dir / "catalog.db.spends"; }
  void back_up() {
    fs::remove(dir / "backup.db");
    db->execute("VACUUM INTO '" + (dir / "backup.db") + "'");
  }
  void restore() {
    db.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(catalog() + suffix);
    fs::copy(dir / "backup.db", catalog());
    open();
  }
  /// One spending call, as the guard makes it.
  Status spend() {
    SpendMark mark(*db);
    if (auto fine = mark.admit(); !fine) return fine;
    clock.advance(std::chrono::minutes(1));
    SpendIntent intent;
    intent.account = "photo-desk";
    intent.asset_id = std::to_string(spent++);
    intent.license_id = "l-" + intent.asset_id;
    intent.at = clock.utc();
    SpendLedger ledger(*db);
    const auto opening = ledger.open(intent, {100, UtcTime{}});
    if (auto noted = mark.note(opening.spend_id, intent); !noted) return noted;
    ledger.close_spent(opening.spend_id, {}, "", clock.utc());
    return {};
  }
  Status check() { return SpendMark(*db).check(); }
  [[nodiscard]] std::string text() const {
    std::ifstream in(mark_file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& bytes) const { std::ofstream(mark_file()) << bytes; }

  TempDir dir;
  FakeClock clock;
  std::unique_ptr<Database> db;
  int spent = 0;
};

bool is_guard(const Status& status, const std::string& word) {
  if (status.ok() || status.error().code != ErrorCode::kGuard) return false;
  return status.error().message.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(MarkBench, "spend mark: a catalog that knows every call may be paid with, as often as it is asked") {
  CHECK(check().ok());
  CHECK_FALSE(fs::exists(mark_file()));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(spend().ok());
    db.reset();
    open();
    CHECK(check().ok());
  }
  struct stat info {};
  REQUIRE(::stat(mark_file().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  CHECK(std::distance(fs::directory_iterator(dir.path()), {}) <= 4);  // nothing half-made is left
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: a catalog from before the last call pays for nothing more") {
  REQUIRE(spend().ok());
  back_up();
  REQUIRE(spend().ok());
  restore();
  CHECK(is_guard(check(), "does not know spend 2 of 2026-"));
  CHECK(is_guard(spend(), "damsync spend acknowledge"));
  CHECK(is_guard(spend(), "damsync adopt"));
}

TEST_CASE_FIXTURE(MarkBench,
                  "spend mark: nor does one from before the first call, or one whose numbers went on alike") {
  back_up();
  REQUIRE(spend().ok());
  restore();
  CHECK(is_guard(check(), "does not know spend 1"));
  fs::remove(mark_file());
  REQUIRE(spend().ok());  // spend 1 of another history
  back_up();
  SpendIntent other;
  other.at = clock.utc() + Millis(1);
  REQUIRE(SpendMark(*db).note(1, other).ok());
  CHECK(is_guard(check(), "does not know spend 1"));
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: a catalog that once had a mark does without it only when a person says so") {
  REQUIRE(SpendMark(*db).admit().ok());
  REQUIRE(fs::exists(mark_file()));
  fs::remove(mark_file());
  CHECK(is_guard(check(), "is missing"));
  CHECK(is_guard(SpendMark(*db).admit(), "is missing"));
  REQUIRE(SpendMark(*db).acknowledge("anna", "new disk", clock.utc()).ok());
  CHECK(check().ok());
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: a damaged mark is no mark") {
  REQUIRE(spend().ok());
  const std::string whole = text();
  for (const auto& bytes : {std::string(), std::string("# only words\n"), std::string("1\n"), std::string("one 2\n"),
                            std::string("1 2 3\n"), std::string("-1 5\n"), whole.substr(0, whole.size() - 1)}) {
    put(bytes);
    CHECK_MESSAGE(is_guard(check(), "is damaged"), bytes);
  }
  fs::remove(mark_file());
  fs::create_directory(mark_file());
  CHECK(is_guard(check(), "is damaged"));
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: who vouched for a restored catalog, and why, stays in the file") {
  REQUIRE(spend().ok());
  back_up();
  REQUIRE(spend().ok());
  restore();
  REQUIRE(SpendMark(*db).acknowledge("anna", "adopted the store\n9 9", clock.utc()).ok());
  CHECK(check().ok());
  REQUIRE(spend().ok());
  CHECK(check().ok());
  CHECK(text().find("anna: newest call was 2, of this catalog 2: adopted the store") != std::string::npos);
  back_up();
  REQUIRE(spend().ok());
  restore();
  CHECK_FALSE(check().ok());
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: with a person's word the catalog learns what was paid for since its backup") {
  REQUIRE(spend().ok());
  back_up();
  REQUIRE(spend().ok());
  REQUIRE(spend().ok());
  restore();
  CHECK(SpendLedger(*db).of_asset("getty", "1").empty());
  REQUIRE(SpendMark(*db).acknowledge("anna", "looked", clock.utc()).ok());
  for (const char* asset : {"1", "2"}) {
    const auto rows = SpendLedger(*db).of_asset("getty", asset);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].license_id == std::string("l-") + asset);
    CHECK(rows[0].outcome == SpendOutcome::kSpent);
    CHECK(rows[0].detail.find("catalog.db.spends") != std::string::npos);
  }
  CHECK(check().ok());
  spent = 1;  // the same asset again
  SpendIntent again;
  again.account = "photo-desk";
  again.asset_id = "1";
  again.license_id = "l-1";
  CHECK(SpendLedger(*db).open(again, {100, UtcTime{}}).answer == SpendOpening::Answer::kClaimed);
}

TEST_CASE_FIXTURE(MarkBench, "spend mark: one of an earlier version, with times alone, goes on") {
  REQUIRE(spend().ok());
  const auto row = SpendLedger(*db).of_asset("getty", "0").at(0);
  put("# The newest call\n1 " + std::to_string(to_millis(row.at)) + "\n");
  CHECK(check().ok());
  REQUIRE(spend().ok());
  CHECK(check().ok());
  CHECK(text().find("\n2 ") != std::string::npos);
}

TEST_CASE("spend mark: a catalog in memory keeps none") {
  const auto db = Database::open({}, OpenMode::kInMemory).value();
  CHECK(SpendMark(*db).admit().ok());
  CHECK(SpendMark(*db).note(7, {}).ok());
}

}  // namespace damsync
