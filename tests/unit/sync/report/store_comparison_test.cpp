#include "sync/report/store_comparison.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "storage/base/digest.h"
#include "tests/support/store_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// One license whose file is in the store.
struct ComparisonBench : CatalogBench, StoreBench {
  ComparisonBench() {
    upsert(sample_license("e1"));
    REQUIRE(publish_bytes(store, kPath, kBytes).ok());
    auto file = mirrored("e1", kPath);
    file.bytes = static_cast<std::int64_t>(std::string_view(kBytes).size());
    file.sha256 = sha256_hex(kBytes);
    commit([&] { writer.put_file(file); });
  }
  void put(const std::string& bytes) const { std::ofstream(root + "/" + kPath, std::ios::binary) << bytes; }
  void remove() const { std::filesystem::remove(root + "/" + kPath); }
  FileState compare() {
    CHECK(StoreComparison({*db, catalog, writer, store, clock}).run({}).ok());
    return CatalogBench::file("e1").state;
  }
  static constexpr const char* kPath = "newsroom/10/1001/a.jpg";
  static constexpr const char* kBytes = "the bytes that were received";
};

}  // namespace

TEST_CASE("store comparison: a file that is gone is missing, and as it was when it is put back") {
  ComparisonBench bench;
  CHECK(bench.compare() == FileState::kMirrored);
  bench.remove();
  CHECK(bench.compare() == FileState::kMissing);
  bench.put("something of another kind");
  CHECK(bench.compare() == FileState::kCorrupt);
  bench.put(ComparisonBench::kBytes);
  CHECK(bench.compare() == FileState::kMirrored);
}

TEST_CASE("store comparison: a file of another size is not the one that was received") {
  ComparisonBench bench;
  bench.put("the bytes");
  CHECK(bench.compare() == FileState::kCorrupt);
  bench.remove();
  CHECK(bench.compare() == FileState::kMissing);
}

}  // namespace damsync
