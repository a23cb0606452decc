#include <doctest/doctest.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdio>

#include "tests/support/temp_dir.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// What one page of a provider changes: licenses new, changed, vanished; an asset described; a file; the cursor.
void commit_page(CatalogBench& bench) {
  bench.commit([&] {
    bench.writer.upsert_license("newsroom", sample_license("l-new", "2002"), "scan-2", bench.now());
    auto changed = sample_license("l-1");
    changed.license_type = "enhanced";
    bench.writer.upsert_license("newsroom", changed, "scan-2", bench.now());
    bench.writer.set_license_vanished("newsroom", "l-2", bench.now());
    bench.writer.put_file(bench.mirrored("l-1", "newsroom/01/1001/a.jpg"));
    AssetRow described;
    described.metadata = "{}";
    described.raw = "{}";
    bench.writer.put_description("newsroom", "1001", described, bench.now());
    bench.journal.append(sample_change(EventType::kAssetUpdated));
    bench.journal.append(sample_change(EventType::kAssetStored));
    bench.writer.put_pending({"newsroom", PendingKind::kRejected, "x", 0, std::nullopt, "bad", bench.now()});
    bench.writer.add_coverage({"newsroom", "licenses", bench.now(), bench.now() + Millis(1)});
    bench.writer.put_stream({"newsroom", "licenses", "cursor-2", bench.now(), std::nullopt, ""});
  });
}

/// Every row of every table as text; ids of the feed, the hashes over them and times by the machine's clock are left
/// out, they differ from run to run.
std::string dump(Database& db) {
  std::string out;
  std::vector<std::string> tables;
  {
    Statement query(db,
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name");
    while (query.step()) tables.push_back(query.text(0));
  }
  for (const auto& table : tables) {
    std::string columns;
    Statement names(db, "SELECT group_concat('quote(\"' || name || '\")', ' || '','' || ') FROM pragma_table_info('" +
                            table + "') WHERE NOT ('" + table + "' = 'change' AND name = 'id') AND NOT ('" + table +
                            "' = 'audit_log' AND name IN ('detail', 'digest', 'hash')) AND name <> 'until_at'");
    names.step();
    Statement rows(db, "SELECT " + names.text(0) + " FROM " + table + " ORDER BY 1");
    while (rows.step()) out += table + ": " + rows.text(0) + "\n";
  }
  return out;
}

void prepare(CatalogBench& bench) {
  bench.upsert(sample_license("l-1"), "scan-1");
  bench.upsert(sample_license("l-2", "3003"), "scan-1");
}

}  // namespace

TEST_CASE("D7 page: a database call that fails leaves the catalog as before the page or as after it") {
  std::string after;
  {
    CatalogBench bench;
    prepare(bench);
    commit_page(bench);
    after = dump(*bench.db);
  }
  int fired = 0;
  for (const int fault : {SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM}) {
    for (int fail_at = 1;; ++fail_at) {
      CatalogBench bench;
      prepare(bench);
      const auto before = dump(*bench.db);
      int calls = 0;
      bench.db->set_fault_hook([&](std::string_view) { return ++calls == fail_at ? fault : 0; });
      bool failed = false;
      try {
        commit_page(bench);
      } catch (const DatabaseError&) {
        failed = true;
      }
      bench.db->set_fault_hook(nullptr);
      CHECK(!bench.db->in_transaction());
      CHECK(dump(*bench.db) == (failed ? before : after));
      if (calls < fail_at) break;
      REQUIRE(failed);
      ++fired;
      commit_page(bench);
      CHECK(dump(*bench.db) == after);
    }
  }
  CHECK(fired > 90);
}

TEST_CASE("D7 page: a real full disk rolls the page back, and it goes on when there is room again") {
  const TempDir dir;
  CatalogBench bench(Database::open(dir / "catalog.db", OpenMode::kWrite));
  prepare(bench);
  const auto before = dump(*bench.db);
  bench.db->execute("PRAGMA max_page_count = 40");
  auto big = sample_license("l-big", "5005");
  for (int i = 0; i < 20000; ++i) big.raw += std::to_string(i * 7919 % 10007);

  CHECK_THROWS_AS(bench.upsert(big), DatabaseError);

  CHECK(dump(*bench.db) == before);
  bench.db->execute("PRAGMA max_page_count = 100000");
  CHECK(bench.upsert(big) == Upsert::kNew);
  CHECK(bench.catalog.find_license("newsroom", "l-big")->raw == big.raw);
}

TEST_CASE("speed: pages of licenses (printed, not asserted)") {
  const TempDir dir;
  CatalogBench bench(Database::open(dir / "catalog.db", OpenMode::kWrite));
  constexpr int kRows = 2000;
  constexpr int kPage = 500;
  const auto pass = [&](const char* what) {
    const auto start = std::chrono::steady_clock::now();
    for (int page = 0; page < kRows; page += kPage)
      bench.commit([&] {
        for (int i = page; i < page + kPage; ++i)
          bench.writer.upsert_license("newsroom",
                                      sample_license("l-" + std::to_string(100000 + i), std::to_string(500000 + i)),
                                      "scan", bench.now());
      });
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    std::printf("catalog: %s licenses %.0f rows/s\n", what, kRows / taken.count());
  };
  pass("new");
  pass("unchanged");
  CHECK(bench.catalog.counts("newsroom").licenses_held == kRows);
}

}  // namespace damsync
