#include "storage/catalog/stray_book.h"

#include <doctest/doctest.h>

#include "storage/catalog/audit_reader.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {

TEST_CASE("stray book: a file is listed from when it was first seen until it is gone") {
  CatalogBench bench;
  StrayBook book(*bench.db);
  const auto compare = [&](const std::vector<std::string>& there) {
    bench.commit([&] {
      book.begin(bench.now());
      for (const auto& path : there) book.saw(path, 5);
      book.finish();
    });
  };
  const auto at = [&](UtcTime time) {
    std::vector<std::string> paths;
    book.list(time, [&](const StrayFile& file) { return paths.push_back(file.path), true; });
    return paths;
  };
  CHECK_FALSE(book.compared_at(bench.now()));
  compare({"b.jpg", "a.jpg"});
  const auto first = bench.now();
  bench.clock.advance(std::chrono::hours(24));
  const auto second = bench.now();
  compare({"a.jpg"});

  CHECK(at(first - Millis(1)).empty());
  CHECK(at(first) == std::vector<std::string>{"a.jpg", "b.jpg"});
  CHECK(at(second) == std::vector<std::string>{"a.jpg"});
  CHECK(book.compared_at(second) == second);
  bench.clock.advance(std::chrono::minutes(1));
  compare({"a.jpg"});
  CHECK(book.compared_at(bench.now()) == bench.now());
  CHECK_FALSE(book.compared_at(second));
}

TEST_CASE("K1 audit reader: what a clock that was ahead recorded is not the newest record") {
  CatalogBench bench;
  const UtcTime right = bench.now();
  bench.upsert(sample_license("e1"));
  bench.commit([&] { bench.journal.append(sample_change(EventType::kAssetLicensed)); });
  bench.clock.advance(std::chrono::hours(24 * 365));
  RunSummary run;
  run.run_id = "r-1";
  run.started_at = run.finished_at = bench.now();
  StreamRow stream;
  stream.account = "newsroom";
  stream.name = "licenses";
  stream.last_ok_at = bench.now();
  bench.commit([&] {
    bench.writer.put_run(run);
    bench.writer.put_stream(stream);
    bench.journal.append(sample_change(EventType::kAssetUpdated));
  });
  CHECK(AuditReader(*bench.db, {}).newest_record(bench.now()) == bench.now());
  CHECK(AuditReader(*bench.db, {}).newest_record(right + std::chrono::hours(1)) == right);
}

TEST_CASE("stray book: what is in doubt is listed on and not begun to be listed") {
  CatalogBench bench;
  StrayBook book(*bench.db);
  const auto list = [&] {
    std::vector<std::string> paths;
    book.list(bench.now(), [&](const StrayFile& file) { return paths.push_back(file.path), true; });
    return paths;
  };
  bench.commit([&] {
    book.begin(bench.now());
    book.saw("a.jpg", 5);
    book.doubts("b.jpg");
    book.finish();
  });
  CHECK(list() == std::vector<std::string>{"a.jpg"});
  bench.clock.advance(std::chrono::hours(24));
  bench.commit([&] {
    book.begin(bench.now());
    book.doubts("a.jpg");
    book.finish();
  });
  CHECK(list() == std::vector<std::string>{"a.jpg"});
}

}  // namespace damsync
